"""MERGE as the engine's own MERGE takes it.

fakesnow 0.12.1 makes several statements of a MERGE: it is not atomic, and one of two source rows for a
target row wins silently. DuckDB's MERGE does both right, without the target's name before the columns that
it sets. To be dropped when fakesnow's `transforms.merge` is DuckDB's MERGE.
"""

from __future__ import annotations

from sqlglot import Expr, exp


def unqualified_targets(expression: Expr) -> Expr:
    """Columns that a clause sets or inserts into, without the target's name before them."""
    if isinstance(expression, exp.When):
        then = expression.args.get("then")
        if isinstance(then, exp.Update):
            targets = [item.this for item in then.expressions]
        elif isinstance(then, exp.Insert) and then.this:
            targets = then.this.expressions
        else:
            targets = []
        for target in targets:
            if isinstance(target, exp.Column):
                target.set("table", None)
                target.set("db", None)
                target.set("catalog", None)
    return expression
