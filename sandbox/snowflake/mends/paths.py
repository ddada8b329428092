"""Chained brackets, v['a']['b'][2]['c']: fakesnow 0.12.1 turns every other one into a path.

The others stay DuckDB's brackets, whose indices begin at 1: the value is NULL without a word. To be dropped
when fakesnow's `transforms.indices_to_json_extract` also changes a bracket inside of one that it has
changed.
"""

from __future__ import annotations

from sqlglot import Expr, exp


def chained(expression: Expr) -> Expr:
    """The outermost of several brackets with literals in them as one path into the value."""
    if not isinstance(expression, exp.Bracket) or isinstance(expression.parent, exp.Bracket):
        return expression
    keys: list[Expr] = []
    value: Expr = expression
    while isinstance(value, exp.Bracket) and (key := _key(value)):
        keys.insert(0, key)
        value = value.this
    if len(keys) < 2:
        return expression
    return exp.JSONExtract(
        this=value.copy(), expression=exp.JSONPath(expressions=[exp.JSONPathRoot(), *keys])
    )


def _key(bracket: exp.Bracket) -> Expr | None:
    given = bracket.expressions[0] if len(bracket.expressions) == 1 else None
    if not isinstance(given, exp.Literal):
        return None
    if given.is_string:
        return exp.JSONPathKey(this=given.name)
    return exp.JSONPathSubscript(this=int(given.name))
