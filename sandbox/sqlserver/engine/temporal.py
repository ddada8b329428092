"""Ticks in SQL: out of the storage of each date and time, and back into it, rounded and within range."""

from __future__ import annotations

from sandbox.sqlserver.engine.types import duckdb_type
from sandbox.sqlserver.results import SqlType
from sandbox.sqlserver.ticks import DAY, LAST, MINUTE, SECOND, of_day

PRECISE = SqlType("datetime2", scale=7)
OFFSET = SqlType("datetimeoffset", scale=7)
_SCALES = {"date": 0, "smalldatetime": 0, "datetime": 3}
_RANGES = {
    "time": (0, DAY - 1),
    "datetime": (of_day(1753), LAST),
    "smalldatetime": (of_day(1900), of_day(2079, 6, 7) - 1),
}
"""[Microsoft: the pages of "Date and time types"]; the others hold 0001-01-01 to 9999-12-31."""


def scale_of(kind: SqlType) -> int:
    """The fractional digits of a moment's second."""
    return _SCALES.get(kind.name, kind.scale)


def tick_range(kind: SqlType) -> tuple[int, int]:
    """The first and the last tick that a type can hold."""
    return _RANGES.get(kind.name, (0, LAST))


def out_of_range(kind: SqlType) -> tuple[int, str]:
    """The number and text of the error for a text whose moment the type cannot hold."""
    if kind.name in ("datetime", "smalldatetime"):
        return 242, (
            f"The conversion of a varchar data type to a {kind.name} data type resulted in an "
            "out-of-range value."
        )
    return 241, "Conversion failed when converting date and/or time from character string."


def is_ticks(kind: SqlType) -> bool:
    """Whether ticks themselves are stored: datetime2(7)."""
    return kind.name == "datetime2" and kind.scale == 7


def ticks_of(sql: str, kind: SqlType) -> str:
    """The ticks of a moment on its own clock; a time of day lies on 1900-01-01."""
    if kind.name == "datetimeoffset":
        return f"tsql_local(({sql}))"
    if kind.name == "time":
        return f"(epoch_ns({sql}) // 100 + {of_day(1900)})"
    return sql if is_ticks(kind) else f"tsql_ticks({sql})"


def utc_ticks_of(sql: str, kind: SqlType) -> str:
    """The ticks of a moment in UTC, where it has an offset."""
    return f"({sql}).utc" if kind.name == "datetimeoffset" else ticks_of(sql, kind)


def timestamp_of(sql: str, kind: SqlType) -> str:
    """A DuckDB TIMESTAMP or DATE that shows the same calendar and clock, cut to microseconds."""
    if kind.name in ("time", "datetimeoffset") or is_ticks(kind):
        return f"tsql_timestamp({ticks_of(sql, kind)})"
    return sql


def stored(ticks: str, kind: SqlType) -> str:
    """Ticks on a moment's own clock as the type stores them, rounded. They must be in range: see `within`."""
    if kind.name == "date":
        return f"CAST(tsql_timestamp({ticks}) AS DATE)"
    if kind.name == "time":
        return f"tsql_time({ticks}, {10 ** (7 - kind.scale)})"
    if kind.name == "datetime":
        return f"tsql_datetime({ticks})"
    if kind.name == "smalldatetime":
        return f"tsql_timestamp(tsql_rounded({ticks}, {MINUTE}))"
    rounded = ticks if kind.scale == 7 else f"tsql_rounded({ticks}, {10 ** (7 - kind.scale)})"
    return rounded if is_ticks(kind) else f"tsql_timestamp({rounded})"


def within(ticks: str, kind: SqlType, value: str, otherwise: str) -> str:
    """`value`, or `otherwise` where rounding the ticks leaves the type's range. NULL stays NULL."""
    first, last = tick_range(kind)
    half = {"smalldatetime": MINUTE, "datetime": SECOND // 300, "date": 0}.get(
        kind.name, 10 ** (7 - kind.scale)
    ) // 2
    first -= half if kind.name in _RANGES else 0
    return f"CASE WHEN {ticks} NOT BETWEEN {first} AND {last - half} THEN {otherwise} ELSE {value} END"


def offset_moment(utc: str, minutes: str, kind: SqlType) -> str:
    """A datetimeoffset of ticks in UTC, rounded, and an offset in minutes; NULL where the ticks are."""
    rounded = utc if kind.scale == 7 else f"tsql_rounded({utc}, {10 ** (7 - kind.scale)})"
    struct = f"{{'utc': {rounded}, 'offset_minutes': CAST({minutes} AS SMALLINT)}}"
    return f"CASE WHEN {utc} IS NOT NULL THEN {struct} ELSE CAST(NULL AS {duckdb_type(kind)}) END"
