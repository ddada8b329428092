"""Conversions to dates and times: between them rounded as the target stores them, and from text."""

from __future__ import annotations

import re

from sandbox.sqlserver.engine import literals
from sandbox.sqlserver.engine.bound import Bound, not_modelled, null
from sandbox.sqlserver.engine.conversion.errors import fail, refused
from sandbox.sqlserver.engine.temporal import (
    PRECISE,
    offset_moment,
    out_of_range,
    scale_of,
    stored,
    tick_range,
    ticks_of,
    within,
)
from sandbox.sqlserver.engine.types import TEMPORAL, TEXT, duckdb_type
from sandbox.sqlserver.results import SqlServerError, SqlType
from sandbox.sqlserver.ticks import LAST, MINUTE


def to_moment(value: Bound, target: SqlType, style: int | None, *, safe: bool) -> Bound:
    """Convert to a type of dates and times."""
    source = value.type
    if source.name in TEXT:
        if isinstance(value.constant, str):
            return _from_constant(value, target, style, safe=safe)
        sql = _from_text(value.sql, target, style, safe=safe)
        return Bound(sql, target, nullable=True, name=value.name)
    if source.name not in TEMPORAL:
        raise refused(source, target)
    if source.name == target.name == "datetime2" and isinstance(value.constant, str):
        return literals.literal(value.constant, target).named(value.name)
    sql = _between(value.sql, source, target, safe=safe)
    return Bound(sql, target, value.nullable or safe, value.name)


def _from_constant(value: Bound, target: SqlType, style: int | None, *, safe: bool) -> Bound:
    text = value.constant
    if style in (103, 3, 104):
        parts = re.fullmatch(r"\s*(\d{1,2})[./](\d{1,2})[./](\d{4})(.*)", text)
        if parts:
            day, month, year, rest = parts.groups()
            text = f"{year}-{month:0>2}-{day:0>2}{rest}"
    try:
        ticks, offset = literals.read_moment(text, target)
    except SqlServerError:
        if safe:
            return null(target).named(value.name)
        raise
    return Bound(literals.moment_sql(ticks, offset, target), target, False, value.name)


def _from_text(sql: str, target: SqlType, style: int | None, *, safe: bool) -> str:
    """A text column: ISO 8601, with blanks or T, or yyyymmdd; an offset for a datetimeoffset."""
    if style in (101, 103, 104):
        raise not_modelled(f"CONVERT of a text column to {target.name} with style {style}")
    wrong = fail(*out_of_range(target), safe=safe)
    if target.name == "time":
        cast = "TRY_CAST" if safe else "CAST"
        return stored(ticks_of(f"{cast}({sql} AS TIME_NS)", SqlType("time", scale=7)), target)
    if target.name != "datetimeoffset":
        ticks = _ticks_of_text(sql, safe=safe)
        moment = within(ticks, target, stored(ticks, target), wrong)
        if target.name not in ("datetime", "smalldatetime"):
            return moment
        longer = fail(
            241, "Conversion failed when converting date and/or time from character string.", safe=safe
        )
        return f"CASE WHEN regexp_matches({sql}, ':\\d\\d[.]\\d{{4}}') THEN {longer} ELSE {moment} END"

    def part(group: int) -> str:
        found = f"regexp_extract({sql}, '([+-])(\\d\\d):(\\d\\d)\\s*$', {group})"
        return f"coalesce(TRY_CAST({found} AS SMALLINT), 0)" if group > 1 else found

    minutes = f"(CASE {part(1)} WHEN '-' THEN -1 ELSE 1 END * ({part(2)} * 60 + {part(3)}))"
    local = _ticks_of_text(f"regexp_replace({sql}, '\\s*([+-]\\d\\d:\\d\\d|Z)\\s*$', '')", safe=safe)
    utc = f"({local} - {minutes} * CAST({MINUTE} AS BIGINT))"
    moment = offset_moment(utc, minutes, target)
    return within(local, PRECISE, within(utc, target, moment, wrong), wrong)


def _ticks_of_text(sql: str, *, safe: bool) -> str:
    """DuckDB reads microseconds: the fraction is read apart, and rounded to 100 ns."""
    dashed = f"regexp_replace({sql}, '^\\s*(\\d{{4}})(\\d\\d)(\\d\\d)(\\D|$)', '\\1-\\2-\\3\\4')"
    whole = f"regexp_replace({dashed}, '(:\\d\\d)[.]\\d{{1,9}}', '\\1')"
    fraction = f"rpad(regexp_extract({sql}, ':\\d\\d[.](\\d{{1,9}})', 1), 9, '0')"
    moment = f"{'TRY_CAST' if safe else 'CAST'}({whole} AS TIMESTAMP)"
    return f"(tsql_ticks({moment}) + tsql_rounded(CAST({fraction} AS BIGINT), 100) // 100)"


def _between(sql: str, source: SqlType, target: SqlType, *, safe: bool) -> str:
    if source.name == "time" and target.name == "date":
        raise refused(source, target)
    if target.name == "datetimeoffset":
        return _to_offset(sql, source, target, safe=safe)
    if source.name == "date" and target.name == "time":
        return "CAST('00:00:00' AS TIME_NS)"
    if duckdb_type(source) == duckdb_type(target) and _holds(target, source):
        return sql
    if {duckdb_type(source), duckdb_type(target)} <= {"DATE", "TIMESTAMP"} and _holds(target, source):
        return f"CAST({sql} AS {duckdb_type(target)})"
    if duckdb_type(source) == "TIMESTAMP" and target.name == "date":
        return f"CAST({sql} AS DATE)"
    ticks = ticks_of(sql, source)
    moment = stored(ticks, target)
    if target.name in ("date", "time") or _holds(target, source):
        return moment
    return within(ticks, target, moment, _overflow(source, target, safe=safe))


def _to_offset(sql: str, source: SqlType, target: SqlType, *, safe: bool) -> str:
    """A datetimeoffset keeps its moment and offset; anything else is said to be in UTC."""
    if source.name == "datetimeoffset":
        if target.scale >= source.scale:
            return sql
        ticks = f"({sql}).utc"
        moment = offset_moment(ticks, f"({sql}).offset_minutes", target)
    else:
        ticks = ticks_of(sql, source)
        moment = offset_moment(ticks, "0", target)
    if _holds(target, source):
        return moment
    return within(ticks, target, moment, _overflow(source, target, safe=safe))


def _holds(target: SqlType, source: SqlType) -> bool:
    """Whether the target has all digits and years of the source: nothing is rounded or refused."""
    if target.name == "datetime":
        return source.name in ("datetime", "smalldatetime")
    if source.name == "datetimeoffset" and target.name != "datetimeoffset":
        return target.scale == 7 and target.name == "datetime2"
    all_years = tick_range(target) == (0, LAST) or source.name == target.name
    return all_years and scale_of(source) <= scale_of(target)


def _overflow(source: SqlType, target: SqlType, *, safe: bool) -> str:
    text = (
        f"The conversion of a {source.name} data type to a {target.name} data type resulted in an "
        "out-of-range value."
    )
    return fail(242, text, safe=safe)
