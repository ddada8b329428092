"""Precision and scale of results, as Snowflake's page "Arithmetic operators" gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_DIGITS = 38
LEAST_SCALE_CAP = 12
MORE_DIGITS_OF_RATIO = 6
MORE_DIGITS_OF_MEDIAN = 3
INTEGER_DIGITS = {
    "TINYINT": 3,
    "SMALLINT": 5,
    "INTEGER": 10,
    "BIGINT": 19,
    "UTINYINT": 3,
    "USMALLINT": 5,
    "UINTEGER": 10,
    "UBIGINT": 20,
    "HUGEINT": 38,
    "UHUGEINT": 38,
    "INTEGER_LITERAL": 10,
}


@dataclass(frozen=True)
class Number:
    """NUMBER(precision, scale)."""

    precision: int
    scale: int

    @classmethod
    def of(cls, kind: dict[str, Any]) -> Number | None:
        """The exact type that one of the engine's stands for; None where it is another or a double.

        Args:
            kind: the type as the engine's serialised plan has it: its id, a decimal with width and scale.
        """
        if kind["id"] == "DECIMAL":
            return cls(kind["type_info"]["width"], kind["type_info"]["scale"])
        digits = INTEGER_DIGITS.get(kind["id"])
        return cls(digits, 0) if digits else None

    @property
    def leading(self) -> int:
        """Digits before the point."""
        return self.precision - self.scale


def product(left: Number, right: Number) -> Number:
    """The type of `left * right`."""
    scale = min(left.scale + right.scale, max(left.scale, right.scale, LEAST_SCALE_CAP))
    return Number(min(MOST_DIGITS, left.leading + right.leading + scale), scale)


def ratio(left: Number, right: Number) -> Number:
    """The type of `left / right`."""
    scale = max(left.scale, min(left.scale + MORE_DIGITS_OF_RATIO, LEAST_SCALE_CAP))
    return Number(min(MOST_DIGITS, left.leading + right.scale + scale), scale)


def average(number: Number) -> Number:
    """The type of AVG, which is a sum of 38 digits divided by a count."""
    return Number(MOST_DIGITS, ratio(number, Number(MOST_DIGITS, 0)).scale)


def median(number: Number) -> Number:
    """The type of MEDIAN, which may lie between two values."""
    scale = min(number.scale + MORE_DIGITS_OF_MEDIAN, MOST_DIGITS)
    return Number(min(MOST_DIGITS, number.precision + MORE_DIGITS_OF_MEDIAN), scale)
