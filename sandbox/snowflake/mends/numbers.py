"""NUMBER stays exact: no detour through doubles, and 38 digits where Snowflake has 38.

fakesnow 0.12.1 keeps NUMBER(38, 0) in 64 bits (`transforms.integer_precision`) and casts what it sums to
DOUBLE (`transforms.numeric_agg_implicit_cast`). To be dropped when both keep decimals.
"""

from __future__ import annotations

from fakesnow.transforms.transforms import _numeric_agg_col_name
from sqlglot import Expr, exp

INTEGERS = {
    exp.DataType.Type.INT,
    exp.DataType.Type.SMALLINT,
    exp.DataType.Type.TINYINT,
    exp.DataType.Type.BIGINT,
}
BINARIES = {exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY}

DIGITS_OF_INT32 = 10


def types(expression: Expr) -> Expr:
    """Every integer type of Snowflake is NUMBER(38, 0), and so is NUMBER without a precision."""
    if isinstance(expression, exp.DataType) and (
        expression.this in INTEGERS
        or (expression.this == exp.DataType.Type.DECIMAL and not expression.expressions)
    ):
        digits = [exp.DataTypeParam(this=exp.Literal.number(number)) for number in (38, 0)]
        return exp.DataType(this=exp.DataType.Type.DECIMAL, expressions=digits, nested=False)
    if isinstance(expression, exp.DataType) and expression.this in BINARIES:
        expression.set("expressions", [])
    return expression


def wide_literals(expression: Expr) -> Expr:
    """An integer of ten digits or more as 128 bits: the engine's sums would overflow at 64."""
    if (
        isinstance(expression, exp.Literal)
        and not expression.is_string
        and len(expression.name) >= DIGITS_OF_INT32
        and expression.name.isdigit()
        and isinstance(expression.parent, exp.Add | exp.Sub | exp.Neg)
    ):
        return exp.cast(expression.copy(), exp.DataType.Type.INT128)
    return expression


def aggregate_names(expression: Expr) -> Expr:
    """Name an aggregate's column as Snowflake does, without casting its argument to double."""
    if isinstance(expression.parent, exp.Select) and (
        name := _numeric_agg_col_name(expression, expression.this)
    ):
        return exp.alias_(expression, name, quoted=True)
    return expression
