"""Functions of dates and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.sqlserver.engine import literals
from sandbox.sqlserver.engine.bound import Bound, Scope, not_modelled, string
from sandbox.sqlserver.engine.conversion import convert, temporal_sql
from sandbox.sqlserver.engine.functions.signature import Function, simple
from sandbox.sqlserver.engine.types import BIGINT, DATETIME, FIXED, INT, TEMPORAL, TEXT, duckdb_type
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

_PRECISE = SqlType("datetime2", scale=7)
_OFFSET = SqlType("datetimeoffset", scale=7)
_PARTS = {
    "year": ("year", "yy", "yyyy"),
    "quarter": ("quarter", "qq", "q"),
    "month": ("month", "mm", "m"),
    "dayofyear": ("dayofyear", "dy", "y"),
    "day": ("day", "dd", "d"),
    "week": ("week", "wk", "ww"),
    "iso_week": ("iso_week", "isowk", "isoww"),
    "weekday": ("weekday", "dw"),
    "hour": ("hour", "hh"),
    "minute": ("minute", "mi", "n"),
    "second": ("second", "ss", "s"),
    "millisecond": ("millisecond", "ms"),
    "microsecond": ("microsecond", "mcs"),
    "nanosecond": ("nanosecond", "ns"),
    "tzoffset": ("tzoffset", "tz"),
}
_BY_NAME = {alias: part for part, aliases in _PARTS.items() for alias in aliases}
_SECONDS_NS = {
    "hour": 3_600_000_000_000,
    "minute": 60_000_000_000,
    "second": 1_000_000_000,
    "millisecond": 1_000_000,
    "microsecond": 1_000,
    "nanosecond": 1,
}


def _part(node: exp.Expr, function: str) -> str:
    part = _BY_NAME.get(node.name.lower())
    if part is None:
        raise SqlServerError(
            155, f"'{node.name}' is not a recognized {function.lower()} option.", severity=15
        )
    return part


def _moment(value: Bound) -> Bound:
    """A text counts as datetime2(7), a NULL as datetime."""
    if value.type.name in TEXT:
        return convert(value, _PRECISE)
    if value.type.name == "null":
        return convert(value, DATETIME)
    if value.type.name not in TEMPORAL:
        raise not_modelled(f"{value.type.name} as a date or time")
    return value


def _local(value: Bound) -> tuple[str, SqlType]:
    if value.type.name == "datetimeoffset":
        return f"tsql_local(({value.sql}))", _PRECISE
    return value.sql, value.type


def _dateadd(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    _arity("dateadd", nodes, 3)
    part = _part(nodes[0], "dateadd")
    count = convert(binder.expression(nodes[1], scope), INT)
    value = binder.expression(nodes[2], scope)
    value = convert(value, DATETIME) if value.type.name in TEXT else _moment(value)
    kind, nullable = value.type, value.nullable or count.nullable
    if kind.name == "time":
        nanoseconds = f"(epoch_ns({value.sql}) + CAST({count.sql} AS BIGINT) * {_clock_unit(part, kind)})"
        day = 86_400_000_000_000
        sql = f"tsql_time(({nanoseconds} % {day} + {day}) % {day}, 1)"
        return Bound(sql, kind, nullable)
    if kind.name == "datetimeoffset":
        stored = SqlType("datetime2", scale=kind.scale)
        moved = _added(f"({value.sql}).utc", _PRECISE, part, count.sql)
        rounded = temporal_sql(moved, _PRECISE, SqlType("datetime2", scale=7)) if stored else moved
        sql = f"{{'utc': {rounded}, 'offset_minutes': ({value.sql}).offset_minutes}}"
        return Bound(f"CASE WHEN {value.sql} IS NOT NULL THEN {sql} END", kind, nullable)
    if kind.name == "date" and part in _SECONDS_NS:
        raise SqlServerError(
            9810, f"The datepart {part} is not supported by date function dateadd for data type date."
        )
    return Bound(_added(value.sql, kind, part, count.sql), kind, nullable)


def _clock_unit(part: str, kind: SqlType) -> int:
    if part not in _SECONDS_NS:
        raise SqlServerError(
            9810, f"The datepart {part} is not supported by date function dateadd for data type {kind.name}."
        )
    return _SECONDS_NS[part]


def _added(sql: str, kind: SqlType, part: str, count: str) -> str:
    stored = duckdb_type(kind)
    if part in _SECONDS_NS:
        unit = _SECONDS_NS[part]
        if stored == "TIMESTAMP_NS":
            return f"make_timestamp_ns(epoch_ns({sql}) + CAST({count} AS BIGINT) * {unit})"
        if kind.name == "datetime":
            return f"tsql_datetime(epoch_us({sql}) + CAST({count} AS BIGINT) * {unit} // 1000)"
        if kind.name == "smalldatetime":
            return f"tsql_round(epoch_us({sql}) + CAST({count} AS BIGINT) * {unit} // 1000, 60000000)"
        moved = f"epoch_us({sql}) + CAST({count} AS BIGINT) * {unit} // 1000"
        return f"tsql_round({moved}, {10 ** (6 - kind.scale)})"
    days = {"week": 7, "day": 1, "dayofyear": 1, "weekday": 1}.get(part)
    months = {"year": 12, "quarter": 3, "month": 1}.get(part)
    if days is not None:
        interval = f"to_days(CAST({count} * {days} AS INTEGER))"
    elif months is not None:
        interval = f"to_months(CAST({count} * {months} AS INTEGER))"
    else:
        raise SqlServerError(9806, f"The datepart {part} is not supported by date function dateadd.")
    if stored == "TIMESTAMP_NS":  # intervals cut nanoseconds: add them again
        day = f"CAST(CAST({sql} AS DATE) + {interval} AS TIMESTAMP_NS)"
        return (
            f"make_timestamp_ns(epoch_ns({day}) + "
            f"(epoch_ns({sql}) % 86400000000000 + 86400000000000) % 86400000000000)"
        )
    return f"CAST({sql} + {interval} AS {stored})"


def _datediff(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    return _difference("datediff", INT, binder, nodes, scope)


def _datediff_big(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    return _difference("datediff_big", BIGINT, binder, nodes, scope)


def _difference(name: str, kind: SqlType, binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    """The number of boundaries crossed; weeks begin on Sunday."""
    _arity(name, nodes, 3)
    part = _part(nodes[0], name)
    values = [_moment(binder.expression(node, scope)) for node in nodes[1:]]
    starts, ends = (f"({v.sql}).utc" if v.type.name == "datetimeoffset" else _stamp(v) for v in values)
    precise = part in ("nanosecond",)
    if precise:
        sql = f"(epoch_ns({ends}) - epoch_ns({starts}))"
    elif part in ("second", "minute", "hour", "millisecond", "microsecond"):
        unit = _SECONDS_NS[part] // 1000
        sql = f"({_floor(ends, unit)} - {_floor(starts, unit)})"
    elif part == "week":
        sql = f"({_week(ends)} - {_week(starts)})"
    elif part in ("day", "dayofyear", "weekday"):
        sql = f"date_diff('day', CAST({starts} AS DATE), CAST({ends} AS DATE))"
    elif part in ("month", "quarter", "year"):
        sql = f"date_diff('{part}', CAST({starts} AS DATE), CAST({ends} AS DATE))"
    else:
        raise SqlServerError(9806, f"The datepart {part} is not supported by date function {name}.")
    if kind is INT:
        message = string(
            "[[535]] The datediff function resulted in an overflow. The number of dateparts separating two "
            "date/time instances is too large. Try to use datediff with a less precise datepart."
        )
        sql = f"CASE WHEN abs({sql}) > 2147483647 THEN error({message}) ELSE CAST({sql} AS INTEGER) END"
    return Bound(sql, kind, any(value.nullable for value in values))


def _week(sql: str) -> str:
    """The number of the week that a moment lies in; weeks begin on Sunday, day 0 was a Thursday."""
    return f"CAST(floor((date_diff('day', DATE '1970-01-01', CAST({sql} AS DATE)) + 4) / 7.0) AS BIGINT)"


def _stamp(value: Bound) -> str:
    if value.type.name == "time":
        return f"make_timestamp_ns(epoch_ns({value.sql}))"
    return f"CAST({value.sql} AS TIMESTAMP)" if value.type.name == "date" else value.sql


def _floor(sql: str, unit: int) -> str:
    us = f"epoch_us({sql})"
    return f"(({us} - ({us} % {unit} + {unit}) % {unit}) // {unit})"


def _datepart(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    _arity("datepart", nodes, 2)
    return _part_of(_part(nodes[0], "datepart"), _moment(binder.expression(nodes[1], scope)))


def _part_of(part: str, value: Bound) -> Bound:
    if part == "tzoffset":
        if value.type.name != "datetimeoffset":
            raise SqlServerError(
                9810,
                "The datepart tzoffset is not supported by date function datepart for data type "
                f"{value.type.name}.",
            )
        return Bound(f"CAST(({value.sql}).offset_minutes AS INTEGER)", INT, value.nullable)
    sql, kind = _local(value)
    if kind.name == "time":
        sql = f"make_timestamp_ns(epoch_ns({sql}))"
    fraction = f"(epoch_ns(CAST({sql} AS TIMESTAMP_NS)) % 1000000000 + 1000000000) % 1000000000"
    if kind.name != "time" and duckdb_type(kind) != "TIMESTAMP_NS":
        fraction = f"((epoch_us({sql}) % 1000000 + 1000000) % 1000000) * 1000"
    forms = {
        "week": f"(dayofyear({sql}) + dayofweek(date_trunc('year', CAST({sql} AS DATE))) - 1) // 7 + 1",
        "iso_week": f"weekofyear({sql})",
        "weekday": f"dayofweek({sql}) + 1",
        "second": f"CAST(strftime({sql}, '%S') AS INTEGER)",
        "millisecond": f"({fraction}) // 1000000",
        "microsecond": f"({fraction}) // 1000",
        "nanosecond": fraction,
    }
    return Bound(f"CAST({forms.get(part, f'{part}({sql})')} AS INTEGER)", INT, value.nullable)


def _datename(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    _arity("datename", nodes, 2)
    part = _part(nodes[0], "datename")
    value = _moment(binder.expression(nodes[1], scope))
    kind = SqlType("nvarchar", length=30)
    sql, _type = _local(value)
    if part in ("month", "weekday"):
        return Bound(f"strftime({sql}, '{'%B' if part == 'month' else '%A'}')", kind, value.nullable)
    return convert(_part_of(part, value), kind)


def _datetrunc(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    _arity("datetrunc", nodes, 2)
    part = _part(nodes[0], "datetrunc")
    value = _moment(binder.expression(nodes[1], scope))
    if part not in ("year", "quarter", "month", "day", "hour", "minute", "second") or value.type.name not in (
        "date",
        "datetime",
        "datetime2",
        "smalldatetime",
    ):
        raise not_modelled(f"DATETRUNC({part}, {value.type.name})")
    return value.typed(
        f"CAST(date_trunc('{part}', CAST({value.sql} AS TIMESTAMP)) AS {duckdb_type(value.type)})", value.type
    )


def _single(part: str) -> Function:
    return simple(lambda value: _part_of(part, _moment(value)), 1)


def _eomonth(value: Bound, months: Bound | None = None) -> Bound:
    day = convert(_moment(value), FIXED["date"])
    sql = day.sql
    if months is not None:
        sql = f"CAST({sql} + to_months({months.sql}) AS DATE)"
    return Bound(f"last_day({sql})", FIXED["date"], True)


def _now(kind: SqlType, *, utc: bool = False) -> Function:
    def call(binder: Binder, _arguments: list[Bound]) -> Bound:
        clock = binder.environment.clock
        ticks = literals.round_ticks(clock.utc if utc else clock.local, kind)
        return Bound(literals.moment_sql(ticks, clock.offset_minutes, kind), kind, nullable=False)

    return Function(call, 0)


def _todatetimeoffset(value: Bound, offset: Bound) -> Bound:
    moment = convert(_moment(value), _PRECISE)
    minutes = _minutes(offset)
    utc = f"make_timestamp_ns(epoch_ns({moment.sql}) - CAST({minutes} AS BIGINT) * 60000000000)"
    struct = f"{{'utc': {utc}, 'offset_minutes': CAST({minutes} AS SMALLINT)}}"
    return Bound(f"CASE WHEN {moment.sql} IS NOT NULL THEN {struct} END", _OFFSET, moment.nullable)


def _switchoffset(value: Bound, offset: Bound) -> Bound:
    moment = convert(value, _OFFSET) if value.type.name != "datetimeoffset" else value
    struct = f"{{'utc': ({moment.sql}).utc, 'offset_minutes': CAST({_minutes(offset)} AS SMALLINT)}}"
    return Bound(f"CASE WHEN {moment.sql} IS NOT NULL THEN {struct} END", moment.type, moment.nullable)


def _minutes(offset: Bound) -> str:
    if isinstance(offset.constant, str):
        _ticks, minutes = literals.read_moment(f"2000-01-01 00:00:00 {offset.constant}", _OFFSET)
        return str(minutes)
    if offset.type.name in TEXT:
        raise not_modelled("an offset as text that is no constant")
    return offset.sql


def _datefromparts(year: Bound, month: Bound, day: Bound) -> Bound:
    sql = f"make_date({year.sql}, {month.sql}, {day.sql})"
    return Bound(sql, FIXED["date"], any(part.nullable for part in (year, month, day)))


def _arity(name: str, nodes: list[exp.Expr], wanted: int) -> None:
    if len(nodes) != wanted:
        raise SqlServerError(174, f"The {name} function requires {wanted} argument(s).", severity=15)


WITH_DATEPART: dict[str, Callable[[Binder, list[exp.Expr], Scope], Bound]] = {
    "DATEADD": _dateadd,
    "DATEDIFF": _datediff,
    "DATEDIFF_BIG": _datediff_big,
    "DATEPART": _datepart,
    "DATENAME": _datename,
    "DATETRUNC": _datetrunc,
}
FUNCTIONS: dict[str, Function] = {
    "GETDATE": _now(DATETIME),
    "GETUTCDATE": _now(DATETIME, utc=True),
    "SYSDATETIME": _now(_PRECISE),
    "SYSUTCDATETIME": _now(_PRECISE, utc=True),
    "SYSDATETIMEOFFSET": _now(_OFFSET),
    "YEAR": _single("year"),
    "MONTH": _single("month"),
    "DAY": _single("day"),
    "EOMONTH": simple(_eomonth, 1, 2),
    "TODATETIMEOFFSET": simple(_todatetimeoffset, 2),
    "SWITCHOFFSET": simple(_switchoffset, 2),
    "DATEFROMPARTS": simple(_datefromparts, 3),
}
