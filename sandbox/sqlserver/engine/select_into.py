"""SELECT … INTO: a new table with the columns and rows of a query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import create_table
from sandbox.sqlserver.engine.bound import Bound, BoundQuery, quote
from sandbox.sqlserver.engine.conversion import implicit
from sandbox.sqlserver.engine.inserts import insert_rows
from sandbox.sqlserver.engine.model import ColumnDef, TableDef
from sandbox.sqlserver.engine.names import parts_of
from sandbox.sqlserver.engine.targets import Target, open_target
from sandbox.sqlserver.engine.temporary import is_held
from sandbox.sqlserver.engine.types import INT
from sandbox.sqlserver.results import Result, SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session


def run_select_into(
    session: Session, known: dict[str, tuple[SqlType, Any]], tree: exp.Select
) -> Iterator[Result]:
    """Make the table, then insert the rows.

    A column keeps its type, whether it may be NULL, and the identity property where the query reads one
    table only.

    Raises:
        SqlServerError: 1038 a column without a name, 2705 a name twice, 2714 the table exists.
    """
    parts = parts_of(tree.args["into"].this)
    query_tree = tree.copy()
    query_tree.set("into", None)
    query = session.binder(known).query(query_tree)
    _check_names(query, parts[-1])
    keeps_identity = tree.args.get("from_") is not None and not tree.args.get("joins")
    columns = tuple(_column(at, bound, keeps_identity) for at, bound in enumerate(query.columns, 1))
    target = _make(session, parts, columns)
    if target.table.identity_column is not None:
        session.state.identity_insert, before = _explicit(target), session.state.identity_insert
        try:
            yield from insert_rows(target, known, _source(query, columns), list(columns))
        finally:
            session.state.identity_insert = before
    else:
        yield from insert_rows(target, known, _source(query, columns), list(columns))


def _check_names(query: BoundQuery, table: str) -> None:
    seen: set[str] = set()
    for at, column in enumerate(query.columns, 1):
        if not column.name:
            raise SqlServerError(
                1038,
                "An object or column name is missing or empty. For SELECT INTO statements, verify each "
                f"column has a name (column {at} has none).",
                severity=15,
            )
        if column.name.lower() in seen:
            raise SqlServerError(
                2705,
                "Column names in each table must be unique. Column name "
                f"'{column.name}' in table '{table}' is specified more than once.",
            )
        seen.add(column.name.lower())


def _column(at: int, bound: Bound, keeps_identity: bool) -> ColumnDef:
    sql_type = INT if bound.type.name == "null" else bound.type
    if sql_type.name == "rowversion":
        sql_type = SqlType("binary", length=8)
    return ColumnDef(
        column_id=at,
        name=bound.name,
        type=sql_type,
        nullable=bound.nullable,
        identity=(1, 1) if keeps_identity and bound.identity else None,
        collation=bound.collation,
    )


def _make(session: Session, parts: tuple[str, ...], columns: tuple[ColumnDef, ...]) -> Target:
    """The new table, open for writing."""
    if is_held(parts):
        number = session.temporary.new_object_id()
        table = TableDef(number, "dbo", parts[-1], columns, last_column_id=len(columns), last_index_id=0)
        session.temporary.create(table, session.nest_level, session.connection)
    else:
        create_table.make_named(session, parts, columns)
    return open_target(session, parts, "INSERT")


def _explicit(target: Target) -> tuple[str, int]:
    return target.database.name.lower(), target.table.object_id


def _source(query: BoundQuery, columns: tuple[ColumnDef, ...]) -> str:
    items = []
    for name, bound, column in zip(query.names, query.columns, columns, strict=True):
        value = Bound(f'"q".{quote(name)}', column.type, bound.nullable)
        items.append(f"{implicit(value, column.type).sql} AS {quote(column.name)}")
    return f'SELECT {", ".join(items)} FROM ({query.sql}) AS "q"'
