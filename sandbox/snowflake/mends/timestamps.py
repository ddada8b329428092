"""TIMESTAMP_NTZ and TIME keep the digits that they declare: 100 ns needs the engine's nanosecond types."""

from __future__ import annotations

from sqlglot import Expr, exp

MICROSECONDS = 6


def types(expression: Expr) -> Expr:
    """TIMESTAMP_NTZ(7..9) and TIME(7..9) in nanoseconds, others in microseconds."""
    if not isinstance(expression, exp.DataType):
        return expression
    digits = int(expression.expressions[0].name) if expression.expressions else MICROSECONDS
    if expression.this in (exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.TIMESTAMP):
        return exp.DataType.build("TIMESTAMP_NS" if digits > MICROSECONDS else "TIMESTAMP", dialect="duckdb")
    if expression.this in (exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ):
        return exp.DataType.build("TIMESTAMPTZ", dialect="duckdb")
    if expression.this == exp.DataType.Type.TIME:
        return exp.DataType.build("TIME_NS" if digits > MICROSECONDS else "TIME", dialect="duckdb", udt=True)
    return expression
