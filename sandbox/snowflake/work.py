"""What a session's open transaction has written, and what other sessions have committed meanwhile.

Snowflake reads what is committed when each statement starts, and undoes a statement that fails without
touching the others of its transaction. The engine fixes a transaction's snapshot at its first statement, and
a statement that fails ends it. So the engine's transaction is begun anew, and what was written in it is run
again, where a statement failed or needs what another session has committed. That gives the same only if no
statement asked for a random value, and nobody has changed what they read; else it is refused.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from duckdb import DuckDBPyConnection

from sandbox.snowflake.footprint import Footprint
from sandbox.snowflake.locks import Key

VIEW = """
SELECT 1 FROM duckdb_views()
WHERE upper(database_name) = ? AND upper(schema_name) = ? AND upper(view_name) = ?
"""


class State(Enum):
    """How far a session's transaction is."""

    NONE = "none"
    OPEN = "begun, nothing written"
    WRITING = "has written"
    FAILED = "rolled back: only ROLLBACK is possible"


class Commits:
    """A running number of the commits of all sessions, and the last one of each table."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._of_tables: dict[Key, int] = {}
        self._of_definitions = 0
        self.last = 0

    def committed(self, tables: Iterable[Key]) -> None:
        """A transaction that wrote these tables is committed."""
        with self._lock:
            self.last = next(self._numbers)
            self._of_tables.update(dict.fromkeys(tables, self.last))

    def defined(self) -> None:
        """Tables or views were created, altered or dropped: it counts for all."""
        with self._lock:
            self.last = self._of_definitions = next(self._numbers)

    @property
    def definitions(self) -> int:
        """The number of the last change of tables or views themselves."""
        return self._of_definitions

    def of(self, tables: Iterable[Key]) -> int:
        """The last commit that changed one of the tables."""
        with self._lock:
            return max([self._of_definitions, *(self._of_tables.get(table, 0) for table in tables)])


class Recorder:
    """The engine's connection, noting what is executed while a statement is recorded."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection
        self._recorded: list[tuple[str, Any]] | None = None

    def start(self) -> None:
        """Note from now on what is executed."""
        self._recorded = []

    def stop(self) -> list[tuple[str, Any]]:
        """Note no more; returns the statements since the start, with their values."""
        recorded, self._recorded = self._recorded or [], None
        return recorded

    def execute(self, sql: str, parameters: Any = None) -> DuckDBPyConnection:
        """Execute a statement, and note it."""
        if self._recorded is not None:
            self._recorded.append((sql, copy.copy(parameters)))
        return self._connection.execute(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@dataclass(frozen=True)
class Step:
    """A statement that has written, as the engine ran it."""

    executed: list[tuple[str, Any]]
    footprint: Footprint
    seen: int
    """The number of the last commit that it can have seen."""


class Work:
    """The engine's transaction of one session and the steps in it."""

    def __init__(self, connection: DuckDBPyConnection, commits: Commits) -> None:
        self._connection = connection
        self._commits = commits
        self._snapshot = 0
        self.steps: list[Step] = []

    @property
    def written(self) -> frozenset[Key]:
        """The tables that the transaction has written."""
        return frozenset().union(*(step.footprint.writes for step in self.steps))

    def begin(self) -> None:
        """Begin the engine's transaction: it sees what is committed now."""
        self.steps = []
        self._begin()

    def commit(self) -> None:
        """Commit it, and tell the other sessions."""
        self._connection.execute("COMMIT")
        self._commits.committed(self.written)

    def rollback(self) -> None:
        """Undo it."""
        self._connection.execute("ROLLBACK")

    def add(self, executed: list[tuple[str, Any]], footprint: Footprint) -> None:
        """A statement has written."""
        self.steps.append(Step(executed, footprint, self._snapshot))

    def is_behind(self, tables: frozenset[Key]) -> bool:
        """Whether other sessions have committed to one of the tables since the snapshot."""
        return self._changed_since(self._snapshot, tables)

    def why_not_again(self) -> str | None:
        """Why the steps cannot be run again with the same outcome; None where they can."""
        written = self.written
        for step in self.steps:
            if not step.footprint.is_repeatable:
                return "an earlier statement of the transaction used a random value or a sequence"
            if self._changed_since(step.seen, step.footprint.reads - written):
                return "another session has since changed a table that an earlier statement of it read"
        return None

    def run_again(self) -> None:
        """Begin the engine's transaction anew and run the steps in it again.

        Raises:
            duckdb.Error: it was interrupted.
        """
        self._connection.execute("ROLLBACK")
        self._begin()
        for step in self.steps:
            for sql, parameters in step.executed:
                self._connection.execute(sql, parameters)

    def _begin(self) -> None:
        self._snapshot = self._commits.last
        self._connection.execute("BEGIN")

    def _changed_since(self, number: int, tables: frozenset[Key]) -> bool:
        if not tables or self._commits.last <= number:
            return False
        return self._commits.of(tables) > number or any(map(self._is_view, tables))

    def _is_view(self, table: Key) -> bool:
        """Whether it may read any table; asked aside, as the transaction may be at its end."""
        with self._connection.cursor() as aside:
            return aside.execute(VIEW, list(table)).fetchone() is not None
