"""The two sides of a comparison: the source as it is now, and a mirror that stands still at one LSN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flows.ingest.context import Context
from flows.ingest.errors import ConcurrentRunError, WarehouseError
from flows.ingest.health.proof import as_travelled
from flows.ingest.lsn import Lsn
from flows.ingest.reconcile import mirror_sql
from flows.ingest.reconcile.hashing import MODULUS, Hashing
from flows.ingest.snapshot.chunks import Key
from flows.ingest.source import statements
from flows.ingest.source.reader import as_discovered
from flows.ingest.source.session import SourceSession, retry_deadlocks, to_arrow
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.warehouse.ledger import STREAMING, ReplicatedTable
from flows.ingest.warehouse.session import WarehouseSession

Row = tuple[Any, ...]
"""A row's values as they travel in Arrow, in the order of the table's columns."""

FREEZE_ATTEMPTS = 5


@dataclass(frozen=True)
class Summary:
    """How many rows a part has, and the sum of their hashes modulo 2^64: order does not matter."""

    rows: int = 0
    hash: int = 0

    @classmethod
    def of(cls, rows: Any, total: Any) -> Summary:
        """A summary as a server gives it: no sum where there is no row."""
        return cls(int(rows), int(total or 0) % MODULUS)

    def __add__(self, other: Summary) -> Summary:
        return Summary(self.rows + other.rows, (self.hash + other.hash) % MODULUS)


@dataclass
class Sides:
    """Both sides of one table. `table` has the columns that are compared; `statements` counts Snowflake's."""

    source: SourceSession
    warehouse: WarehouseSession
    table: CapturedTable
    hashing: Hashing
    statements: int = 0

    def ask_source(self, statement: str) -> list[Row]:
        """The answer of the source, booked on the table."""
        return retry_deadlocks(lambda: self.source.rows(statement, self.table.name))

    def boundary(self, after: Key | None, up_to: Key | None, rows: int) -> Key | None:
        """The last key of the next `rows` rows in (after, up_to]; None when fewer remain."""
        found = self.ask_source(statements.chunk_boundary(self.table, after, rows, up_to))
        return tuple(map(str, found[0])) if found else None

    def source_rows(self, statement: str) -> list[Row]:
        """Rows of the source; the statement selects the table's columns."""
        return rows_of(self.table, self.ask_source(statement))

    def ask_mirror(self, statement: str) -> list[Row]:
        """The answer of Snowflake."""
        self.statements += 1
        return self.warehouse.rows(statement)

    def mirror_rows(self, statement: str) -> list[Row]:
        """Rows of the mirror; the statement selects the table's columns."""
        self.statements += 1
        return _as_rows(as_travelled(self.warehouse.arrow(statement), self.table))


def rows_of(table: CapturedTable, read: list[Row]) -> list[Row]:
    """Rows of the source as they travel."""
    if not read:
        return []
    with as_discovered(table.name):
        batch = to_arrow(read, table.arrow_schema)
    return _as_rows(pa.Table.from_batches([batch]))


def _as_rows(table: pa.Table) -> list[Row]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


@contextmanager
def mirror_at_rest(context: Context, table: CapturedTable) -> Iterator[Lsn]:
    """A clone of the table's mirror, and the LSN at which it is: whatever other runs do meanwhile.

    The cursor and the table's state are read before and after: when neither moved, no window was applied in
    between, as a window moves the mirrors together with the cursor.

    Raises:
        ConcurrentRunError: another run is faster, every time.
    """
    for _ in range(FREEZE_ATTEMPTS):
        before = _standing(context, table.name)
        context.warehouse.execute(mirror_sql.create_clone(table))
        try:
            if _standing(context, table.name) != before or before[1].state != STREAMING:
                continue
            yield before[0]
            return
        finally:
            with suppress(WarehouseError):  # it is gone with the session at the latest
                context.warehouse.execute(mirror_sql.drop_clone(table))
    raise ConcurrentRunError(
        f"Another run was at work on the mirror {table.name} each of {FREEZE_ATTEMPTS} times that it was "
        "cloned: run again."
    )


def _standing(context: Context, name: str) -> tuple[Lsn, ReplicatedTable]:
    return context.ledger.require_cursor().lsn, context.ledger.tables()[name]
