"""Typed parameters of RPCs: TYPE_INFO and one value, to a SqlType and a Python value.

Values: None, bool, int, float, Decimal, str, bytes, date; smalldatetime and datetime as datetime; time,
datetime2 and datetimeoffset as text the way SQL Server prints it, because Python has no 100 ns; Variant.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sandbox.sqlserver.results import SqlType
from sandbox.sqlserver.tds.cursor import UNICODE, Cursor, ProtocolError, decoded
from sandbox.sqlserver.tds.errors import not_modelled
from sandbox.sqlserver.tds.typeinfo import CODE_PAGE, MAX_LENGTH, time_size
from sandbox.sqlserver.tds.variants import plain_parameter
from sandbox.sqlserver.variants import may_hold, variant_of

NO_VALUE = 0xFFFFFFFFFFFFFFFF
UNKNOWN_TOTAL = 0xFFFFFFFFFFFFFFFE
TICKS_A_SECOND = 10_000_000

Day = TypeVar("Day", bound=date)
Read = tuple[SqlType, Any]

_INTEGERS = {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}
_NOT_NULL = {
    0x30: ("tinyint", 1),
    0x32: ("bit", 1),
    0x34: ("smallint", 2),
    0x38: ("int", 4),
    0x7F: ("bigint", 8),
    0x3B: ("real", 4),
    0x3E: ("float", 8),
    0x7A: ("smallmoney", 4),
    0x3C: ("money", 8),
    0x3A: ("smalldatetime", 4),
    0x3D: ("datetime", 8),
}
_SIZED: dict[int, dict[int, str]] = {
    0x26: _INTEGERS,
    0x68: {1: "bit"},
    0x6D: {4: "real", 8: "float"},
    0x6E: {4: "smallmoney", 8: "money"},
    0x6F: {4: "smalldatetime", 8: "datetime"},
    0x24: {16: "uniqueidentifier"},
}
_DECIMALS = {0x6A: "decimal", 0x6C: "numeric"}
_TIMES = {0x29: "time", 0x2A: "datetime2", 0x2B: "datetimeoffset"}
BYTES_BESIDE_TIME = {"time": 0, "datetime2": 3, "datetimeoffset": 5}
_LENGTHY = {
    0xAF: ("char", CODE_PAGE),
    0xA7: ("varchar", CODE_PAGE),
    0xEF: ("nchar", UNICODE),
    0xE7: ("nvarchar", UNICODE),
    0xAD: ("binary", ""),
    0xA5: ("varbinary", ""),
}
_TEXT_POINTER = {0x23: ("text", CODE_PAGE), 0x63: ("ntext", UNICODE), 0x22: ("image", "")}
_UTF8_COLLATION = 0x04000000
_VARIANT = 0x62
_REFUSED = {0xF0: "CLR user-defined", 0xF3: "table-valued"}


def read_parameter_value(cursor: Cursor) -> Read:
    """Read the type and the value of one parameter.

    Raises:
        ProtocolError: no such type; SqlServerError: a type that this server does not take.
    """
    token = cursor.integer(1)
    if token in _REFUSED:
        raise not_modelled(f"a parameter of the type {_REFUSED[token]}")
    if token == 0x1F:
        return SqlType("nvarchar", 1), None
    if token == 0x28:
        return _date(cursor)
    if token == 0xF1:
        return _xml(cursor)
    if token == _VARIANT:
        return _variant(cursor)
    for tokens, read in _READERS:
        if token in tokens:
            return read(cursor, token)
    raise ProtocolError(f"a parameter of type 0x{token:02X}")


def _not_null(cursor: Cursor, token: int) -> Read:
    name, size = _NOT_NULL[token]
    return SqlType(name), _fixed(name, cursor.take(size))


def _sized(cursor: Cursor, token: int) -> Read:
    size = cursor.integer(1)
    if size not in _SIZED[token]:
        raise ProtocolError(f"a parameter of type 0x{token:02X} with {size} bytes")
    name = _SIZED[token][size]
    value = _sized_value(cursor, size)
    return SqlType(name), _fixed(name, value) if value else None


def _decimal(cursor: Cursor, token: int) -> Read:
    cursor.skip(1)
    precision, scale = cursor.take(2)
    if not 1 <= precision <= 38 or scale > precision:
        raise ProtocolError(f"a {_DECIMALS[token]}({precision},{scale})")
    value = cursor.take(cursor.integer(1))
    sql_type = SqlType(_DECIMALS[token], precision=precision, scale=scale)
    if not value:
        return sql_type, None
    digits = tuple(map(int, str(int.from_bytes(value[1:], "little"))))
    return sql_type, Decimal((0 if value[0] else 1, digits, -scale))


def _date(cursor: Cursor) -> Read:
    value = _sized_value(cursor, 3)
    return SqlType("date"), _day(value) if value else None


def _time(cursor: Cursor, token: int) -> Read:
    scale = cursor.integer(1)
    if scale > 7:
        raise ProtocolError(f"a {_TIMES[token]} with {scale} fractional digits")
    sql_type = SqlType(_TIMES[token], scale=scale)
    value = _sized_value(cursor, time_size(scale) + BYTES_BESIDE_TIME[sql_type.name])
    return sql_type, _moment(sql_type, value) if value else None


def _sized_value(cursor: Cursor, size: int) -> bytes:
    """A value behind its length: so many bytes, or none."""
    value = cursor.take(cursor.integer(1))
    if len(value) not in (0, size):
        raise ProtocolError(f"a value of {len(value)} bytes where {size} are right")
    return value


def _moment(sql_type: SqlType, value: bytes) -> str:
    split = time_size(sql_type.scale)
    ticks = int.from_bytes(value[:split], "little") * 10 ** (7 - sql_type.scale)
    if ticks >= 86_400 * TICKS_A_SECOND:
        raise ProtocolError("a time of more than a day")
    if sql_type.name == "time":
        return _clock(ticks, sql_type.scale)
    day = _day(value[split : split + 3])
    if sql_type.name == "datetime2":
        return f"{day} {_clock(ticks, sql_type.scale)}"
    minutes = int.from_bytes(value[split + 3 :], "little", signed=True)
    days, ticks = divmod(ticks + minutes * 60 * TICKS_A_SECOND, 86_400 * TICKS_A_SECOND)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    clock = _clock(ticks, sql_type.scale)
    return f"{_checked(lambda: day + timedelta(days))} {clock} {sign}{hours:02}:{rest:02}"


def _clock(ticks: int, scale: int) -> str:
    seconds, fraction = divmod(ticks, TICKS_A_SECOND)
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
    return text if scale == 0 else f"{text}.{fraction:07}"[: len(text) + 1 + scale]


def _day(value: bytes) -> date:
    days = int.from_bytes(value, "little")
    return _checked(lambda: date(1, 1, 1) + timedelta(days))


def _checked(make: Callable[[], Day]) -> Day:
    """A date from the client's numbers. Raises ProtocolError beyond the year 9999."""
    try:
        return make()
    except (OverflowError, ValueError) as error:
        raise ProtocolError(f"a date out of range: {error}") from error


