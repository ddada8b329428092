"""VARCHAR(n) holds no more than n characters: a cast of a longer text to it is an error in Snowflake.

fakesnow 0.12.1 drops the length. To be dropped when its `transforms.extract_text_length` checks casts.
"""

from __future__ import annotations

from sqlglot import Expr, exp

TEXTS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT, exp.DataType.Type.CHAR)


def casts(expression: Expr) -> Expr:
    """A cast to VARCHAR(n) that refuses a longer text, as Snowflake does."""
    if (
        isinstance(expression, exp.Cast)
        and not isinstance(expression, exp.TryCast)
        and expression.to.this in TEXTS
        and expression.to.expressions
    ):
        length = exp.Literal.number(expression.to.expressions[0].name)
        return exp.Anonymous(this="_sf_varchar", expressions=[expression.this, length])
    return expression
