"""A small double of the engine: catalog and context of a session, and a log written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc import PROCEDURES, install
from sandbox.sqlserver.cdc.harvest import scan
from sandbox.sqlserver.cdc.schema_change import SchemaChange, log_image
from sandbox.sqlserver.engine.model import ColumnDef, KeyDef, TableDef
from sandbox.sqlserver.engine.procedures import bind_arguments
from sandbox.sqlserver.engine.types import FIXED, duckdb_type
from sandbox.sqlserver.results import Column, Message, Result, ResultSet, SqlType

DATABASE = "Shell corp"
MINUTE = timedelta(minutes=1)
_PROCEDURES = {definition.name: definition for definition in PROCEDURES}


@dataclass
class Catalog:
    by_key: dict[tuple[str, str], TableDef] = field(default_factory=dict)

    def find(self, schema: str, name: str) -> TableDef | None:
        return self.by_key.get((schema.lower(), name.lower()))

    def by_id(self, object_id: int) -> TableDef | None:
        return next((t for t in self.by_key.values() if t.object_id == object_id), None)

    def tables(self) -> list[TableDef]:
        return sorted(self.by_key.values(), key=lambda t: t.object_id)

    def put(self, table: TableDef) -> None:
        self.by_key[(table.schema.lower(), table.name.lower())] = table


class Database:
    """One database with CDC's schemas, and what a session does in it. Its name needs quoting."""

    def __init__(self, folder: Path | None = None) -> None:
        self.connection: DuckDBPyConnection = duckdb.connect(":memory:")
        for name in (DATABASE, "msdb"):
            where = ":memory:" if folder is None else str(folder / f"{name}.duckdb")
            self.connection.execute(f"ATTACH '{where}' AS \"{name}\"")
        self.connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{DATABASE}".dbo')
        self.connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{DATABASE}".catalog')
        self.connection.execute(
            f'CREATE OR REPLACE TABLE "{DATABASE}".catalog.database AS SELECT 5 AS database_id'
        )
        install(self.connection, DATABASE)
        self.database = DATABASE
        self.login = "sa"
        self.is_owner = True
        self.roles: set[str] = set()
        self.catalog = Catalog()
        self.in_transaction = False
        """True while the client has opened a transaction of its own."""
        self.commits = 0
        self._ids = count(1000)
        self.clock = datetime(2026, 3, 1, 12, 0)

    # What the engine's ProcedureContext offers: a login that may do everything, or nothing but read.
    @property
    def is_sysadmin(self) -> bool:
        return self.is_owner

    def is_member(self, role: str) -> bool:
        return bool(role)

    def selectable(self, object_id: int) -> set[int]:
        table = self.catalog.by_id(object_id)
        return {column.column_id for column in table.columns} if table else set()

    def sees(self, table: TableDef) -> bool:
        return self.catalog.by_id(table.object_id) is not None

    def allows_on_server(self, permission: str) -> bool:
        return self.is_owner and bool(permission)

    def ensure_role(self, name: str) -> None:
        self.roles.add(name)

    def begin_write(self) -> None:
        if not self.in_transaction:
            self.connection.execute("BEGIN")

    def create_system_table(self, schema: str, name: str, columns: Sequence[Column]) -> int:
        definition = tuple(ColumnDef(i, c.name, c.type, c.nullable) for i, c in enumerate(columns, 1))
        return self._create(TableDef(next(self._ids), schema, name, definition, kind="S"))

    def declare_function(self, schema: str, name: str, columns: Sequence[Column]) -> int:
        definition = tuple(ColumnDef(i, c.name, c.type) for i, c in enumerate(columns, 1))
        function = TableDef(next(self._ids), schema, name, definition, kind="IF")
        self.catalog.put(function)
        return function.object_id

    def drop_object(self, object_id: int) -> None:
        found = self.catalog.by_id(object_id)
        assert found is not None
        if found.kind == "S":
            self.connection.execute(f'DROP TABLE "{DATABASE}"."{found.schema}"."{found.name}"')
        del self.catalog.by_key[(found.schema.lower(), found.name.lower())]

    def schema_changed(self, database: str) -> None:
        assert database == DATABASE

    def run(self, sql: str) -> Iterator[Result]:
        raise NotImplementedError(sql)

    # What a test does with it.
    def execute(self, procedure: str, **arguments: Any) -> list[Result]:
        """Run a procedure in a transaction of its own."""
        definition = _PROCEDURES[procedure]
        try:
            results = list(definition.run(self, bind_arguments(definition, [], arguments)))
        except BaseException:
            self._end("ROLLBACK")
            raise
        self._end("COMMIT")
        return results

    def in_one_transaction(self, step: Callable[[], None]) -> None:
        """What the engine does around DDL."""
        self.connection.execute("BEGIN")
        self.in_transaction = True
        step()
        self.in_transaction = False
        self.connection.execute("COMMIT")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.cursor().execute(sql.format(db=f'"{DATABASE}"')).fetchall()

    def create_table(
        self, name: str, columns: dict[str, SqlType | str], key: Sequence[str] = (), computed: str = ""
    ) -> TableDef:
        definition = tuple(
            ColumnDef(
                number,
                column,
                FIXED[kind] if isinstance(kind, str) else kind,
                computed="1 + 1" if column == computed else None,
            )
            for number, (column, kind) in enumerate(columns.items(), start=1)
        )
        keys = (KeyDef(f"pk_{name}", tuple(key), kind="PK", clustered=True),) if key else ()
        table = TableDef(next(self._ids), "dbo", name, definition, keys=keys)
        self._create(table)
        return table

    def commit(self, *records: Record, at: datetime | None = None) -> int:
        """Append one transaction to the log, as the engine does at COMMIT."""
        self.commits += 1
        end = at or self.clock
        self.clock = end + timedelta(seconds=1)
        cursor = self.connection.cursor()
        cursor.execute("BEGIN")
        for record in records:
            before, after = self._image(record.table, record.before), self._image(record.table, record.after)
            if record.change is not None:
                after = _stream(log_image(record.change))
            cursor.execute(
                f'INSERT INTO "{DATABASE}".log.records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                [
                    self.commits,
                    record.command,
                    record.table.object_id,
                    record.kind,
                    len(record.before or record.after or []),
                    before,
                    after,
                    self.commits.to_bytes(6, "big"),
                    end - timedelta(milliseconds=5),
                    end,
                ],
            )
        cursor.execute("COMMIT")
        return self.commits

    def _create(self, table: TableDef) -> int:
        columns = ", ".join(f'"{c.name}" {duckdb_type(c.type)}' for c in table.columns)
        self.connection.execute(f'CREATE TABLE "{DATABASE}"."{table.schema}"."{table.name}" ({columns})')
        self.catalog.put(table)
        return table.object_id

    def _image(self, table: TableDef, rows: Sequence[Sequence[Any]] | None) -> bytes | None:
        if rows is None:
            return None
        cursor = self.connection.cursor()
        relation = cursor.sql(f'FROM "{DATABASE}"."{table.schema}"."{table.name}" LIMIT 0')
        schema = relation.to_arrow_table().schema
        columns = [pa.array([row[i] for row in rows], column.type) for i, column in enumerate(schema)]
        return _stream(pa.table(columns, schema=schema))

    def _end(self, how: str) -> None:
        if self.in_transaction:
            return
        try:
            self.connection.execute(how)
        except duckdb.TransactionException:  # the procedure wrote nothing
            return