def _lengthy(cursor: Cursor, token: int) -> Read:
    name, encoding = _LENGTHY[token]
    unit = 2 if encoding == UNICODE else 1
    length = cursor.integer(2)
    encoding = _encoding(cursor, encoding)
    if length == MAX_LENGTH:
        value, sql_type = _plp(cursor), SqlType(name, length=-1)
    else:
        size = cursor.integer(2)
        value = None if size == 0xFFFF else cursor.take(size)
        sql_type = SqlType(name, length=length // unit)
    return sql_type, _text_or_bytes(value, encoding)


def _text_pointer(cursor: Cursor, token: int) -> Read:
    name, encoding = _TEXT_POINTER[token]
    cursor.skip(4)
    encoding = _encoding(cursor, encoding)
    size = cursor.integer(4, signed=True)
    return SqlType(name), _text_or_bytes(None if size < 0 else cursor.take(size), encoding)


def _xml(cursor: Cursor) -> Read:
    if cursor.integer(1):
        cursor.b_varchar()
        cursor.b_varchar()
        cursor.us_varchar()
    value = _plp(cursor)
    if value is None:
        return SqlType("xml"), None
    return SqlType("xml"), decoded(value, UNICODE).removeprefix("\ufeff")


def _variant(cursor: Cursor) -> Read:
    plain = plain_parameter(cursor)
    if plain is None:
        return SqlType("sql_variant"), None
    base, value = read_parameter_value(Cursor(plain))
    if not may_hold(base):
        raise ProtocolError(f"a sql_variant of the type {base.name}")
    return SqlType("sql_variant"), variant_of(value, base)


def _encoding(cursor: Cursor, encoding: str) -> str:
    """Read the collation of a text; one of UTF-8 overrules the code page."""
    if not encoding:
        return encoding
    flags = cursor.integer(4)
    cursor.skip(1)
    return "utf-8" if encoding == CODE_PAGE and flags & _UTF8_COLLATION else encoding


def _text_or_bytes(value: bytes | None, encoding: str) -> str | bytes | None:
    return decoded(value, encoding) if encoding and value is not None else value


def _plp(cursor: Cursor) -> bytes | None:
    total = cursor.integer(8)
    if total == NO_VALUE:
        return None
    value = bytearray()
    while size := cursor.integer(4):
        value += cursor.take(size)
    if total not in (UNKNOWN_TOTAL, len(value)):
        raise ProtocolError(f"a value of {len(value)} bytes that was announced with {total}")
    return bytes(value)


def _fixed(name: str, value: bytes) -> Any:
    """A value of fixed size, by the name of its type."""
    if name == "bit":
        return value != b"\0"
    if name in ("real", "float"):
        return Cursor(value).number("f" if name == "real" else "d")
    if name == "uniqueidentifier":
        return str(uuid.UUID(bytes_le=value)).upper()
    if name == "smallmoney":
        return Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-4)
    if name == "money":
        return Decimal(int.from_bytes(value[4:] + value[:4], "little", signed=True)).scaleb(-4)
    if name in ("smalldatetime", "datetime"):
        return _datetime(value)
    return int.from_bytes(value, "little", signed=name != "tinyint")


def _datetime(value: bytes) -> datetime:
    cursor = Cursor(value)
    if len(value) == 4:
        passed = timedelta(days=cursor.integer(2), minutes=cursor.integer(2))
    else:
        days, ticks = cursor.integer(4, signed=True), cursor.integer(4)
        # A tick is 1/300 s; SQL Server shows it rounded to milliseconds.
        passed = timedelta(days=days, milliseconds=(ticks * 10 + 1) // 3)
    return _checked(lambda: datetime(1900, 1, 1) + passed)


_READERS: tuple[tuple[dict[int, Any], Callable[[Cursor, int], Read]], ...] = (
    (_NOT_NULL, _not_null),
    (_SIZED, _sized),
    (_DECIMALS, _decimal),
    (_TIMES, _time),
    (_LENGTHY, _lengthy),
    (_TEXT_POINTER, _text_pointer),
)
