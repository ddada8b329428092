"""CURRENT_TIMESTAMP and its like are when the statement began.

fakesnow 0.12.1 passes them on to DuckDB, where they are when its transaction began. To be dropped when
fakesnow puts the statement's start in their place.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlglot import Expr, exp

MOMENTS = (exp.CurrentTimestamp, exp.Localtimestamp, exp.CurrentDate, exp.CurrentTime, exp.Localtime)


def fixed(expression: Expr, now: datetime | None = None) -> Expr:
    """The statement with the moment, UTC, in place of the functions that ask for it."""
    text = f"{now or datetime.now(UTC).replace(tzinfo=None)}"
    return expression.transform(lambda node: _value(node, text), copy=False)


def _value(node: Expr, moment: str) -> Expr:
    if not isinstance(node, MOMENTS):
        return node
    is_zoned = isinstance(node, exp.CurrentTimestamp) and not node.args.get("sysdate")
    value = exp.cast(exp.Literal.string(moment), "TIMESTAMPLTZ" if is_zoned else "TIMESTAMPNTZ")
    if isinstance(node, exp.CurrentDate):
        return exp.cast(value, "DATE")
    if isinstance(node, exp.CurrentTime | exp.Localtime):
        return exp.cast(value, "TIME")
    return value
