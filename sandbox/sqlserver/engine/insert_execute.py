"""INSERT … EXEC: the rows of all results of a procedure or string become rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from sandbox.sqlserver.engine import script
from sandbox.sqlserver.engine.bound import Bound, not_modelled, quote
from sandbox.sqlserver.engine.conversion import convert, implicit
from sandbox.sqlserver.engine.dialect import parse_statement
from sandbox.sqlserver.engine.dml_text import prepare
from sandbox.sqlserver.engine.execute import execute
from sandbox.sqlserver.engine.inserts import columns_of, insert_rows
from sandbox.sqlserver.engine.model import ColumnDef
from sandbox.sqlserver.engine.selects import registered
from sandbox.sqlserver.engine.targets import INSERT, open_target, target_name
from sandbox.sqlserver.results import Column, Done, Result, ResultSet, ReturnStatus, SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_RECEIVED = "__received"
_AS_TEXT = {"uniqueidentifier": SqlType("char", length=36)}
"""Types that a `ResultSet` carries as text, though they are none."""


def run(
    session: Session, known: dict[str, tuple[SqlType, Any]], statement: script.InsertExecute
) -> Iterator[Result]:
    """Run EXEC, keep what it gives, insert it; messages go on to the client.

    Raises:
        SqlServerError: 8164 nested, 213 as many columns as the table has were not given.
    """
    if session.is_inserting_results:
        raise SqlServerError(8164, "An INSERT EXEC statement cannot be nested.")
    prepared = prepare(statement.insert)
    tree = parse_statement(f"{prepared.text} DEFAULT VALUES")
    if not isinstance(tree, exp.Insert) or prepared.top is not None or prepared.output is not None:
        raise not_modelled("INSERT … EXEC with TOP or OUTPUT")
    yield from session.begin_implicit()
    received: list[tuple[tuple[Column, ...], pa.Table]] = []
    session.is_inserting_results = True
    try:
        for result in execute(session, known, statement.execute):
            if isinstance(result, ResultSet):
                received.append(_read(result))
            elif not isinstance(result, Done | ReturnStatus):
                yield result
    finally:
        session.is_inserting_results = False
    target = open_target(session, target_name(tree.this), "INSERT", known)
    tree.set("default", False)
    columns = columns_of(target, tree)
    count = 0
    for given, rows in received:
        if len(given) != len(columns):
            raise SqlServerError(
                213, "Column name or number of supplied values does not match table definition."
            )
        with registered(session.connection, {_RECEIVED: rows}):
            for result in insert_rows(target, known, _source(given, columns), columns):
                count += result.rows or 0 if isinstance(result, Done) else 0
    session.end_statement()
    yield session.done(count, INSERT)


def _read(result: ResultSet) -> tuple[tuple[Column, ...], pa.Table]:
    batches = [
        pa.RecordBatch.from_arrays(batch.columns, names=_names(len(result.columns)))
        for batch in result.batches
    ]
    if batches:
        return result.columns, pa.Table.from_batches(batches)
    return result.columns, pa.table({name: pa.nulls(0) for name in _names(len(result.columns))})


def _names(count: int) -> list[str]:
    return [f"c{at}" for at in range(count)]


def _source(given: tuple[Column, ...], wanted: list[ColumnDef]) -> str:
    items = []
    for name, column, target in zip(_names(len(given)), given, wanted, strict=True):
        sent = _AS_TEXT.get(column.type.name)
        value = Bound(f'"q".{quote(name)}', sent or column.type)
        if sent is not None:
            value = convert(value, column.type)
        items.append(f"{implicit(value, target.type).sql} AS {quote(target.name)}")
    return f'SELECT {", ".join(items)} FROM {_RECEIVED} AS "q"'
