"""A session's transaction: DuckDB's own, the steps to do it again, and what goes into the log.

DuckDB gives up a whole transaction at any error and knows no savepoints. So every step that writes is kept;
after an error, or for ROLLBACK to a savepoint, DuckDB's transaction is rolled back, begun again, and the
steps that stay are repeated. The writer lock is held all the while, so nobody can have come between: the
result is the same. Steps hold the rows they write, not the expressions that made them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine import catalog as catalog_store
from sandbox.sqlserver.engine.bound import quote
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.database import Database
from sandbox.sqlserver.engine.errors import conflict, doomed, translate
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.selects import registered
from sandbox.sqlserver.results import SqlServerError


@dataclass(frozen=True)
class Step:
    """A statement for DuckDB with its parameters and the Arrow tables it reads."""

    sql: str
    parameters: tuple[Any, ...] = ()
    tables: dict[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class LogRecord:
    """What one DML statement did to one table: row images, aligned for updates."""

    command_id: int
    object_id: int
    kind: str
    before: pa.Table | None
    after: pa.Table | None


@dataclass(frozen=True)
class Savepoint:
    """Where ROLLBACK TRAN name goes back to."""

    name: str
    steps: int
    records: int
    command_id: int


@dataclass(frozen=True)
class Snapshot:
    """The moment of a database that a transaction reads."""

    commits: int
    catalog: Catalog

    def has_as_it_is(self, table: TableDef) -> bool:
        """Whether a table is defined now as it was then."""
        return self.catalog.by_id(table.object_id) == table


class Work:
    """The open transaction of a session, from its first statement to commit or rollback."""

    def __init__(self, connection: DuckDBPyConnection, owner: object) -> None:
        self.connection = connection
        self._owner = owner
        self.database: Database | None = None
        """The database written to; a transaction writes to one only."""
        self.catalog: Catalog | None = None
        """The catalog with this transaction's own DDL, once there is any."""
        self.is_open = False
        self.is_doomed = False
        self.ends_with_batch = False
        self._is_opaque = False
        self.started_in: str | None = None
        """The isolation level in which the transaction touched data first."""
        self._pinned: dict[str, Snapshot] = {}
        self._steps: list[Step] = []
        self._records: list[LogRecord] = []
        self._savepoints: list[Savepoint] = []
        self._counters: set[str] = set()
        self._command_id = 0
        self._whole = Savepoint("", 0, 0, 0)
        """The end of the last statement that went well."""
        self._began = datetime.now()

    @property
    def has_written(self) -> bool:
        """Whether anything would be lost by a rollback."""
        return self.database is not None

    def touches(self, database: Database) -> bool:
        """Whether the transaction writes to a database, or holds a snapshot of it."""
        return self.database is database or database.name in self._pinned

    # --- opening

    def starts_in(self, level: str) -> None:
        """Data is touched in an isolation level; the first one is remembered."""
        self.started_in = self.started_in or level

    def pin(self, database: Database) -> Snapshot:
        """Fix one snapshot for all reads from here on."""
        if not self.is_open:
            self.connection.execute("BEGIN")
            self.is_open = True
        if database.name not in self._pinned:
            self._pinned[database.name] = Snapshot(database.commits, database.catalog)
            self.connection.execute(f"SELECT 1 FROM {quote(database.name)}.catalog.database").fetchall()
        return self._pinned[database.name]

    def _is_stale(self, database: Database) -> bool:
        """Whether somebody has committed since the snapshot of a database."""
        pinned = self._pinned.get(database.name)
        return pinned is not None and pinned.commits != database.commits

    def write_to(self, database: Database, timeout_ms: int, is_cancelled: Callable[[], bool]) -> None:
        """Become the database's writer.

        Raises:
            SqlServerError: 1222 no lock in time, 3930 the transaction is doomed, 3960 an old snapshot.
        """
        if self.is_doomed:
            raise doomed()
        if self.database is database:
            return
        if self.database is not None:
            raise SqlServerError(
                40517,
                "not modelled by the stand-in: one transaction writing to two databases "
                f"({self.database.name} "
                f"and {database.name})",
            )
        database.lock.acquire(self._owner, timeout_ms, is_cancelled)
        if self._is_stale(database):
            database.lock.release(self._owner)
            raise conflict()
        self.database = database
        if not self.is_open:
            self.connection.execute("BEGIN")
            self.is_open = True
        self._began = datetime.now()

    # --- steps

    def execute(self, sql: str, parameters: list[Any] | None = None) -> DuckDBPyConnection:
        """Run and keep a step; the shape lets catalog functions write through it."""
        step = Step(sql, tuple(parameters or ()))
        result = self.connection.execute(step.sql, list(step.parameters))
        self._steps.append(step)
        return result

    def apply(self, step: Step) -> None:
        """Run and keep a step that reads Arrow tables."""
        self._run(step)
        self._steps.append(step)

    def keep(self, step: Step) -> None:
        """Keep a step that does again what was done just now."""
        self._steps.append(step)

    def record(self, record: LogRecord) -> None:
        """Add to what the log gets at commit."""
        self._records.append(record)

    def next_command(self) -> int:
        """The number of a DML statement in its transaction."""
        self._command_id += 1
        return self._command_id

    def mark_opaque(self) -> None:
        """Something wrote past the steps: the transaction cannot be repeated, so an error dooms it."""
        self._is_opaque = True

    def uses(self, counter: str) -> None:
        """Values of a counter were given out: its high-water mark is kept at commit."""
        self._counters.add(counter)

    def _run(self, step: Step) -> None:
        with registered(self.connection, step.tables):
            self.connection.execute(step.sql, list(step.parameters))

    # --- errors and savepoints

    def recover(self) -> None:
        """After a statement that failed: bring the transaction back to the end of the one before.

        Raises:
            SqlServerError: 3960 where the transaction read an old snapshot (it cannot be taken again).
        """
        if self.is_open and not self._is_untouched():
            self._back_to(self._whole)

    def _is_untouched(self) -> bool:
        """Whether the failed statement wrote nothing, and DuckDB did not give the transaction up."""
        if self._is_opaque or len(self._steps) > self._whole.steps:
            return False
        try:
            self.connection.execute("SELECT 1").fetchall()
        except duckdb.TransactionException:
            return False
        del self._records[self._whole.records :]
        self._command_id = self._whole.command_id
        return True

    def end_statement(self) -> None:
        """A statement went well: an error of a later one does not undo it."""
        self._whole = self._here("")

    def _here(self, name: str) -> Savepoint:
        return Savepoint(name, len(self._steps), len(self._records), self._command_id)

    def _back_to(self, point: Savepoint) -> None:
        self._repeat(point.steps)
        del self._records[point.records :]
        self._command_id = point.command_id
        self._whole = self._here("")

    def save(self, name: str) -> None:
        """SAVE TRANSACTION."""
        self._savepoints.append(self._here(name))

    def rollback_to(self, name: str) -> bool:
        """ROLLBACK to a savepoint; False when there is none of that name."""
        at = next(
            (
                i
                for i in range(len(self._savepoints) - 1, -1, -1)
                if self._savepoints[i].name.lower() == name.lower()
            ),
            None,
        )
        if at is None:
            return False
        point = self._savepoints[at]
        del self._savepoints[at + 1 :]
        if len(self._steps) > point.steps:
            if self._is_opaque:
                self.is_doomed = True
                raise doomed()
            self._back_to(point)
        return True

    def _repeat(self, count: int) -> None:
        stale = self.database is not None and self._is_stale(self.database)
        self.connection.execute("ROLLBACK")
        self.is_open = False
        if self._is_opaque or stale or (self._pinned and self.database is None):
            self.is_doomed = True
            self._steps.clear()
            self._records.clear()
            if stale and not self._is_opaque:
                raise conflict()
            return
        del self._steps[count:]
        if self.database is None:
            return
        self.connection.execute("BEGIN")
        self.is_open = True
        for step in self._steps:
            self._run(step)
        if self.catalog is not None:
            self.catalog.reload(self.connection)

    # --- the end

    def commit(self) -> None:
        """Append to the log and commit; the lock is free afterwards.

        Raises:
            SqlServerError: the commit failed; everything was rolled back.
        """
        if self.is_doomed:
            raise doomed()
        database = self.database
        marks: dict[str, int] = {}
        try:
            if database is not None:
                self._write_log(database)
                marks = self._write_marks(database)
            if self.is_open:
                self.connection.execute("COMMIT")
                self.is_open = False
        except duckdb.Error as error:
            self.rollback()
            raise translate(error) from error
        if database is not None:
            database.sequences.persisted(marks)
            database.commits += 1
            if self.catalog is not None or self._is_opaque:
                database.refresh_catalog(self.connection)
        self._release()

    def rollback(self) -> None:
        """Undo everything; the lock is free afterwards."""
        try:
            if self.is_open:
                self.connection.execute("ROLLBACK")
        except duckdb.TransactionException:
            pass  # a failed COMMIT has rolled back already
        finally:
            self.is_open = False
            self._release()

    def _release(self) -> None:
        if self.database is not None:
            self.database.lock.release(self._owner)

    def _write_log(self, database: Database) -> None:
        if not self._records:
            return
        number = database.commit_number + 1
        commit = [number.to_bytes(6, "big"), self._began, datetime.now()]
        values: list[Any] = []
        for record in self._records:
            values += [number, record.command_id, record.object_id, record.kind, _rows(record)]
            values += [_stream(record.before), _stream(record.after), *commit]
        places = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(self._records))
        self.connection.execute(f"INSERT INTO {quote(database.name)}.log.records VALUES {places}", values)
        database.commit_number = number

    def _write_marks(self, database: Database) -> dict[str, int]:
        marks = database.sequences.due(self._counters)
        for name, value in marks.items():
            catalog_store.set_counter(self.connection, database.name, name, value)
        return marks


def _rows(record: LogRecord) -> int:
    image = record.before if record.before is not None else record.after
    return image.num_rows if image is not None else 0


def _stream(image: pa.Table | None) -> bytes | None:
    if image is None:
        return None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, image.schema) as writer:
        writer.write_table(image)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream
