"""Operators that the engine has of integers only, where NUMBERs are decimals here."""

from __future__ import annotations

from sqlglot import Expr, exp

BITWISE = (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)


def bits(expression: Expr) -> Expr:
    """BITAND, BITOR and BITXOR of NUMBERs as those of 128-bit integers."""
    if isinstance(expression, BITWISE):
        for side in ("this", "expression"):
            expression.set(side, exp.cast(expression.args[side].copy(), exp.DataType.Type.INT128))
    return expression
