"""Identifiers: reserved words of the engine, and names given as values.

fakesnow 0.12.1 leaves AT unquoted, a word of DuckDB's only, and takes IDENTIFIER('"a"."b"') for one name.
To be dropped when sqlglot quotes DuckDB's reserved words and fakesnow's `transforms.identifier` reads
quoted parts.
"""

from __future__ import annotations

from fakesnow.params import MutableParams, pop_qmark_param
from sqlglot import Expr, exp


def quoted(expression: Expr) -> Expr:
    """Every identifier in quotes: AT or OFFSET are words of the engine only; case does not matter to it."""
    if isinstance(expression, exp.Identifier) and not expression.quoted:
        expression.set("quoted", True)
    return expression


def from_function(expression: Expr, params: MutableParams | None) -> Expr:
    """IDENTIFIER('name') and IDENTIFIER(?) as the name, which may have several quoted parts."""
    if not isinstance(expression, exp.Table):
        return expression
    this = expression.this
    if isinstance(this, exp.Anonymous) and this.name.upper() == "IDENTIFIER":
        given = this.expressions[0]
    elif isinstance(this, exp.DynamicIdentifier):
        given = this.this
    else:
        return expression
    is_bound = isinstance(given, exp.Placeholder)
    name = str(pop_qmark_param(params, given.root(), given)) if is_bound else given.name
    return exp.to_table(name, dialect="snowflake")
