"""DELETE: read the rows, check who refers to them, delete, log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import constraints
from sandbox.sqlserver.engine.dml_text import Prepared
from sandbox.sqlserver.engine.model import ROW_ID
from sandbox.sqlserver.engine.rows_found import found_rows
from sandbox.sqlserver.engine.selects import fetch
from sandbox.sqlserver.engine.targets import DELETE, output_clause
from sandbox.sqlserver.engine.work import Step
from sandbox.sqlserver.results import Result, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session


def run_delete(
    session: Session, known: dict[str, tuple[SqlType, Any]], tree: exp.Delete, prepared: Prepared
) -> Iterator[Result]:
    """Run a DELETE, with a second FROM or without."""
    found = found_rows(session, known, tree, prepared, "DELETE")
    target = found.target
    rows = fetch(session.connection, found.select(target.columns_sql(found.alias)))
    if rows.num_rows:
        with constraints.these_rows(target, rows) as condition:
            if target.held is not None:
                target.held.delete(session.connection, condition)
            else:
                session.connection.execute(f"DELETE FROM {target.sql} WHERE {condition}")
        sql = f"DELETE FROM {target.sql} WHERE {ROW_ID} IN (SELECT {ROW_ID} FROM __ids)"
        target.work.keep(Step(sql, tables={"__ids": rows.select([ROW_ID])}))
        constraints.check_still_referenced(target, rows, "DELETE")
    target.log(target.work.next_command(), "delete", rows, None)
    yield from output_clause(session, known, target, prepared.output, {"deleted": rows})
    yield session.done(rows.num_rows, DELETE)
