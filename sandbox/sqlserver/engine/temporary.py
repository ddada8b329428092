"""Local temporary tables (#t) and table variables (@t): rows held in memory, by one session alone.

Their rows are immutable Arrow tables, so undoing what a statement or a transaction did to them is putting
the old ones back. Of SQL Server's two kinds, a temporary table takes part in transactions and is dropped with
the batch or procedure that made it (made by the client's own batch, it lives as long as the session); a table
variable belongs to its batch, and a rollback leaves its rows alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import not_modelled, quote
from sandbox.sqlserver.engine.model import ROW_ID, TableDef
from sandbox.sqlserver.engine.selects import fetch
from sandbox.sqlserver.engine.sequences import Sequences
from sandbox.sqlserver.engine.types import duckdb_type
from sandbox.sqlserver.results import SqlServerError, SqlType

TABLE = SqlType("table")
"""The type of a table variable among the variables of a batch; its value is a `HeldTable`."""
DATABASE = "tempdb"
_FIRST_ID = -1_000_000_001
"""SQL Server's temporary tables have negative object ids, too."""


class HeldTable:
    """A table of the session's own. `rows` have the columns of `table` in order, then the row id."""

    def __init__(self, table: TableDef, depth: int, connection: DuckDBPyConnection) -> None:
        self.table = table
        self.depth = depth
        """How deep in nested calls it was made."""
        self.rows = fetch(connection, f"SELECT {_nulls(table)} WHERE false")

    @property
    def view(self) -> str:
        """The name under which DuckDB finds the rows."""
        return f"__held_{abs(self.table.object_id)}"

    def sql(self, connection: DuckDBPyConnection) -> str:
        """A subquery of the rows as they are now, in the types of stored tables."""
        connection.complete()
        connection.register(self.view, self.rows)
        return f"(SELECT {_as_stored(self.table)} FROM {self.view})"

    def insert(self, connection: DuckDBPyConnection, query: str) -> pa.Table:
        """Append the rows of a query that has all columns in order; returns them."""
        names = ", ".join([*(quote(column.name) for column in self.table.columns), ROW_ID])
        rows = fetch(connection, f"SELECT {_as_stored(self.table)} FROM ({query}) AS q({names})")
        self.rows = pa.concat_tables([self.rows, rows.cast(self.rows.schema)])
        return rows

    def delete(self, connection: DuckDBPyConnection, condition: str) -> None:
        """Delete the rows that a condition on the row id holds for."""
        self.rows = fetch(connection, f"SELECT * FROM {self.sql(connection)} WHERE NOT ({condition})")

    def replace(self, after: pa.Table) -> None:
        """Put changed rows in the place of those with the same row ids."""
        changed = dict(zip(after.column(ROW_ID).to_pylist(), range(after.num_rows), strict=True))
        at = [changed.get(row_id) for row_id in self.rows.column(ROW_ID).to_pylist()]
        both = pa.concat_tables([self.rows, after.cast(self.rows.schema)])
        first = self.rows.num_rows
        self.rows = both.take(
            pa.array([i if new is None else first + new for i, new in enumerate(at)], pa.int64())
        )


class TemporaryDatabase:
    """What tables of the session's own share with a `Database`: counters, kept for the session only."""

    name = DATABASE

    def __init__(self) -> None:
        self.sequences = Sequences({})
        self.row_ids: dict[int, int] = {}

    def next_row_id(self, connection: DuckDBPyConnection, object_id: int, table: str) -> int:
        """The row id that the next row of a table gets."""
        del connection, table
        return self.row_ids.setdefault(object_id, 1)


_Snapshot = list[tuple[HeldTable, TableDef, pa.Table]]


