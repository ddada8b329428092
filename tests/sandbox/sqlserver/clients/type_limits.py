"""The limits of SQL Server's types, written down from Microsoft's documentation.

It lies under learn.microsoft.com/sql/t-sql/data-types/; each type names its page there.
A value is what a driver must give and take: int, float, Decimal, str, bytes, date, UUID; times and moments
as text the way SQL Server prints them, because no Python type holds 100 ns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class TypeLimits:
    """A declared type, the values at its limits, and the page of the documentation that names them."""

    declared: str
    values: tuple[Any, ...]
    page: str

    @property
    def name(self) -> str:
        """The type without its length."""
        return self.declared.partition("(")[0]


def literal(value: Any) -> str:
    """A value as a T-SQL literal."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, float):
        return f"{value!r}e0" if "e" not in repr(value) else repr(value)
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    escaped = str(value).replace("'", "''")
    return f"N'{escaped}'"


_NINES, _LONG = 10**38 - 1, 100_000
_INTEGERS = "int-bigint-smallint-and-tinyint-transact-sql"
_DECIMALS = "decimal-and-numeric-transact-sql"
_MONEY = "money-and-smallmoney-transact-sql"
_FLOATS = "float-and-real-transact-sql"
_CHARS = "char-and-varchar-transact-sql"
_NCHARS = "nchar-and-nvarchar-transact-sql"
_BINARIES = "binary-and-varbinary-transact-sql"
_DATETIME2 = "datetime2-transact-sql"
_OFFSET = "datetimeoffset-transact-sql"
_TEXTS = "ntext-text-and-image-transact-sql"

LIMITS = [
    TypeLimits("bit", (False, True), "bit-transact-sql"),
    TypeLimits("tinyint", (0, 255), _INTEGERS),
    TypeLimits("smallint", (-(2**15), 2**15 - 1), _INTEGERS),
    TypeLimits("int", (-(2**31), 2**31 - 1), _INTEGERS),
    TypeLimits("bigint", (-(2**63), 2**63 - 1), _INTEGERS),
    TypeLimits("decimal(38,0)", (Decimal(-_NINES), Decimal(0), Decimal(_NINES)), _DECIMALS),
    TypeLimits("decimal(38,38)", (Decimal(f"-0.{_NINES}"), Decimal("0." + "0" * 37 + "1")), _DECIMALS),
    TypeLimits("numeric(18,4)", (Decimal("-99999999999999.9999"), Decimal("0.0001")), _DECIMALS),
    TypeLimits("money", (Decimal("-922337203685477.5808"), Decimal("922337203685477.5807")), _MONEY),
    TypeLimits("smallmoney", (Decimal("-214748.3648"), Decimal("214748.3647")), _MONEY),
    TypeLimits("float", (-1.79e308, -2.23e-308, 0.0, 2.23e-308, 1.79e308), _FLOATS),
    TypeLimits("real", (-(2.0**127), -(2.0**-126), 0.0, 0.5, 3.4028234663852886e38), _FLOATS),
    TypeLimits("date", (date.min, date.max), "date-transact-sql"),
    TypeLimits("time(0)", ("00:00:00", "23:59:59"), "time-transact-sql"),
    TypeLimits("time(7)", ("00:00:00.0000000", "23:59:59.9999999"), "time-transact-sql"),
    TypeLimits("smalldatetime", ("1900-01-01 00:00:00", "2079-06-06 23:59:00"), "smalldatetime-transact-sql"),
    TypeLimits("datetime", ("1753-01-01 00:00:00.000", "9999-12-31 23:59:59.997"), "datetime-transact-sql"),
    TypeLimits("datetime2(0)", ("0001-01-01 00:00:00", "9999-12-31 23:59:59"), _DATETIME2),
    TypeLimits("datetime2(6)", ("0001-01-01 00:00:00.000000", "9999-12-31 23:59:59.999999"), _DATETIME2),
    TypeLimits(
        "datetime2(7)",
        ("0001-01-01 00:00:00.0000000", "9999-12-31 23:59:59.9999999", "2262-04-12 00:00:00.0000001"),
        _DATETIME2,
    ),
    TypeLimits("datetimeoffset(0)", ("0001-01-01 00:00:00 +00:00", "9999-12-31 23:59:59 +00:00"), _OFFSET),
    TypeLimits(
        "datetimeoffset(7)",
        (
            "0001-01-01 00:00:00.0000000 -14:00",
            "9999-12-31 23:59:59.9999999 +14:00",
            "2024-02-29 23:59:59.1234567 +05:30",
        ),
        _OFFSET,
    ),
    TypeLimits("char(8000)", ("c" * 8000,), _CHARS),
    TypeLimits("varchar(8000)", ("", "ÿ€" * 4000), _CHARS),
    TypeLimits("varchar(max)", ("", "v" * _LONG), _CHARS),
    TypeLimits("nchar(4000)", ("ł" * 4000,), _NCHARS),
    TypeLimits("nvarchar(4000)", ("", "𝄞ł" * 1333), _NCHARS),
    TypeLimits("nvarchar(max)", ("", "𝄞ł€" * (_LONG // 4)), _NCHARS),
    TypeLimits("binary(8000)", (b"\x00" * 7999 + b"\xff",), _BINARIES),
    TypeLimits("varbinary(8000)", (b"", b"\xff" * 8000), _BINARIES),
    TypeLimits("varbinary(max)", (b"", bytes(range(256)) * (_LONG // 256)), _BINARIES),
    TypeLimits("rowversion", (bytes(8), b"\xff" * 8), "rowversion-transact-sql"),
    TypeLimits(
        "uniqueidentifier",
        (UUID(int=0), UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF"), UUID(int=2**128 - 1)),
        "uniqueidentifier-transact-sql",
    ),
    TypeLimits("xml", ('<a b="1">ł𝄞</a>',), "../xml/xml-transact-sql"),
    TypeLimits("text", ("", "ÿ€" * 5000), _TEXTS),
    TypeLimits("ntext", ("", "𝄞ł" * 5000), _TEXTS),
    TypeLimits("image", (b"", b"\x00\xff" * 5000), _TEXTS),
]
