"""What a statement does with TIMESTAMP_TZ values: left to the engine, rewritten or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from sqlglot import Expr, exp

from sandbox.snowflake.decimals.probes import BOUND, NOT_VOLATILE
from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.zoned.columns import converted, is_converted
from sandbox.snowflake.zoned.macros import OVERLOADS

COMPARISONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In
)  # fmt: skip
SITES = (exp.Func, exp.Binary, exp.Between, exp.In, exp.Unary)
NO_SITES = (exp.Paren, exp.Dot)
VALUES = (
    exp.Column, exp.Func, exp.Binary, exp.Unary, exp.Subquery, exp.Window, exp.Case, exp.Cast, *COMPARISONS
)  # fmt: skip
AS_THEY_ARE = (
    exp.And, exp.Or, exp.Xor, exp.Not, exp.Is, exp.Coalesce, exp.If, exp.Case, exp.Nvl2, exp.Nullif,
    exp.Greatest, exp.Least, exp.Max, exp.Min, exp.Count, exp.AnyValue, exp.First, exp.Last, exp.FirstValue,
    exp.LastValue, exp.NthValue, exp.Lag, exp.Lead, exp.ArgMax, exp.ArgMin, exp.EqualNull, exp.Exists,
    exp.DecodeCase,
)  # fmt: skip
"""The engine goes by the instant, and gives one of its operands or none of them."""
OF_THE_WALL_CLOCK = (
    exp.Year, exp.Quarter, exp.Month, exp.Day, exp.Hour, exp.Minute, exp.Second, exp.Week, exp.WeekOfYear,
    exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfMonth, exp.DayOfYear, exp.YearOfWeek, exp.YearOfWeekIso,
    exp.Dayname, exp.Monthname, exp.LastDay, exp.TsOrDsToDate, exp.Date,
)  # fmt: skip
PARTS_OF_THE_WALL_CLOCK = {
    "YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "WEEK", "WEEKISO", "DAYOFWEEK",
    "DAYOFWEEKISO", "DAYOFYEAR", "ISODOW", "DOW", "DOY", "DAYOFMONTH", "YEAROFWEEK", "YEAROFWEEKISO",
}  # fmt: skip
OTHER_PARTS = {
    "TIMEZONE_HOUR": "_sf_tz_hours",
    "TIMEZONE_MINUTE": "_sf_tz_rest_of_hour",
    "EPOCH_SECOND": "_sf_tz_epoch_s",
    "EPOCH_MILLISECOND": "_sf_tz_epoch_ms",
    "EPOCH_MICROSECOND": "_sf_tz_us",
    "EPOCH_NANOSECOND": "_sf_tz_epoch_ns",
    "NANOSECOND": "_sf_tz_fraction",
}
TEXTS = (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)
MOMENTS = {
    exp.DataType.Type.DATE: "_sf_tz_wall",
    exp.DataType.Type.TIME: "_sf_timestamp_ntz",
    exp.DataType.Type.TIMESTAMPTZ: "_sf_tz_instant",
}
"""What a cast to one of these types takes of a TIMESTAMP_TZ."""
BY_INSTANT = {"SECOND", "MINUTE", "MILLISECOND", "MICROSECOND"}
"""DATEDIFF counts these alike at every offset."""
STRFTIME, FRACTION, OFFSET = "strftime", "%n", "_sf_offset"
OURS = {*OVERLOADS, "_sf_timestamp_tz", "_sf_tz_in_zone"}
NEUTRAL: dict[object, str] = {
    exp.DateDiff: "BIGINT",
    exp.Extract: "BIGINT",
    STRFTIME: "VARCHAR",
    exp.LastDay: "DATE",
    exp.Dayname: "VARCHAR",
    exp.Monthname: "VARCHAR",
} | dict.fromkeys(COMPARISONS, "BOOLEAN")
"""What the engine does not take with every operand, and the type of its result."""


def sites_of(statement: Expr) -> list[Expr]:
    """What computes with values, inner ones first."""
    nodes = reversed(list(statement.walk(bfs=False)))
    return [
        node
        for node in nodes
        if (isinstance(node, SITES) and not isinstance(node, NO_SITES)) or _is_row(node)
    ]


def operands_of(site: Expr) -> list[Expr]:
    """The operands whose type is to be asked for."""
    if _is_assignment(site):
        return [site.expression]
    nodes = [
        node
        for child in site.iter_expressions()
        for node in (child.expressions if isinstance(child, exp.Distinct) else [child])
    ]
    return [node for node in nodes if _is_value(node) and node.arg_key != "query"]


def settle(site: Expr, zoned: list[Expr]) -> None:
    """Put in the site's place what is right where these operands of it are TIMESTAMP_TZ values.

    Raises:
        ProgrammingError: 0A000, names what the stand-in does not do with such a value.
    """
    if _is_assignment(site) or _is_row(site):
        _check_stored(zoned)
    elif isinstance(site, COMPARISONS):
        _compare(site, zoned)
    elif not (isinstance(site, AS_THEY_ARE) or _name(site) in OURS):
        rewrite = next((done for kinds, done in REWRITTEN.items() if isinstance(site, kinds)), _call_of_name)
        rewrite(site)


def neutral(site: Expr) -> None:
    """Put something of the same type in the place of what the engine cannot bind with a TIMESTAMP_TZ."""
    kind = NEUTRAL.get(type(site)) or NEUTRAL.get(_name(site) or "")
    tests = [exp.If(this=node.copy().is_(exp.Null()), true=NOT_VOLATILE.copy()) for node in operands_of(site)]
    if kind and tests and not _is_assignment(site) and not _is_of_asof_join(site):
        site.replace(exp.cast(exp.Case(ifs=tests), kind))


def _is_value(node: Expr) -> bool:
    """Whether its type is to be asked for; what `neutral` replaces has to be one, before and after it."""
    is_part = isinstance(node, exp.If) and isinstance(node.parent, exp.Case)
    return isinstance(node, VALUES) and not is_part and not node.meta.get(BOUND)


def _is_assignment(node: Expr) -> bool:
    return isinstance(node, exp.EQ) and isinstance(node.parent, exp.Update) and node.arg_key == "expressions"


def _is_row(node: Expr) -> bool:
    """Whether it is a row that an INSERT stores."""
    holder = node.parent.parent if node.parent and isinstance(node.parent, exp.Values) else node.parent
    return isinstance(node, exp.Tuple) and isinstance(holder, exp.Insert) and node.arg_key != "this"


def _check_stored(zoned: list[Expr]) -> None:
    """What `store` has put in its place goes into a TIMESTAMP_TZ column, anything else into another one."""
    for value in zoned:
        if not is_converted(value):
            raise unsupported(f"storing the TIMESTAMP_TZ {value.sql('snowflake')} in another column: cast it")


def _is_of_asof_join(site: Expr) -> bool:
    """Whether the engine looks for an inequality there."""
    holder = site.find_ancestor(exp.Join, exp.Query)
    return isinstance(holder, exp.Join) and holder.args.get("method") == "ASOF"


def _compare(site: Expr, zoned: list[Expr]) -> None:
    if _is_of_asof_join(site):
        raise unsupported("ASOF JOIN on a TIMESTAMP_TZ")
    for node in list(site.iter_expressions()):
        if any(node is known for known in zoned) or isinstance(node, exp.Null | exp.All | exp.Any):
            continue
        if node.arg_key == "query":
            continue
        if isinstance(node, exp.Query | exp.Tuple) or (isinstance(node, exp.Literal) and not node.is_string):
            raise unsupported("comparing a TIMESTAMP_TZ with a number, a list or a query: cast it")
        node.replace(converted(node))


def _is_site(node: Expr) -> bool:
    return isinstance(node, SITES) and not isinstance(node, NO_SITES)


def _of_wall_clock(site: Expr) -> None:
    site.set("this", _call("_sf_tz_wall", site.this))


def _time(site: Expr) -> None:
    site.set("this", _call("_sf_timestamp_ntz", site.this))


def _text(site: Expr) -> None:
    if site.args.get("format"):
        _refuse(site)
    site.replace(_call("_sf_tz_text", site.this))


def _sum(site: Expr) -> None:
    span = site.expression
    if not isinstance(span, exp.Interval):
        _refuse(site)
    if isinstance(site, exp.Sub):
        span = exp.Neg(this=exp.Paren(this=span.copy()))
    site.replace(_call("_sf_add_time", site.this, span))


def _call_of_name(site: Expr) -> None:
    """A call that the translation has made, by its name."""
    name = _name(site)
    if name == STRFTIME:
        _format(site)
    elif name == OFFSET:
        site.replace(_call("_sf_tz_offset", site.expressions[0]))
    elif name == "_sf_varchar":
        site.set("expressions", [_call("_sf_tz_text", site.expressions[0]), *site.expressions[1:]])
    else:
        _refuse(site)


def _refuse(site: Expr) -> NoReturn:
    raise unsupported(
        f"{site.sql('snowflake')} of a TIMESTAMP_TZ: cast the value, to TIMESTAMP_NTZ or VARCHAR"
    )


def _cast(site: exp.Cast) -> None:
    kind = site.to.this
    if kind in TEXTS:
        site.replace(_call("_sf_tz_text", site.this))
    elif kind in MOMENTS:
        site.set("this", _call(MOMENTS[kind], site.this))
    elif kind != exp.DataType.Type.INTERVAL:
        raise unsupported(f"a cast of a TIMESTAMP_TZ to {site.to.sql('duckdb')}")


def _extract(site: exp.Extract) -> None:
    part = site.name.upper()
    if part in OTHER_PARTS:
        site.replace(_call(OTHER_PARTS[part], site.expression))
    elif part in PARTS_OF_THE_WALL_CLOCK:
        site.set("expression", _call("_sf_tz_wall", site.expression))
    else:
        raise unsupported(f"DATE_PART({part}) of a TIMESTAMP_TZ")


def _difference(site: exp.DateDiff) -> None:
    part = (site.text("unit") or "DAY").upper()
    function = "_sf_tz_diff_instants" if part in BY_INSTANT else "_sf_tz_diff_walls"
    start, end = converted(site.expression), converted(site.this)
    site.replace(_call(function, exp.Literal.string(part.lower()), start, end))


def _format(site: Expr) -> None:
    value, template = site.expressions
    if template.name == FRACTION:
        site.replace(_call("_sf_tz_digits", value))
    else:
        site.set("expressions", [_call("_sf_tz_wall", value), template])


def _call(name: str, *arguments: Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _name(site: Expr) -> str | None:
    return str(site.this) if isinstance(site, exp.Anonymous) else None


REWRITTEN: dict[Any, Callable[[Any], None]] = {
    exp.Cast: _cast,
    exp.ToChar: _text,
    OF_THE_WALL_CLOCK: _of_wall_clock,
    exp.TsOrDsToTime: _time,
    exp.Extract: _extract,
    exp.DateDiff: _difference,
    (exp.Add, exp.Sub): _sum,
}
