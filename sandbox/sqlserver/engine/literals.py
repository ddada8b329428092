"""Values as they stand in SQL: literals and variables for DuckDB, and texts read as dates and times."""

from __future__ import annotations

import math
import re
import uuid
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from sandbox.sqlserver.engine.bound import Bound, null, string
from sandbox.sqlserver.engine.temporal import out_of_range, tick_range
from sandbox.sqlserver.engine.types import (
    APPROXIMATE,
    BINARY,
    INTEGER,
    MAX,
    TEXT,
    VARIANT,
    duckdb_type,
)
from sandbox.sqlserver.results import SqlServerError, SqlType
from sandbox.sqlserver.ticks import DAY, MINUTE, SECOND, clock_text, day_of, of_day

EXACT = Context(prec=100)
_MOMENT = re.compile(
    r"""\s*(?:(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})|(?P<plain>\d{8})
      |(?P<us>\d{1,2}/\d{1,2}/\d{4}))?
    (?:[T\s]*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.:](?P<fraction>\d{1,9}))?)?
       \s*(?P<half>[AaPp][Mm])?)?
    \s*(?P<zone>Z|[+-]\d{2}:\d{2})?\s*""",
    re.VERBOSE,
)


def literal(value: Any, sql_type: SqlType) -> Bound:
    """A value as a typed literal. Dates, times and GUIDs are texts, as `variables` keeps them."""
    if value is None or sql_type.name == "null":
        return null(sql_type)
    name = sql_type.name
    if name in TEXT:
        sql = string(value)
    elif name in BINARY:
        sql = f"unhex('{value.hex()}')"
    elif name == "bit":
        sql = "true" if value else "false"
    elif name in INTEGER:
        sql = str(value) if name == "int" and value >= 0 else f"CAST({value} AS {duckdb_type(sql_type)})"
    elif name in APPROXIMATE:
        sql = f"CAST('{value!r}' AS {duckdb_type(sql_type)})"
    elif name in ("decimal", "numeric", "money", "smallmoney"):
        sql = f"CAST('{value:f}' AS {duckdb_type(sql_type)})"
    elif name == "uniqueidentifier":
        sql = f"CAST('{value}' AS UUID)"
    elif name == "sql_variant":
        sql = variant_sql(value.base, string(value.text))
    else:
        sql = moment_sql(*read_moment(value, sql_type), sql_type)
    return Bound(sql, sql_type, nullable=False, constant=value)


def variant_sql(base: SqlType, text: str) -> str:
    """A sql_variant from its base type, and the SQL of its text (`sandbox.sqlserver.variants`)."""
    sizes = f"'length': {base.length}, 'precision': {base.precision}, 'scale': {base.scale}"
    return f"CAST({{'name': '{base.name}', {sizes}, 'text': {text}}} AS {duckdb_type(VARIANT)})"


def read_moment(text: str, sql_type: SqlType) -> tuple[int, int]:
    """A text as (ticks in local time, offset in minutes), rounded to the type; a time counts from midnight.

    Raises:
        SqlServerError: 241 the text is no date or time, 242 it is out of range.
    """
    match = _MOMENT.fullmatch(text)
    digits = 3 if sql_type.name in ("datetime", "smalldatetime") else 9
    if match is None or len(match["fraction"] or "") > digits:
        raise SqlServerError(241, "Conversion failed when converting date and/or time from character string.")
    try:
        day = _day(match)
        clock = _clock(match)
    except ValueError as error:
        raise SqlServerError(
            242,
            "The conversion of a varchar data type to a datetime data type resulted in an "
            "out-of-range value.",
        ) from error
    zone = match["zone"]
    offset = 0
    if zone and zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        offset = sign * (int(zone[1:3]) * 60 + int(zone[4:6]))
    moment = round_ticks(clock if sql_type.name == "time" else day + clock, sql_type)
    require_range(moment - offset * MINUTE if sql_type.name == "datetimeoffset" else moment, sql_type)
    return moment, offset


def require_range(count: int, sql_type: SqlType) -> None:
    """Raises SqlServerError 242 or 241 for ticks (of a datetimeoffset in UTC) that the type cannot hold."""
    first, last = tick_range(sql_type)
    if not first <= count <= last:
        raise SqlServerError(*out_of_range(sql_type))


