"""ROW tokens written value by value, straight from [MS-TDS]: slow, plain, apart from the server's code."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from uuid import UUID

from sandbox.sqlserver.results import Column, SqlType

SIZES = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}
ALWAYS_FIXED = {*SIZES, "bit", "real", "float", "money", "smallmoney", "smalldatetime", "datetime"}
CODE_PAGE_TEXT = {"char", "varchar", "text"}
UNICODE_TEXT = {"nchar", "nvarchar", "ntext", "xml"}
BINARY = {"binary", "varbinary", "image", "rowversion"}
TEXT_POINTER = {"text", "ntext", "image"}


def row(columns: Sequence[Column], values: Sequence[Any], *, null_bitmap: bool) -> bytes:
    """One ROW or NBCROW token."""
    if not null_bitmap:
        return b"\xd1" + b"".join(framed(c, v) for c, v in zip(columns, values, strict=True))
    bitmap = bytearray((len(columns) + 7) // 8)
    for index, value in enumerate(values):
        if value is None:
            bitmap[index // 8] |= 1 << index % 8
    present = [framed(c, v) for c, v in zip(columns, values, strict=True) if v is not None]
    return b"\xd2" + bytes(bitmap) + b"".join(present)


def framed(column: Column, value: Any) -> bytes:
    """A value with its length, or a NULL."""
    name, length = column.type.name, column.type.length
    body = None if value is None else plain(column.type, value)
    if name in TEXT_POINTER:
        return (
            b"\0"
            if body is None
            else b"\x10" + b"stand-in pointertimestmp" + struct.pack("<i", len(body)) + body
        )
    if name == "xml" or (name in CODE_PAGE_TEXT | UNICODE_TEXT | BINARY and length == -1):
        if body is None:
            return b"\xff" * 8
        chunk = struct.pack("<I", len(body)) + body if body else b""
        return struct.pack("<Q", len(body)) + chunk + bytes(4)
    if name in CODE_PAGE_TEXT | UNICODE_TEXT | BINARY:
        return b"\xff\xff" if body is None else struct.pack("<H", len(body)) + body
    if name in ALWAYS_FIXED and not column.nullable:
        assert body is not None
        return body
    return b"\0" if body is None else struct.pack("<B", len(body)) + body


def plain(sql_type: SqlType, value: Any) -> bytes:  # noqa: C901 - one case a type
    """A value without its length."""
    name, scale = sql_type.name, sql_type.scale
    if name in SIZES:
        return int(value).to_bytes(SIZES[name], "little", signed=name != "tinyint")
    if name == "bit":
        return b"\1" if value else b"\0"
    if name in ("real", "float"):
        return struct.pack("<f" if name == "real" else "<d", value)
    if name in ("decimal", "numeric"):
        p = sql_type.precision
        size = 4 if p < 10 else 8 if p < 20 else 12 if p < 29 else 16
        digits = int("".join(map(str, value.as_tuple().digits)))
        return (b"\0" if value < 0 else b"\1") + digits.to_bytes(size, "little")
    if name in ("money", "smallmoney"):
        number = int(Decimal(value).scaleb(4))
        if name == "smallmoney":
            return struct.pack("<i", number)
        return struct.pack("<iI", number >> 32, number & 0xFFFFFFFF)
    if name in CODE_PAGE_TEXT:
        return value.encode("cp1252", "replace")
    if name in UNICODE_TEXT:
        return value.encode("utf-16-le")
    if name in BINARY:
        return value
    if name == "uniqueidentifier":
        return UUID(value).bytes_le
    if name == "date":
        return days(value)
    if name == "time":
        return ticks(value // 100, scale)
    if name in ("smalldatetime", "datetime"):
        return since_1900(value, small=name == "smalldatetime")
    if name == "datetime2":
        return datetime2(value, scale)
    return datetimeoffset(value, scale)


def ticks(count: int, scale: int) -> bytes:
    size = 3 if scale < 3 else 4 if scale < 5 else 5
    return (count // 10 ** (7 - scale)).to_bytes(size, "little")


def days(day: date) -> bytes:
    return (day.toordinal() - 1).to_bytes(3, "little")


def since_1900(moment: datetime, *, small: bool) -> bytes:
    passed = moment - datetime(1900, 1, 1)
    if small:
        return struct.pack("<HH", passed.days, passed.seconds // 60)
    microseconds = passed // timedelta(microseconds=1)
    # Half a tick rounds up.
    total = floor(Fraction(microseconds * 300, 1_000_000) + Fraction(1, 2))
    return struct.pack("<iI", *divmod(total, 300 * 86_400))


def datetime2(value: datetime | str, scale: int) -> bytes:
    if isinstance(value, str):
        moment, fraction = datetime.fromisoformat(value[:19]), int(value[20:].ljust(7, "0") or 0)
    else:
        moment, fraction = value, value.microsecond * 10
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return ticks(seconds * 10**7 + fraction, scale) + days(moment.date())


def datetimeoffset(value: str, scale: int) -> bytes:
    match = re.fullmatch(r"(.{19})(?:\.(\d+))? ([+-])(\d\d):(\d\d)", value)
    assert match is not None
    moment, fraction, sign, hours, minutes = match.groups()
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    utc = datetime.fromisoformat(moment) - timedelta(minutes=offset)
    printed = f"{utc:%H:%M:%S}"
    whole = f"{utc.date()} {printed}.{(fraction or '0').ljust(7, '0')}"
    return datetime2(whole, scale) + struct.pack("<h", offset)
