"""Snowflake's column types: whether one holds all values of another, and what it can be widened to."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_TEXT = 16_777_216
"""Characters of a VARCHAR without a length (Snowflake, "String & binary data types")."""

MOST_DIGITS = 9
"""Fractional digits of a time or timestamp without a precision."""


@dataclass(frozen=True)
class RawType:
    """A column's type. `size` is a text's length, a number's precision, or a time's fractional digits."""

    family: str
    size: int = 0
    scale: int = 0

    @classmethod
    def parse(cls, declaration: str) -> RawType:
        """The type of a declaration: `NUMBER(10,0)`, `VARCHAR`, `TIMESTAMP_NTZ(7)`."""
        match = re.fullmatch(r"(\w+)(?:\((\d+)(?:,(\d+))?\))?", declaration)
        if match is None:
            raise ValueError(f"{declaration!r} is no column type")
        family, size, scale = match.groups()
        default = LONGEST_TEXT if family == "VARCHAR" else MOST_DIGITS if _is_time(family) else 0
        return cls(family, default if size is None else int(size), int(scale or 0))

    @classmethod
    def of_catalog(
        cls, family: str, length: int | None, precision: int | None, scale: int | None, digits: int | None
    ) -> RawType:
        """The type as INFORMATION_SCHEMA.COLUMNS has it."""
        if family == "TEXT":
            return cls("VARCHAR", LONGEST_TEXT if length is None else int(length))
        if family == "NUMBER":
            return cls(family, int(precision or 0), int(scale or 0))
        return (
            cls(family, MOST_DIGITS if digits is None else int(digits)) if _is_time(family) else cls(family)
        )

    @property
    def declaration(self) -> str:
        """The type as DDL has it."""
        if self.family == "VARCHAR":
            return f"VARCHAR({self.size})" if self.size < LONGEST_TEXT else "VARCHAR"
        if self.family == "NUMBER":
            return f"NUMBER({self.size},{self.scale})"
        return f"{self.family}({self.size})" if _is_time(self.family) else self.family

    def holds(self, other: RawType) -> bool:
        """Whether every value of another type is exact in this one."""
        if self.family != other.family or self.scale < other.scale:
            return False
        return self.size - self.scale >= other.size - other.scale

    def widened_to(self, other: RawType) -> RawType | None:
        """The type that holds both, where ALTER COLUMN … SET DATA TYPE can make it of this one.

        Snowflake lengthens texts and gives numbers more digits before the point; nothing else (its
        "ALTER TABLE … ALTER COLUMN").
        """
        if self.family != other.family or self.scale != other.scale:
            return None
        if self.family not in {"VARCHAR", "NUMBER"}:
            return None
        return RawType(self.family, max(self.size, other.size), self.scale)


def _is_time(family: str) -> bool:
    return family.startswith("TIME")
