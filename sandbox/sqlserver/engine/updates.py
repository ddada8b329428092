"""UPDATE: read the rows before, compute them after, check, write, log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from sandbox.sqlserver.engine import constraints
from sandbox.sqlserver.engine.bound import Scope, not_modelled, quote
from sandbox.sqlserver.engine.conversion import implicit
from sandbox.sqlserver.engine.dml_text import Prepared
from sandbox.sqlserver.engine.inserts import default_sql
from sandbox.sqlserver.engine.model import ROW_ID, ColumnDef
from sandbox.sqlserver.engine.rows_found import FoundRows, found_rows
from sandbox.sqlserver.engine.selects import fetch, registered
from sandbox.sqlserver.engine.targets import (
    UPDATE,
    Target,
    computed_columns,
    next_rowversions,
    output_clause,
)
from sandbox.sqlserver.engine.work import Step
from sandbox.sqlserver.results import Result, SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder
    from sandbox.sqlserver.engine.session import Session

_AFTER = "__after_"


def run_update(
    session: Session, known: dict[str, tuple[SqlType, Any]], tree: exp.Update, prepared: Prepared
) -> Iterator[Result]:
    """Run an UPDATE, with FROM or without."""
    found = found_rows(session, known, tree, prepared, "UPDATE")
    target, binder = found.target, found.binder
    assigned = [_assignment(binder, target, item, found.scope) for item in tree.expressions]
    target.require_update([column for column, _sql in assigned])
    names = [column.name for column, _sql in assigned]
    items = [target.columns_sql(found.alias)]
    items += [f"{sql} AS {quote(_AFTER + column.name)}" for column, sql in assigned]
    both = fetch(session.connection, found.select(", ".join(items)))
    stored = [*(column.name for column in target.table.columns), ROW_ID]
    before = both.select(stored)
    after = _after(binder, target, before, both, names)
    changed = [*names, *(column.name for column in target.table.columns if column.computed is not None)]
    constraints.check_values(target, after, "UPDATE")
    target.check_lobs(after, names)
    cut = constraints.cut_blanks(target, after)
    if cut.num_rows:
        _write(found, assigned, cut, is_as_computed=cut is after)
        constraints.check_rows(target, cut, changed, "UPDATE")
        constraints.check_still_referenced(target, before, "UPDATE")
    after = cut
    _log(target, before, after, names)
    yield from output_clause(session, known, target, prepared.output, {"inserted": after, "deleted": before})
    yield session.done(after.num_rows, UPDATE)


def _assignment(binder: Binder, target: Target, node: exp.Expr, scope: Scope) -> tuple[ColumnDef, str]:
    if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
        raise not_modelled(f"UPDATE … SET {node.sql(dialect='tsql')[:60]}")
    column = target.table.column(node.this.name)
    if column is None:
        raise SqlServerError(207, f"Invalid column name '{node.this.name}'.")
    if column.identity:
        raise SqlServerError(8102, f"Cannot update identity column '{column.name}'.")
    if column.is_rowversion:
        raise SqlServerError(272, "Cannot update a timestamp column.")
    if column.computed is not None:
        raise SqlServerError(
            271,
            f'The column "{column.name}" cannot be modified because it is either a computed '
            "column or is the result "
            "of a UNION operator.",
        )
    value = node.args["expression"]
    if isinstance(value, exp.Column) and value.name.upper() == "DEFAULT" and not value.table:
        return column, default_sql(binder, column)
    if isinstance(value, exp.Var) and value.name.upper() == "DEFAULT":
        return column, default_sql(binder, column)
    return column, implicit(binder.expression(value, scope), column.type).sql


def _after(binder: Binder, target: Target, before: pa.Table, both: pa.Table, names: list[str]) -> pa.Table:
    """The rows as they will be: assigned, computed and rowversion columns replaced."""
    after = before
    for at, column in enumerate(target.table.columns):
        if column.name in names:
            after = after.set_column(at, column.name, both.column(_AFTER + column.name))
        elif column.is_rowversion:
            first = next_rowversions(target, before.num_rows)
            values = pa.array([(first + i).to_bytes(8, "big") for i in range(before.num_rows)], pa.binary())
            after = after.set_column(at, column.name, values)
    computed = computed_columns(binder, target, "r")
    if computed and after.num_rows:
        listed = ", ".join(f"{sql} AS {quote(name)}" for name, sql in computed.items())
        with registered(target.session.connection, {"__after": after}):
            values = fetch(target.session.connection, f'SELECT {listed} FROM __after AS "r"')
        for at, column in enumerate(target.table.columns):
            if column.computed is not None:
                after = after.set_column(at, column.name, values.column(column.name))
    return after


def _write(
    found: FoundRows,
    assigned: list[tuple[ColumnDef, str]],
    after: pa.Table,
    *,
    is_as_computed: bool,
) -> None:
    """Write the rows: few of them by evaluating the same expressions again, others from the images."""
    target = found.target
    if target.held is not None:
        target.held.replace(after)
        return
    given = {column.name for column, _sql in assigned}
    columns = [
        column.name
        for column in target.table.columns
        if column.name in given or column.is_rowversion or column.computed is not None
    ]
    listed = ", ".join(f'{quote(name)} = "n".{quote(name)}' for name in columns)
    sql = f'UPDATE {target.sql} AS "t" SET {listed} FROM __after AS "n" WHERE "t".{ROW_ID} = "n".{ROW_ID}'
    step = Step(sql, tables={"__after": after})
    few = after.num_rows <= constraints.FEW_ROWS
    if few and is_as_computed and found.is_repeatable and len(columns) == len(assigned):
        ids = ", ".join(map(str, after.column(ROW_ID).to_pylist()))
        again = ", ".join(f"{quote(column.name)} = {value}" for column, value in assigned)
        target.session.connection.execute(
            f"UPDATE {target.sql} AS {quote(found.alias)} SET {again} WHERE "
            f"{quote(found.alias)}.{ROW_ID} IN ({ids})"
        )
        target.work.keep(step)
    else:
        target.work.apply(step)


def _log(target: Target, before: pa.Table, after: pa.Table, names: list[str]) -> None:
    """Rows that change their primary key are logged as a delete and an insert of one command."""
    command = target.work.next_command()
    key = target.table.primary_key
    assigned = {name.lower() for name in names}
    moved_key = [name for name in key.columns if name.lower() in assigned] if key is not None else []
    if not target.is_tracked or not moved_key:
        target.log(command, "update", before, after)
        return
    moved = None
    for name in moved_key:
        differs = pc.not_equal(before.column(name), after.column(name))
        moved = differs if moved is None else pc.or_(moved, differs)
    target.log(command, "delete", before.filter(moved), None)
    target.log(command, "insert", None, after.filter(moved))
    stays = pc.invert(moved)
    target.log(command, "update", before.filter(stays), after.filter(stays))
