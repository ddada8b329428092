"""TIMESTAMP_NTZ and TIME keep the digits that they declare: 100 ns needs the engine's nanosecond types.

fakesnow 0.12.1 makes microseconds of all of them, and TIMESTAMPs of the DATEs that DATE_TRUNC gets. To be
dropped when its `transforms.timestamp_ntz` and `transforms.to_timestamp` keep 9 digits and its dates stay
dates.
"""

from __future__ import annotations

from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported

MICROSECONDS = 6
NTZ = (exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.TIMESTAMP)
TO_TIMESTAMP = {
    "TO_TIMESTAMP": "_sf_timestamp_ntz",
    "TO_TIMESTAMP_NTZ": "_sf_timestamp_ntz",
    "TO_TIMESTAMP_TZ": "_sf_timestamp_tz",
    "TO_TIMESTAMP_LTZ": "_sf_timestamp_ltz",
}
TZ = exp.DataType.Type.TIMESTAMPTZ
TRY = "TRY_"
DAYS_AND_MORE = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


def casts(expression: Expr) -> Expr:
    """A cast to a TIMESTAMP, and TO_TIMESTAMP(value), without losing digits or an offset."""
    if isinstance(expression, exp.Cast):
        if expression.to.this in (*NTZ, TZ):
            function = "_sf_timestamp_ns" if _digits(expression.to) > MICROSECONDS else "_sf_timestamp_ntz"
            if expression.to.this == TZ:
                function = "_sf_timestamp_tz"
            made = exp.Anonymous(this=function, expressions=[_typed(expression.this)])
            return _tried(made) if isinstance(expression, exp.TryCast) else made
    elif isinstance(expression, exp.StrToTime) and _is_tz(expression.args.get("target_type")):
        raise unsupported("TO_TIMESTAMP_TZ with a format")
    elif isinstance(expression, exp.TimestampTzFromParts):
        raise unsupported("TIMESTAMP_TZ_FROM_PARTS")
    elif isinstance(expression, exp.UnixToTime) and not expression.args.get("scale"):
        return exp.Anonymous(this="_sf_timestamp_ntz", expressions=[expression.this])
    elif (
        isinstance(expression, exp.Anonymous)
        and expression.name.upper().removeprefix(TRY) in TO_TIMESTAMP
        and len(expression.expressions) == 1
    ):
        name = expression.name.upper()
        made = exp.Anonymous(this=TO_TIMESTAMP[name.removeprefix(TRY)], expressions=expression.expressions)
        return _tried(made) if name.startswith(TRY) else made
    return expression


def convert_timezone(expression: Expr) -> Expr:
    """CONVERT_TIMEZONE(zone, value), whose result has the zone's offset at that instant."""
    if isinstance(expression, exp.ConvertTimezone) and not expression.args.get("source_tz"):
        value = exp.Anonymous(this="_sf_timestamp_tz", expressions=[expression.args["timestamp"]])
        return exp.Anonymous(this="_sf_tz_in_zone", expressions=[value, expression.args["target_tz"]])
    return expression


def _tried(value: exp.Anonymous) -> Expr:
    """NULL where the text is no timestamp at all; one that the stand-in cannot keep is an error still."""
    text = exp.cast(value.expressions[0].copy(), "VARCHAR")
    is_readable = exp.Anonymous(this="_sf_is_timestamp", expressions=[text])
    return exp.Case(ifs=[exp.If(this=is_readable, true=value)])


def arithmetic(expression: Expr) -> Expr:
    """DATE_TRUNC and DATEADD with the types that Snowflake gives them."""
    if isinstance(expression, exp.DateTrunc | exp.TimestampTrunc):
        unit = exp.Literal.string(expression.text("unit").lower())
        return exp.Anonymous(this="_sf_date_trunc", expressions=[unit, _typed(expression.this)])
    if isinstance(expression, exp.DateAdd | exp.TimestampAdd | exp.TimeAdd | exp.TsOrDsAdd):
        part = expression.text("unit").upper() or "DAY"
        function = "_sf_add_days" if part in DAYS_AND_MORE else "_sf_add_time"
        count = exp.Paren(this=expression.expression)
        span = exp.Interval(this=count, unit=exp.var(part))
        return exp.Anonymous(this=function, expressions=[_typed(expression.this), span])
    return expression


def _typed(value: Expr) -> Expr:
    """NULL as a DATE: it fits several overloads."""
    return exp.cast(value, exp.DataType.Type.DATE) if isinstance(value, exp.Null) else value


def types(expression: Expr) -> Expr:
    """TIMESTAMP_NTZ(7..9) and TIME(7..9) in nanoseconds, others in microseconds."""
    if not isinstance(expression, exp.DataType):
        return expression
    if expression.this in NTZ:
        return _named("TIMESTAMP_NS" if _digits(expression) > MICROSECONDS else "TIMESTAMP")
    if expression.this == TZ:
        return exp.DataType(this=exp.DataType.Type.INTERVAL)  # see zoned/
    if expression.this == exp.DataType.Type.TIMESTAMPLTZ:
        return _named("TIMESTAMPTZ_NS" if _digits(expression) > MICROSECONDS else "TIMESTAMPTZ")
    if expression.this == exp.DataType.Type.TIME:
        return _named("TIME_NS" if _digits(expression) > MICROSECONDS else "TIME")
    return expression


def _named(name: str) -> exp.DataType:
    known = exp.DataType.Type.__members__.get(name)
    if known is None:
        return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=name)
    return exp.DataType(this=known, nested=False)


def _is_tz(kind: exp.DataType | None) -> bool:
    return kind is not None and kind.this == TZ


def _digits(kind: exp.DataType) -> int:
    return int(kind.expressions[0].name) if kind.expressions else MICROSECONDS
