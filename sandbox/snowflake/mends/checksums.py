"""MD5_NUMBER_UPPER64, MD5_NUMBER_LOWER64 and OCTET_LENGTH: sqlglot 30.22.0 passes them on to an engine that
lacks the first two, and has the third for bytes only.

To be dropped when sqlglot's DuckDB generator writes all three.
"""

from __future__ import annotations

from sqlglot import Expr, exp

FUNCTIONS: dict[type[Expr], str] = {
    exp.MD5NumberUpper64: "_sf_md5_upper",
    exp.MD5NumberLower64: "_sf_md5_lower",
    exp.ByteLength: "_sf_octet_length",
}


def functions(expression: Expr) -> Expr:
    """A call of one of them as that of the engine's macro."""
    name = FUNCTIONS.get(type(expression))
    return exp.Anonymous(this=name, expressions=[expression.this]) if name else expression
