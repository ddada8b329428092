"""The value of a sql_variant: its base type, and a text that keeps every digit and byte of the value.

Numbers are printed, bytes are hexadecimal digits, GUIDs and texts are themselves, moments are ticks on their
own clock (a time lies on 1900-01-01), a datetimeoffset its ticks in UTC, a blank and its offset in minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.sqlserver import ticks
from sandbox.sqlserver.results import SqlType

TIME_DAY = ticks.of_day(1900)
"""The day that a time lies on."""
BINARIES = {"binary", "varbinary"}
OFFERED = {
    *("bit", "tinyint", "smallint", "int", "bigint", "decimal", "numeric", "money", "smallmoney"),
    *("float", "real", "date", "time", "smalldatetime", "datetime", "datetime2", "datetimeoffset"),
    *("char", "varchar", "nchar", "nvarchar", "binary", "varbinary", "uniqueidentifier"),
}
"""The base types [Microsoft: "sql_variant (Transact-SQL)"]; none of them as (max)."""


@dataclass(frozen=True)
class Variant:
    """A sql_variant that is not NULL."""

    base: SqlType
    text: str

    def fields(self) -> dict[str, Any]:
        """As `results.VARIANT` has it."""
        base = self.base
        return {
            "name": base.name,
            "length": base.length,
            "precision": base.precision,
            "scale": base.scale,
            "text": self.text,
        }

    @staticmethod
    def of_fields(fields: dict[str, Any]) -> Variant:
        """The opposite of `fields`."""
        return Variant(
            SqlType(fields["name"], fields["length"], fields["precision"], fields["scale"]), fields["text"]
        )


def may_hold(base: SqlType) -> bool:
    """Whether a sql_variant takes values of the type."""
    return base.name in OFFERED and base.length >= 0


def variant_of(value: Any, base: SqlType) -> Variant:
    """A value as `results.Parameter` lists them."""
    return Variant(base, _text(value, base))


def _text(value: Any, base: SqlType) -> str:
    if base.name == "bit":
        return "1" if value else "0"
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if base.name == "datetimeoffset":
        utc, minutes = ticks.from_offset_text(value)
        return f"{utc} {minutes}"
    if base.name == "time":
        return str(ticks.from_text(value) + TIME_DAY)
    if base.name in ("smalldatetime", "datetime", "datetime2", "date"):
        return str(_ticks_of(value))
    return repr(value) if isinstance(value, float) else str(value)


def _ticks_of(value: Any) -> int:
    if isinstance(value, datetime):
        return ticks.from_text(value.isoformat(sep=" "))
    if isinstance(value, date):
        return (value.toordinal() - 1) * ticks.DAY
    return ticks.from_text(value)
