"""SELECT @v = …: an assignment a row, in the rows' order; without a row the variables keep their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import variables
from sandbox.sqlserver.engine.aggregates import AGGREGATES
from sandbox.sqlserver.engine.bound import NOT_CONSTANT, Bound, not_modelled, quote
from sandbox.sqlserver.engine.conversion import convert, require_implicit
from sandbox.sqlserver.engine.types import INT
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

Variables = dict[str, tuple[SqlType, Any]]


def assigned_variable(item: exp.Expr) -> str | None:
    """The variable of `@v = expression`."""
    return _variable(item.this) if isinstance(item, exp.EQ) else None


def assign(session: Session, known: Variables, tree: exp.Select, names: list[str]) -> int:
    """Assign to the variables `names`, one for each item of the select list.

    Where no expression reads what the statement assigns, the last row alone counts, and one query gives it.

    Returns:
        The number of rows.

    Raises:
        SqlServerError: 137 a variable was not declared.
    """
    for name in names:
        if name not in known:
            raise SqlServerError(137, f'Must declare the scalar variable "@{name}".', severity=15)
    values = [item.args["expression"].copy() for item in tree.expressions]
    if any(_reads(value, names) for value in values):
        return _row_by_row(session, known, tree, list(zip(names, values, strict=True)))
    rows = _rows(session, known, tree, values, [known[name][0] for name in names])
    for row in rows[-1:]:
        known.update(zip(names, row, strict=True))
    return len(rows)


def _row_by_row(
    session: Session, known: Variables, tree: exp.Select, assignments: list[tuple[str, exp.Expr]]
) -> int:
    """`@s = @s + c`: what depends on the row is queried first; then each row's assignments, left to right."""
    if tree.args.get("distinct") is not None or _orders_by_position(tree):
        raise not_modelled("SELECT @v = … that reads @v, with DISTINCT or ORDER BY a position")
    hoisted: list[exp.Expr] = []
    names = [name for name, _ in assignments]
    steps = [(name, _hoist(value, names, hoisted)) for name, value in assignments]
    rows = _rows(session, known, tree, hoisted or [exp.Literal.number(1)], None)
    for row in rows:
        for name, value in steps:
            frame = known | {_row_variable(at): cell for at, cell in enumerate(row)}
            bound = session.binder(frame).expression(value)
            known[name] = variables.compute(session, bound, known[name][0])
    return len(rows)


def _rows(
    session: Session, known: Variables, tree: exp.Select, items: list[exp.Expr], targets: list[SqlType] | None
) -> list[list[tuple[SqlType, Any]]]:
    """The query's rows with another select list, as values of variables of the target types."""
    tree = tree.copy()
    tree.set("expressions", [exp.alias_(item, _row_variable(at)) for at, item in enumerate(items)])
    query = session.binder(known).query(tree)
    wanted = targets or [INT if column.type.name == "null" else column.type for column in query.columns]
    cells = []
    for name, column, target in zip(query.names, query.columns, wanted, strict=True):
        constant = None if column.type.name == "null" else NOT_CONSTANT
        value = Bound(f'"q".{quote(name)}', column.type, constant=constant)
        require_implicit(value, target)
        cells.append(variables.readable(convert(value, target)))
    sql = f'SELECT {", ".join(cells)} FROM ({query.sql}) AS "q"'
    rows = session.connection.execute(sql).fetchall()
    return [
        [(target, variables.plain(cell, target)) for cell, target in zip(row, wanted, strict=True)]
        for row in rows
    ]


def _row_variable(at: int) -> str:
    return f"__row{at}"


def _variable(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Var):
        return str(node.this.name).lower()
    return None


def _reads(node: exp.Expr, names: list[str]) -> bool:
    return any(_variable(parameter) in names for parameter in node.find_all(exp.Parameter))


def _hoist(node: exp.Expr, names: list[str], hoisted: list[exp.Expr]) -> exp.Expr:
    """The expression with a variable in place of each part that only its row can tell."""
    if _depends_on_row(node):
        if isinstance(node, exp.Exists) or _reads(node, names):
            raise not_modelled("SELECT @v = … that reads @v inside of an aggregate or beside a subquery")
        hoisted.append(node.copy())
        return exp.Parameter(this=exp.Var(this=_row_variable(len(hoisted) - 1)))
    for child in list(node.iter_expressions()):
        replaced = _hoist(child, names, hoisted)
        if replaced is not child:
            child.replace(replaced)
    return node


def _depends_on_row(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous) and str(node.this).upper() in AGGREGATES:
        return True
    return isinstance(node, exp.Column | exp.Window | exp.WithinGroup | exp.Query | exp.Exists)


def _orders_by_position(tree: exp.Select) -> bool:
    order = tree.args.get("order")
    return order is not None and any(isinstance(item.this, exp.Literal) for item in order.expressions)


def assignments_only(items: list[exp.Expr]) -> Iterator[str]:
    """The variables of a select list that assigns. Raises SqlServerError 141 where it also gives data."""
    for item in items:
        name = assigned_variable(item)
        if name is None:
            raise SqlServerError(
                141,
                "A SELECT statement that assigns a value to a variable must not be combined with "
                "data-retrieval operations.",
                severity=15,
            )
        yield name
