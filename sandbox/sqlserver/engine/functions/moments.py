"""Functions of dates and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.sqlserver.engine import literals
from sandbox.sqlserver.engine.bound import Bound, Scope, not_modelled
from sandbox.sqlserver.engine.conversion import convert, fail
from sandbox.sqlserver.engine.functions.signature import Function, simple
from sandbox.sqlserver.engine.temporal import (
    OFFSET,
    PRECISE,
    offset_moment,
    stored,
    ticks_of,
    timestamp_of,
    utc_ticks_of,
    within,
)
from sandbox.sqlserver.engine.types import BIGINT, DATETIME, FIXED, INT, TEMPORAL, TEXT, duckdb_type
from sandbox.sqlserver.results import SqlServerError, SqlType
from sandbox.sqlserver.ticks import DAY, MINUTE, SECOND

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

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
_CLOCK = {
    "hour": 60 * MINUTE,
    "minute": MINUTE,
    "second": SECOND,
    "millisecond": SECOND // 1_000,
    "microsecond": SECOND // 1_000_000,
    "nanosecond": 0,
}
"""Ticks of the parts of a clock; a tick has 100 nanoseconds."""
_DAYS = {"week": 7, "day": 1, "dayofyear": 1, "weekday": 1}
_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_LAST_COUNT = 2**31 - 1


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
        return convert(value, PRECISE)
    if value.type.name == "null":
        return convert(value, DATETIME)
    if value.type.name not in TEMPORAL:
        raise not_modelled(f"{value.type.name} as a date or time")
    return value


def _dateadd(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    _arity("dateadd", nodes, 3)
    part = _part(nodes[0], "dateadd")
    count = convert(binder.expression(nodes[1], scope), INT)
    value = binder.expression(nodes[2], scope)
    value = convert(value, DATETIME) if value.type.name in TEXT else _moment(value)
    kind, nullable = value.type, value.nullable or count.nullable
    if part not in _CLOCK | _DAYS | _MONTHS:
        raise SqlServerError(9806, f"The datepart {part} is not supported by date function dateadd.")
    if (kind.name == "time" and part not in _CLOCK) or (kind.name == "date" and part in _CLOCK):
        raise SqlServerError(
            9810, f"The datepart {part} is not supported by date function dateadd for data type {kind.name}."
        )
    return Bound(_added(value.sql, kind, part, count.sql), kind, nullable)


def _added(sql: str, kind: SqlType, part: str, count: str) -> str:
    overflow = fail(517, f"Adding a value to a '{kind.name}' column caused an overflow.")
    local = ticks_of(sql, kind)
    if part in _MONTHS:
        return _months_added(sql, kind, f"({count}) * CAST({_MONTHS[part]} AS BIGINT)", overflow)
    step = _DAYS[part] * DAY if part in _DAYS else _CLOCK[part]
    # A count of days reaches beyond 64 bits of ticks.
    wide = "HUGEINT" if step > MINUTE else "BIGINT"
    steps = f"CAST({count} AS {wide}) * {step}" if step else f"tsql_floor_divide({count} + 50, 100)"
    if kind.name == "time":
        moved = f"CAST({local} % {DAY} + {steps} % {DAY} + {DAY} AS BIGINT)"
        return f"CASE WHEN {sql} IS NOT NULL AND {count} IS NOT NULL THEN {stored(moved, kind)} END"
    moved = f"({local} + {steps})"
    if kind.name == "datetimeoffset":
        utc = f"(({sql}).utc + {steps})"
        moment = offset_moment(f"CAST({utc} AS BIGINT)", f"({sql}).offset_minutes", kind)
        return within(moved, kind, within(utc, kind, moment, overflow), overflow)
    return within(moved, kind, stored(f"CAST({moved} AS BIGINT)", kind), overflow)


def _months_added(sql: str, kind: SqlType, months: str, overflow: str) -> str:
    """The same day and clock of another month, or that month's last day."""
    start = timestamp_of(sql, kind)
    if kind.name == "datetimeoffset":
        day = f"tsql_ticks({_in_month(start, months)})"
        shift = f"({day} - tsql_ticks(CAST({start} AS DATE)))"
        utc = f"(({sql}).utc + {shift})"
        moment = offset_moment(utc, f"({sql}).offset_minutes", kind)
        moment = within(utc, kind, moment, overflow)
    elif duckdb_type(kind) == "BIGINT":
        moment = f"(tsql_ticks({_in_month(start, months)}) + {sql} % {DAY})"
    else:
        clock = "" if kind.name == "date" else f" + ({sql} - CAST({sql} AS DATE))"
        moment = f"CAST({_in_month(start, months)}{clock} AS {duckdb_type(kind)})"
        if kind.name in ("datetime", "smalldatetime"):
            moved = f"tsql_ticks({moment})"
            moment = within(moved, kind, moment, overflow)
    number = f"(year({start}) * 12 + month({start}) - 1 + {months})"
    return f"CASE WHEN {number} NOT BETWEEN 12 AND 119999 THEN {overflow} ELSE {moment} END"


def _in_month(start: str, months: str) -> str:
    """Midnight of the day, so many months on."""
    return f"(CAST({start} AS DATE) + to_months(CAST({months} AS INTEGER)))"


