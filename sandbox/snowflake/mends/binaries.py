"""BINARY of a text reads hexadecimal digits: sqlglot 30.22.0 passes on a cast that takes its own bytes.

TO_BINARY(text) without a format becomes DuckDB's `to_binary`, which writes bits. To be dropped when
sqlglot's DuckDB generator makes `UNHEX` of both.
"""

from __future__ import annotations

from sqlglot import Expr, exp

BINARIES = (exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY)


def casts(expression: Expr) -> Expr:
    """A cast to BINARY, and TO_BINARY(value), by the type of the value."""
    if isinstance(expression, exp.TryCast):
        return expression
    if isinstance(expression, exp.Cast) and expression.to.this in BINARIES:
        return exp.Anonymous(this="_sf_binary", expressions=[expression.this])
    if isinstance(expression, exp.ToBinary) and not expression.args.get("format"):
        return exp.Anonymous(this="_sf_binary", expressions=[expression.this])
    return expression
