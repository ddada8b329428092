"""A database of the stand-in: its file, its writer lock, its counters, and its catalog as committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import quote, string
from sandbox.sqlserver.engine.catalog import Catalog, create_storage, set_counter
from sandbox.sqlserver.engine.catalog_views import create_views
from sandbox.sqlserver.engine.sequences import Sequences
from sandbox.sqlserver.results import SqlServerError

SYSTEM_DATABASES = {"master": 1, "msdb": 4}


_CHECKPOINT_SECONDS = 10.0


class WriterLock:
    """One writer at a time in a database; readers never need it."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._owner: object | None = None

    def acquire(self, owner: object, timeout_ms: int, is_cancelled: Callable[[], bool]) -> None:
        """Wait until the lock is free; -1 waits for ever.

        Raises:
            SqlServerError: 1222 it took longer than the timeout, 3617 the client cancelled.
        """
        limit = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
        with self._free:
            while self._owner is not None and self._owner is not owner:
                if is_cancelled():
                    raise SqlServerError(3617, "The statement was cancelled by its client.", severity=11)
                left = 0.1 if limit is None else min(0.1, limit - time.monotonic())
                if left <= 0:
                    raise SqlServerError(1222, "Lock request time out period exceeded.", state=51)
                self._free.wait(left)
            self._owner = owner

    def release(self, owner: object) -> None:
        """Give the lock back, if this owner holds it."""
        with self._free:
            if self._owner is owner:
                self._owner = None
                self._free.notify_all()


class Database:
    """An attached database. Its counters change only while the writer lock is held."""

    def __init__(self, root: DuckDBPyConnection, name: str, file: Path, database_id: int) -> None:
        root.execute(f"ATTACH {string(str(file))} AS {quote(name)}")
        self.name = name
        self.file = file
        self.database_id = database_id
        self.is_single_user = False
        self.lock = WriterLock()
        self.commits = 0
        """Grows with every commit: tells whether a snapshot is still current."""
        root.execute("BEGIN")  # one write to the disk instead of one for each statement
        create_storage(root, name)
        self._first_rows(root)
        create_views(root, name)
        root.execute("COMMIT")
        self.catalog = Catalog(root, name)
        self._refreshing = threading.Lock()
        self.sequences = Sequences(self._counters(root))
        self.row_ids: dict[int, int] = {}
        self.commit_number = self._last_commit(root)

    def refresh_catalog(self, connection: DuckDBPyConnection) -> None:
        """Read the catalog as it is committed; whoever comes last has seen every commit before."""
        with self._refreshing:
            self.catalog = Catalog(connection, self.name)

    @property
    def is_system(self) -> bool:
        """True for master and msdb."""
        return self.name.lower() in SYSTEM_DATABASES

    def detach(self, root: DuckDBPyConnection) -> None:
        """Write everything into the file, and let go of it. Nobody uses the database."""
        self.close(root)
        root.execute(f"DETACH {quote(self.name)}")

    def _first_rows(self, root: DuckDBPyConnection) -> None:
        db = quote(self.name)
        if root.execute(f"SELECT count(*) FROM {db}.catalog.database").fetchone() == (0,):
            root.execute(
                f"INSERT INTO {db}.catalog.database VALUES (?, now()::TIMESTAMP, false)", [self.database_id]
            )
            schemas = [("dbo", 1), ("guest", 2), ("INFORMATION_SCHEMA", 3), ("sys", 4)]
            root.executemany(f"INSERT INTO {db}.catalog.schemas VALUES (?, ?)", [(i, n) for n, i in schemas])

    def _counters(self, root: DuckDBPyConnection) -> dict[str, int]:
        rows = root.execute(
            f"SELECT name, value FROM {quote(self.name)}.catalog.counters WHERE name <> 'object_id'"
        ).fetchall()
        return {name: int(value) for name, value in rows}

    def _last_commit(self, root: DuckDBPyConnection) -> int:
        """Commit numbers never come again: neither after the log was cut, nor after a restart."""
        db = quote(self.name)
        row = root.execute(f"SELECT coalesce(max(commit_number), 0) FROM {db}.log.commits").fetchone()
        last = int(row[0]) if row else 0
        has_harvested = root.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'log' "
            "AND table_name = 'harvested'",
            [self.name],
        ).fetchone()
        if has_harvested == (1,):
            row = root.execute(f"SELECT coalesce(max(commit_number), 0) FROM {db}.log.harvested").fetchone()
            last = max(last, int(row[0]) if row else 0)
        return last

    def next_row_id(self, connection: DuckDBPyConnection, object_id: int, table: str) -> int:
        """The row id that the next row of a table gets."""
        if object_id not in self.row_ids:
            row = connection.execute(f"SELECT coalesce(max(__rid), 0) + 1 FROM {table}").fetchone()
            self.row_ids[object_id] = int(row[0]) if row else 1
        return self.row_ids[object_id]

    def close(self, root: DuckDBPyConnection) -> None:
        """A clean end: counters go on without a jump."""
        self.checkpoint(root)

    def checkpoint(self, root: DuckDBPyConnection) -> None:
        """Write everything that is committed into the file, exact counters too."""
        for name, value in self.sequences.exact().items():
            set_counter(root, self.name, name, value)
        deadline = time.monotonic() + _CHECKPOINT_SECONDS
        while True:
            try:
                root.execute(f"CHECKPOINT {quote(self.name)}")
                return
            except duckdb.TransactionException:  # another session's transaction is just ending
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
