"""The table that a DML statement changes, and what all three kinds of DML do alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.lob_limit import check_lobs
from sandbox.sqlserver.engine.bound import Bound, BoundQuery, Scope, Source, not_modelled, quote, usable
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.database import Database
from sandbox.sqlserver.engine.dialect import parse_statement
from sandbox.sqlserver.engine.isolation import before_write
from sandbox.sqlserver.engine.model import ROW_ID, ColumnDef, TableDef
from sandbox.sqlserver.engine.names import parts_of
from sandbox.sqlserver.engine.queries import unique_names
from sandbox.sqlserver.engine.selects import registered, stream
from sandbox.sqlserver.engine.temporary import HeldTable, TemporaryDatabase, is_held
from sandbox.sqlserver.engine.types import duckdb_type
from sandbox.sqlserver.engine.work import LogRecord, Work
from sandbox.sqlserver.results import Result, SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder
    from sandbox.sqlserver.engine.session import Session

FIRST_ROWVERSION = 2001
INSERT, DELETE, UPDATE = 0xC3, 0xC4, 0xC5
"""[MS-TDS] DONE CurCmd."""


@dataclass(frozen=True)
class Target:
    """A table being written, with the transaction that writes it."""

    session: Session
    work: Work
    database: Database | TemporaryDatabase
    catalog: Catalog
    table: TableDef
    held: HeldTable | None = None
    """Where the rows are, of a temporary table or a table variable."""

    @property
    def sql(self) -> str:
        """The table's name in DuckDB, or a subquery of its rows."""
        if self.held is not None:
            return self.held.sql(self.session.connection)
        return f"{quote(self.database.name)}.{quote(self.table.schema)}.{quote(self.table.name)}"

    @property
    def label(self) -> str:
        """The table's name in messages: `schema.table`."""
        return f"{self.table.schema}.{self.table.name}"

    @property
    def is_tracked(self) -> bool:
        """Whether CDC wants its row images."""
        return self.table.object_id in self.catalog.tracked

    def require_update(self, columns: Iterable[ColumnDef]) -> None:
        """Raises SqlServerError 230 where the login may not update a column."""
        if self.held is None:
            access = self.session.access(self.database.name)
            for column in columns:
                access.require_column("UPDATE", self.table, column.column_id, column.name)

    @property
    def stored_names(self) -> str:
        """The names of the stored columns and of the row id."""
        return ", ".join([*(quote(column.name) for column in self.table.columns), ROW_ID])

    def columns_sql(self, alias: str) -> str:
        """The stored columns and the row id, of an alias."""
        names = [*(column.name for column in self.table.columns), ROW_ID]
        return ", ".join(f"{quote(alias)}.{quote(name)}" for name in names)

    def check_lobs(self, rows: pa.Table, assigned: list[str] | None) -> None:
        """Raises SqlServerError 7139 for a LOB that is too long for CDC."""
        if self.is_tracked:
            check_lobs(self.session.connection, self.database.name, self.table, rows, assigned)

    def log(self, command_id: int, kind: str, before: pa.Table | None, after: pa.Table | None) -> None:
        """Hand row images to the log, without the row id; nothing where CDC does not track the table."""
        rows = before if before is not None else after
        if not self.is_tracked or rows is None or rows.num_rows == 0:
            return
        images = [None if image is None else image.drop_columns([ROW_ID]) for image in (before, after)]
        self.work.record(LogRecord(command_id, self.table.object_id, kind, images[0], images[1]))

    def log_ddl(self, image: pa.Table) -> None:
        """Hand an ALTER TABLE to the log, where the capture job finds it between the rows."""
        self.work.record(LogRecord(self.work.next_command(), self.table.object_id, "ddl", None, image))


def open_target(
    session: Session,
    parts: tuple[str, ...],
    permission: str,
    known: Mapping[str, tuple[SqlType, Any]] | None = None,
) -> Target:
    """Find a table to write, check the permission, and become the database's writer.

    Raises:
        SqlServerError: 208 no such table, 229, 1088 no permission, 259 a system table, 1222 no lock in time,
            3951, 3952 SNAPSHOT may not be used here.
    """
    if is_held(parts):
        return _open_held(session, session.temporary.named(parts[-1], known or {}))
    name = parts[-3] if len(parts) > 2 and parts[-3] else session.database
    schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
    table = session.catalog(name).find(schema, parts[-1])
    if table is None or table.kind == "IF":
        raise SqlServerError(208, f"Invalid object name '{'.'.join(part for part in parts if part)}'.")
    database = session.server.database(name)
    access = session.access(name)
    if permission == "ALTER":
        access.require_alter(table)
        if table.object_id in session.catalog(name).tracked and not access.may_alter_captured:
            raise error(22914)
    else:
        access.require(permission, table)
        before_write(session, database)
    work = session.begin_write(database.name)
    if table.kind != "U":
        raise SqlServerError(259, "Ad hoc updates to system catalogs are not allowed.")
    catalog = session.catalog(name)
    current = catalog.find(schema, parts[-1])
    if current is None:
        raise SqlServerError(208, f"Invalid object name '{'.'.join(part for part in parts if part)}'.")
    return Target(session, work, database, catalog, current)


