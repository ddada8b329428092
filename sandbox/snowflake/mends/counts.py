"""COUNT_IF of no row is 0: sqlglot 30.22.0 passes it on to DuckDB's COUNT_IF, which is NULL then.

To be dropped when DuckDB's COUNT_IF of no row is 0, or sqlglot's DuckDB generator counts.
"""

from __future__ import annotations

from sqlglot import Expr, exp


def count_if(expression: Expr) -> Expr:
    """COUNT_IF as a count of the rows where the condition holds, in a window too."""
    if isinstance(expression, exp.CountIf):
        one = exp.If(this=expression.this, true=exp.Literal.number(1))
        return exp.Count(this=exp.Case(ifs=[one]))
    return expression
