"""Identifiers that are reserved words of the engine only, such as AT or OFFSET."""

from __future__ import annotations

from sqlglot import Expr, exp


def quoted(expression: Expr) -> Expr:
    """Every identifier in quotes; the engine compares names without case all the same."""
    if isinstance(expression, exp.Identifier) and not expression.quoted:
        expression.set("quoted", True)
    return expression