def _day(match: re.Match[str]) -> int:
    if match["year"]:
        return of_day(int(match["year"]), int(match["month"]), int(match["day"]))
    if match["plain"]:
        plain = match["plain"]
        return of_day(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
    if match["us"]:
        month, day, year = map(int, match["us"].split("/"))
        return of_day(year, month, day)
    return of_day(1900)


def _clock(match: re.Match[str]) -> int:
    if not match["hour"]:
        return 0
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    moment = time(hour, int(match["minute"]), int(match["second"] or 0))
    fraction = Decimal("0." + (match["fraction"] or "0"))
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return int((seconds + fraction).scaleb(7).to_integral_value(ROUND_HALF_UP))


def round_ticks(ticks: int, sql_type: SqlType) -> int:
    """Ticks rounded as the type stores them; datetime to 1/300 of a second."""
    name = sql_type.name
    if name == "date":
        return ticks // DAY * DAY
    if name == "smalldatetime":
        return (ticks + 30 * SECOND) // (60 * SECOND) * 60 * SECOND
    if name == "datetime":
        second, fraction = divmod(ticks, SECOND)
        thirds = (fraction * 300 + SECOND // 2) // SECOND
        milliseconds = (thirds * 10 + 1) // 3
        return second * SECOND + milliseconds * 10_000
    unit = int(10 ** (7 - sql_type.scale))
    rounded = (ticks + unit // 2) // unit * unit
    return rounded % DAY if name == "time" else rounded


def moment_sql(ticks: int, offset: int, sql_type: SqlType) -> str:
    """Ticks in local time as a DuckDB literal of the type's storage."""
    stored_as = duckdb_type(sql_type)
    if sql_type.name == "datetimeoffset":
        utc = f"CAST({ticks - offset * MINUTE} AS BIGINT)"
        return f"{{'utc': {utc}, 'offset_minutes': CAST({offset} AS SMALLINT)}}"
    if stored_as == "BIGINT":
        return f"CAST({ticks} AS BIGINT)"
    if sql_type.name == "time":
        return f"CAST('{clock_text(ticks)}' AS {stored_as})"
    text = day_of(ticks).isoformat()
    if sql_type.name != "date":
        text += f" {clock_text(ticks)[:-1]}"
    return f"CAST('{text}' AS {stored_as})"


def value_type(value: Any) -> SqlType:
    """The type of a Python value that came without one."""
    if value is None or isinstance(value, str):
        return SqlType("nvarchar", length=4000 if len(value or "") <= 4000 else MAX)
    if isinstance(value, int) and not isinstance(value, bool):
        return SqlType("int", precision=10) if -(2**31) <= value < 2**31 else SqlType("bigint", precision=19)
    if isinstance(value, Decimal):
        digits = value.as_tuple()
        scale = max(0, -int(digits.exponent))
        return SqlType("decimal", precision=max(len(digits.digits), scale, 1), scale=scale)
    if isinstance(value, bytes | bytearray):
        return SqlType("varbinary", length=len(value) if 0 < len(value) <= 8000 else MAX)
    if isinstance(value, datetime):
        return SqlType("datetimeoffset" if value.tzinfo else "datetime2", scale=7)
    return _SIMPLE[type(value)]


_SIMPLE = {
    bool: SqlType("bit"),
    float: SqlType("float", precision=53),
    date: SqlType("date"),
    time: SqlType("time", scale=7),
    uuid.UUID: SqlType("uniqueidentifier"),
}


def plain_value(value: Any) -> Any:
    """A client's value in the form that variables keep: dates, times and GUIDs as text."""
    if isinstance(value, datetime | time):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value).upper()
    return bytes(value) if isinstance(value, bytearray) else value


def read_float(text: str) -> float:
    """1e5, and 1e, whose missing exponent is 0. Raises SqlServerError 168 beyond what a float holds."""
    value = float(text if text[-1].isdigit() else f"{text}0")
    if math.isinf(value):
        told = f"The floating point value '{text}' is out of the range of computer representation (8 bytes)."
        raise SqlServerError(168, told, severity=15)
    return value