class TemporaryTables:
    """The temporary tables of a session, innermost last, and the points to which they can go back."""

    def __init__(self) -> None:
        self.database = TemporaryDatabase()
        self._tables: list[HeldTable] = []
        self._variables: _Snapshot = []
        """Table variables that the running statement may change, as they were before it."""
        self._whole: _Snapshot = []
        self._savepoints: list[tuple[str, _Snapshot]] = []
        self._views: set[str] = set()
        self._ids = itertools.count(_FIRST_ID, -1)

    def new_object_id(self) -> int:
        """An object id that no stored table has."""
        return next(self._ids)

    def find(self, name: str) -> HeldTable | None:
        """The innermost temporary table of that name. Raises SqlServerError 40517 for a global one."""
        if name.startswith("##"):
            raise not_modelled(f"global temporary tables ({name})")
        wanted = name.lower()
        return next((held for held in reversed(self._tables) if held.table.name.lower() == wanted), None)

    def named(self, name: str, variables: Mapping[str, tuple[SqlType, Any]]) -> HeldTable:
        """The temporary table or table variable of that name. Raises SqlServerError 208, 1087."""
        if name.startswith("#"):
            found = self.find(name)
            if found is None:
                raise SqlServerError(208, f"Invalid object name '{name}'.")
            return found
        sql_type, value = variables.get(name[1:].lower(), (None, None))
        if sql_type != TABLE or not isinstance(value, HeldTable):
            raise SqlServerError(1087, f'Must declare the table variable "{name}".', severity=15)
        return value

    def create(self, table: TableDef, depth: int, connection: DuckDBPyConnection) -> HeldTable:
        """CREATE TABLE #t. Raises SqlServerError 2714 where this batch or procedure has made one already."""
        other = self.find(table.name)
        if other is not None and other.depth == depth:
            raise SqlServerError(
                2714, f"There is already an object named '{table.name}' in the database.", state=6
            )
        held = self.declare(table, depth, connection)
        self._tables.append(held)
        return held

    def declare(self, table: TableDef, depth: int, connection: DuckDBPyConnection) -> HeldTable:
        """DECLARE @t TABLE: the variable's batch keeps it."""
        held = HeldTable(table, depth, connection)
        self._views.add(held.view)
        return held

    def drop(self, held: HeldTable) -> None:
        """DROP TABLE #t."""
        self._tables.remove(held)

    def leave(self, depth: int) -> None:
        """A nested batch or procedure ended: what it made is gone."""
        self._tables = [held for held in self._tables if held.depth <= depth]
        self._whole = _down_to(self._whole, depth)
        self._savepoints = [(name, _down_to(snapshot, depth)) for name, snapshot in self._savepoints]

    def forget_views(self, connection: DuckDBPyConnection) -> None:
        """Between two requests: DuckDB lets go of rows that nobody reads any more."""
        if self._views:
            connection.complete()
        for view in self._views:
            connection.unregister(view)
        self._views = {held.view for held in self._tables}

    # --- statements and transactions

    def will_change(self, held: HeldTable) -> None:
        """Called before a statement writes."""
        if held not in self._tables:
            self._variables.append((held, held.table, held.rows))

    def begin(self) -> None:
        """The outermost BEGIN TRANSACTION."""
        self._savepoints = [("", self._now())]

    def save(self, name: str) -> None:
        """SAVE TRANSACTION."""
        self._savepoints.append((name.lower(), self._now()))

    def rollback(self, name: str = "") -> None:
        """ROLLBACK, of everything or to the last savepoint of that name; table variables stay."""
        at = [i for i, (known, _snapshot) in enumerate(self._savepoints) if known == name.lower()]
        if at:
            self._restore(self._savepoints[at[-1]][1])
            del self._savepoints[at[-1] + 1 :]

    def end_statement(self) -> None:
        """A statement went well."""
        self._variables.clear()
        self._whole = self._now()

    def undo_statement(self) -> None:
        """A statement failed: nothing of it stays."""
        self._restore(self._whole)
        for held, table, rows in reversed(self._variables):
            held.table, held.rows = table, rows
        self._variables.clear()

    def _now(self) -> _Snapshot:
        return [(held, held.table, held.rows) for held in self._tables]

    def _restore(self, snapshot: _Snapshot) -> None:
        self._tables = [held for held, _table, _rows in snapshot]
        for held, table, rows in snapshot:
            held.table, held.rows = table, rows
        self._whole = snapshot


def _down_to(snapshot: _Snapshot, depth: int) -> _Snapshot:
    return [entry for entry in snapshot if entry[0].depth <= depth]


def is_held(name: Sequence[str]) -> bool:
    """Whether a name means a temporary table or a table variable."""
    return name[-1].startswith(("#", "@"))


def _nulls(table: TableDef) -> str:
    columns = [f"CAST(NULL AS {duckdb_type(c.type)}) AS {quote(c.name)}" for c in table.columns]
    return ", ".join([*columns, f"CAST(NULL AS BIGINT) AS {ROW_ID}"])


def _as_stored(table: TableDef) -> str:
    """Arrow knows fewer types than DuckDB, and a query may give narrower ones than the table's."""
    columns = [f"CAST({quote(c.name)} AS {duckdb_type(c.type)}) AS {quote(c.name)}" for c in table.columns]
    return ", ".join([*columns, f"CAST({ROW_ID} AS BIGINT) AS {ROW_ID}"])