def _open_held(session: Session, held: HeldTable) -> Target:
    """No lock, no log, no permission: nobody else can see it."""
    session.temporary.will_change(held)
    work = Work(session.connection, session)
    catalog = session.catalog(session.database)
    return Target(session, work, session.temporary.database, catalog, held.table, held)


def readable_source(target: Target, source: Source) -> Source:
    """The source, of the target's columns, as the login may select them."""
    if target.held is not None:
        return source
    access = target.session.access(target.database.name)
    return replace(source, columns=access.readable(target.table, source.columns))


def target_name(node: exp.Expr) -> tuple[str, ...]:
    """The name of the table that an INSERT, UPDATE or DELETE names."""
    table = node.this if isinstance(node, exp.Schema) else node
    if not isinstance(table, exp.Table):
        raise not_modelled(f"DML on {table.sql(dialect='tsql')[:60]}")
    return parts_of(table)


def stored_source(target: Target, alias: str, prefix: str = "") -> Source:
    """The stored columns of the target as a source of names, under a prefix of their own if given."""
    columns = tuple(
        Bound(
            f"{quote(alias)}.{quote(prefix + column.name)}",
            column.type,
            column.nullable,
            column.name,
            column.collation,
            column.identity is not None,
        )
        for column in target.table.columns
    )
    return Source(alias, columns)


def computed_columns(binder: Binder, target: Target, alias: str) -> dict[str, str]:
    """The SQL of each computed column over an alias that has the other columns."""
    computed = [column for column in target.table.columns if column.computed is not None]
    if not computed:
        return {}
    scope = Scope([stored_source(target, alias)])
    return {column.name: computed_sql(binder, column, scope) for column in computed}


def computed_sql(binder: Binder, column: ColumnDef, scope: Scope) -> str:
    """The SQL of one computed column."""
    from sandbox.sqlserver.engine.conversion import convert
    from sandbox.sqlserver.engine.dialect import parse_expression

    bound = binder.expression(parse_expression(column.computed or "NULL"), scope)
    return convert(bound, column.type).sql


def next_rowversions(target: Target, count: int) -> int:
    """The first of `count` new rowversions of the database."""
    target.work.uses("rowversion")
    return target.database.sequences.take("rowversion", count, FIRST_ROWVERSION, 1)


def rowversion_sql(first: int, number: str) -> str:
    """Eight bytes, big-endian."""
    return f"unhex(lpad(hex(CAST({first} + {number} AS BIGINT)), 16, '0'))"


def output_clause(
    session: Session,
    known: dict[str, tuple[SqlType, Any]],
    target: Target,
    text: str | None,
    images: dict[str, pa.Table],
) -> Iterator[Result]:
    """OUTPUT inserted.…, deleted.…: a result set over the row images, aligned by position."""
    if text is None:
        return
    tree = parse_statement(f"SELECT {text}")
    scope = Scope([readable_source(target, _image_source(target, alias)) for alias in images])
    columns = _output_columns(session.binder(known), tree, scope)
    unique = unique_names(columns)
    listed = ", ".join(f"{c.sql} AS {quote(n)}" for c, n in zip(columns, unique, strict=True))
    first, *rest = images
    joins = "".join(f" JOIN __{other} AS {quote(other)} ON {other}.__at = {first}.__at" for other in rest)
    sql = f"SELECT {listed} FROM __{first} AS {quote(first)}{joins} ORDER BY {first}.__at"
    numbered = {
        f"__{alias}": image.append_column("__at", pa.array(range(image.num_rows), pa.int64()))
        for alias, image in images.items()
    }
    with registered(session.connection, numbered):
        query = BoundQuery(sql, tuple(columns), unique)
        yield from stream(session.connection, query, lambda _rows: None)


def _output_columns(binder: Binder, tree: exp.Expr, scope: Scope) -> list[Bound]:
    columns: list[Bound] = []
    for item in tree.expressions:
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star):
            qualifier = item.table if isinstance(item, exp.Column) else ""
            columns += [usable(c) for s in scope.sources if s.is_called((qualifier,)) for c in s.columns]
        elif isinstance(item, exp.Alias):
            columns.append(binder.expression(item.this, scope).named(item.alias))
        else:
            name = item.name if isinstance(item, exp.Column) else ""
            columns.append(binder.expression(item, scope).named(name))
    return columns


def _image_source(target: Target, alias: str) -> Source:
    """Row images come from Arrow, where a GUID is text: its columns are cast to their storage."""
    columns = tuple(
        Bound(
            f"CAST({quote(alias)}.{quote(c.name)} AS {duckdb_type(c.type)})",
            c.type,
            True,
            c.name,
            c.collation,
        )
        if c.type.name == "uniqueidentifier"
        else Bound(f"{quote(alias)}.{quote(c.name)}", c.type, c.nullable, c.name, c.collation)
        for c in target.table.columns
    )
    return Source(alias, columns)