@dataclass(frozen=True)
class Record:
    """One statement's effect on one table."""

    table: TableDef
    kind: str
    before: Sequence[Sequence[Any]] | None = None
    after: Sequence[Sequence[Any]] | None = None
    command: int = 1
    change: SchemaChange | None = None


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def insert(table: TableDef, *rows: Sequence[Any], command: int = 1) -> Record:
    return Record(table, "insert", after=rows, command=command)


def delete(table: TableDef, *rows: Sequence[Any], command: int = 1) -> Record:
    return Record(table, "delete", before=rows, command=command)


def update(table: TableDef, *pairs: tuple[Sequence[Any], Sequence[Any]], command: int = 1) -> Record:
    return Record(table, "update", before=[b for b, _ in pairs], after=[a for _, a in pairs], command=command)


def ddl(table: TableDef, statement: str) -> Record:
    """An ALTER TABLE that changes no type."""
    return Record(table, "ddl", change=SchemaChange(statement, ()))


def move(table: TableDef, before: Sequence[Any], after: Sequence[Any], command: int = 1) -> list[Record]:
    """An update of the primary key, as the engine logs it."""
    return [delete(table, before, command=command), insert(table, after, command=command)]


def enable(database: Database, table: str, **arguments: object) -> None:
    given = {"source_schema": "dbo", "source_name": table, "role_name": None, **arguments}
    database.execute("sys.sp_cdc_enable_table", **given)


def harvest(database: Database) -> None:
    """Scan until the log is empty."""
    cursor = database.connection.cursor()
    while scan(cursor, DATABASE, 500).transactions:
        continue


def messages(results: list[Result]) -> list[str]:
    return [result.text for result in results if isinstance(result, Message)]


def rows(results: list[Result]) -> list[dict[str, Any]]:
    """The rows of the only result set."""
    (result,) = [r for r in results if isinstance(r, ResultSet)]
    return [row for batch in result.batches for row in batch.to_pylist()]
