"""INSERT OVERWRITE: the rows are computed before the old ones go, as they may come from the same table.

fakesnow 0.12.1 deletes first, so that a query of the same table gives no row and one that fails leaves
none. To be dropped when fakesnow's `transforms.insert_overwrite` computes the rows first.
"""

from __future__ import annotations

from sqlglot import Expr, exp

ASIDE = exp.table_("_OVERWRITE", db="main", catalog="temp")


def insert_overwrite(expression: Expr) -> list[Expr]:
    """The statements that INSERT OVERWRITE stands for, to be run in one transaction; others as they are."""
    if not (isinstance(expression, exp.Insert) and expression.args.get("overwrite")):
        return [expression]
    target = expression.this.this if isinstance(expression.this, exp.Schema) else expression.this
    insert = expression.copy()
    insert.set("overwrite", None)
    insert.set("expression", exp.select("*").from_(ASIDE.copy()))
    rows = expression.expression
    query = rows if isinstance(rows, exp.Query) and not isinstance(rows, exp.Values) else None
    if query is None:
        query = exp.select("*").from_(exp.alias_(rows.copy(), "rows", table=True))
    return [
        exp.Create(
            this=exp.table_("_OVERWRITE"),
            kind="TABLE",
            replace=True,
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
            expression=query.copy(),
        ),
        exp.Delete(this=target.copy()),
        insert,
    ]


def is_aside(expression: Expr) -> bool:
    """Whether the statement puts the new rows of an INSERT OVERWRITE aside."""
    return isinstance(expression, exp.Create) and (
        isinstance(expression.this, exp.Table) and expression.this.name == ASIDE.name
    )
