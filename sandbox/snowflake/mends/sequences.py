"""DEFAULT sequence.NEXTVAL: fakesnow 0.12.1 gives the call an alias, which no default of a column may have.

To be dropped when fakesnow's `transforms.sequence_nextval` adds the alias in the list of a SELECT only.
"""

from __future__ import annotations

from sqlglot import Expr, exp


def default(expression: Expr) -> Expr:
    """A column's default `s.NEXTVAL` as the engine's call."""
    if (
        isinstance(expression, exp.DefaultColumnConstraint)
        and isinstance(expression.this, exp.Column)
        and expression.this.name.upper() == "NEXTVAL"
        and expression.this.table
    ):
        name = exp.Literal.string(expression.this.table)
        return exp.DefaultColumnConstraint(this=exp.Anonymous(this="nextval", expressions=[name]))
    return expression