def _datediff(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    return _difference("datediff", INT, binder, nodes, scope)


def _datediff_big(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    return _difference("datediff_big", BIGINT, binder, nodes, scope)


def _difference(name: str, kind: SqlType, binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    """The number of boundaries crossed; weeks begin on Sunday."""
    _arity(name, nodes, 3)
    part = _part(nodes[0], name)
    values = [_moment(binder.expression(node, scope)) for node in nodes[1:]]
    starts, ends = (utc_ticks_of(value.sql, value.type) for value in values)
    overflow = fail(
        535,
        f"The {name} function resulted in an overflow. The number of dateparts separating two date/time "
        f"instances is too large. Try to use {name} with a less precise datepart.",
    )
    if part == "nanosecond":
        most = (_LAST_COUNT if kind is INT else 2**63 - 1) // 100
        sql = f"({ends} - {starts})"
        sql = f"CASE WHEN abs({sql}) > {most} THEN {overflow} ELSE {sql} * 100 END"
    elif part in _CLOCK or part in _DAYS:
        # 0001-01-01 was a Monday.
        unit, shift = (7 * DAY, DAY) if part == "week" else (_CLOCK.get(part, DAY), 0)
        sql = f"(({ends} + {shift}) // {unit} - ({starts} + {shift}) // {unit})"
    elif part in _MONTHS:
        sql = f"({_months(ends, part)} - {_months(starts, part)})"
    else:
        raise SqlServerError(9806, f"The datepart {part} is not supported by date function {name}.")
    if kind is INT:
        sql = f"CASE WHEN abs({sql}) > {_LAST_COUNT} THEN {overflow} ELSE CAST({sql} AS INTEGER) END"
    return Bound(f"CAST({sql} AS {duckdb_type(kind)})", kind, any(value.nullable for value in values))


def _months(ticks: str, part: str) -> str:
    day = f"tsql_timestamp({ticks})"
    return f"((year({day}) * 12 + month({day}) - 1) // {_MONTHS[part]})"


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
    sql, kind = timestamp_of(value.sql, value.type), value.type
    fraction = f"({ticks_of(value.sql, kind)} % {SECOND} * 100)"
    forms = {
        "week": f"(dayofyear({sql}) + dayofweek(date_trunc('year', CAST({sql} AS DATE))) - 1) // 7 + 1",
        "iso_week": f"weekofyear({sql})",
        "weekday": f"dayofweek({sql}) + 1",
        "second": f"CAST(strftime({sql}, '%S') AS INTEGER)",
        "millisecond": f"{fraction} // 1000000",
        "microsecond": f"{fraction} // 1000",
        "nanosecond": fraction,
    }
    return Bound(f"CAST({forms.get(part, f'{part}({sql})')} AS INTEGER)", INT, value.nullable)


def _datename(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    _arity("datename", nodes, 2)
    part = _part(nodes[0], "datename")
    value = _moment(binder.expression(nodes[1], scope))
    kind = SqlType("nvarchar", length=30)
    sql = timestamp_of(value.sql, value.type)
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
    start = f"CAST(date_trunc('{part}', {timestamp_of(value.sql, value.type)}) AS TIMESTAMP)"
    return value.typed(stored(f"tsql_ticks({start})", value.type), value.type)


def _single(part: str) -> Function:
    return simple(lambda value: _part_of(part, _moment(value)), 1)


def _eomonth(value: Bound, months: Bound | None = None) -> Bound:
    day = convert(_moment(value), FIXED["date"])
    sql = day.sql
    if months is not None:
        sql = _added(sql, FIXED["date"], "month", convert(months, INT).sql)
    return Bound(f"last_day({sql})", FIXED["date"], True)


def _now(kind: SqlType, *, utc: bool = False) -> Function:
    def call(binder: Binder, _arguments: list[Bound]) -> Bound:
        clock = binder.environment.clock
        ticks = literals.round_ticks(clock.utc if utc else clock.local, kind)
        return Bound(literals.moment_sql(ticks, clock.offset_minutes, kind), kind, nullable=False)

    return Function(call, 0)


def _todatetimeoffset(value: Bound, offset: Bound) -> Bound:
    moment = convert(_moment(value), PRECISE)
    minutes = _minutes(offset)
    utc = f"({moment.sql} - CAST({minutes} AS BIGINT) * {MINUTE})"
    return _there("todatetimeoffset", utc, minutes, Bound(moment.sql, OFFSET, moment.nullable))


def _switchoffset(value: Bound, offset: Bound) -> Bound:
    moment = convert(value, OFFSET) if value.type.name != "datetimeoffset" else value
    minutes = _minutes(offset)
    return _there("switchoffset", f"({moment.sql}).utc", minutes, moment)


def _there(name: str, utc: str, minutes: str, moment: Bound) -> Bound:
    """The moment on a clock of another offset."""
    wrong = fail(9812, f"The timezone provided to builtin function {name} is invalid.")
    overflow = fail(
        9813,
        f"The timezone provided to builtin function {name} would cause the datetimeoffset to overflow the "
        "range of valid date range in either UTC or local time.",
    )
    local = f"({utc} + CAST({minutes} AS BIGINT) * {MINUTE})"
    struct = offset_moment(utc, minutes, moment.type)
    sql = within(utc, PRECISE, within(local, PRECISE, struct, overflow), overflow)
    sql = f"CASE WHEN {minutes} NOT BETWEEN -840 AND 840 THEN {wrong} ELSE {sql} END"
    return Bound(sql, moment.type, moment.nullable)


def _minutes(offset: Bound) -> str:
    if isinstance(offset.constant, str):
        return str(literals.read_moment(f"2000-01-01 00:00:00 {offset.constant}", OFFSET)[1])
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
    "SYSDATETIME": _now(PRECISE),
    "SYSUTCDATETIME": _now(PRECISE, utc=True),
    "SYSDATETIMEOFFSET": _now(OFFSET),
    "YEAR": _single("year"),
    "MONTH": _single("month"),
    "DAY": _single("day"),
    "EOMONTH": simple(_eomonth, 1, 2),
    "TODATETIMEOFFSET": simple(_todatetimeoffset, 2),
    "SWITCHOFFSET": simple(_switchoffset, 2),
    "DATEFROMPARTS": simple(_datefromparts, 3),
}
