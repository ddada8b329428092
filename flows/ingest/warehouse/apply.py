"""Applying landed files: one Snowflake transaction for a window of all tables, or for a chunk of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.ingest.changes.window import Window
from flows.ingest.errors import WarehouseError
from flows.ingest.lsn import Lsn, snapshot_position
from flows.ingest.snapshot.chunks import LoadedChunk
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.warehouse import raw_sql
from flows.ingest.warehouse.landing import LandedTable
from flows.ingest.warehouse.ledger import Arrival, Ledger
from flows.ingest.warehouse.session import WarehouseSession

COPY_ROWS_LOADED = 3
"""Place of `rows_loaded` in COPY's result (Snowflake, "COPY INTO <table>"); with no new file, a lone text."""

FILES_PER_COPY = 1_000
"""As many names as COPY takes (Snowflake, "COPY INTO <table>", FILES)."""


def apply_window(ledger: Ledger, window: Window, files: Sequence[LandedTable], now: datetime) -> None:
    """The cursor, the change logs and the mirrors of all tables move from one commit LSN to another.

    Raises:
        ConcurrentRunError: another run moved the cursor first; nothing of this window remains.
        WarehouseError: Snowflake refused something; nothing of this window remains.
    """
    with ledger.warehouse.transaction():
        ledger.move_cursor(window.after, window.up_to, window.ends_at, now)
        for landed in files:
            append_and_merge(ledger.warehouse, landed)
        ledger.record_arrivals([landed.arrival for landed in files], now)
        ledger.set_caught_up(window.up_to, now)


def apply_chunks(
    ledger: Ledger, chunks: Sequence[LoadedChunk], landed: LandedTable | None, cursor: Lsn, now: datetime
) -> None:
    """The rows of some chunks of one table enter change log and mirror, and the chunks are done.

    Raises:
        ConcurrentRunError: another run moved the cursor or loaded a chunk; nothing of them remains.
    """
    with ledger.warehouse.transaction():
        ledger.hold_cursor(cursor, now)
        for chunk in chunks:
            ledger.set_chunk_loaded(chunk.chunk, chunk.rows, now)
        if landed is not None:
            append_and_merge(ledger.warehouse, landed)
            ledger.record_arrivals([landed.arrival], now)


def apply_alone(
    ledger: Ledger,
    table: str,
    after: Lsn,
    up_to: Lsn,
    files: Sequence[LandedTable],
    cursor: Lsn,
    now: datetime,
) -> None:
    """A table that stood at `after` while the others went on moves towards the cursor, or stands no longer.

    Raises:
        ConcurrentRunError: another run moved it, or the cursor, first; nothing of these files remains.
    """
    with ledger.warehouse.transaction():
        ledger.hold_cursor(cursor, now)
        ledger.move_stopped(table, after, up_to if up_to < cursor else None, now)
        for file in files:
            append_and_merge(ledger.warehouse, file)
        ledger.record_arrivals([file.arrival for file in files], now)
        ledger.set_caught_up(cursor, now)


@dataclass(frozen=True)
class SnapshotEnd:
    """A snapshot of which all chunks are loaded.

    Attributes:
        began: its LSN, and `began_at` when that commit happened, UTC: of rows that it did not see.
        consistent_from: from this LSN on the mirror is what the source was.
        batch: the label of the tombstones in the change log.
    """

    table: CapturedTable
    began: Lsn
    began_at: datetime
    consistent_from: Lsn
    batch: str


def finish_snapshot(ledger: Ledger, end: SnapshotEnd, cursor: Lsn, now: datetime) -> None:
    """Rows that the snapshot did not see get a tombstone at its start, in the change log and the mirror.

    Each row that the snapshot saw, and each that changed since, has a later position than its start.

    Raises:
        ConcurrentRunError: another run is at work on it; nothing was tombstoned.
    """
    position = snapshot_position(end.began)
    logged = (position, end.began_at, ledger.run_id, end.batch, position)
    with ledger.warehouse.transaction():
        ledger.hold_cursor(cursor, now)
        ledger.set_consistent_from(end.table.name, end.began, end.consistent_from, now)
        unseen = ledger.warehouse.execute(raw_sql.log_unseen(end.table), logged)
        ledger.warehouse.execute(raw_sql.tombstone_unseen(end.table.name), (position, end.began_at, position))
        ledger.record_arrivals([Arrival(end.table.name, end.batch, unseen)] if unseen else [], now)
        ledger.set_caught_up(cursor, now)


def replace_mirror(
    ledger: Ledger,
    table: CapturedTable,
    copied_before: datetime | None,
    landed: LandedTable | None,
    cursor: Lsn,
    began: datetime,
) -> None:
    """The mirror of a table without a key becomes the copy that was landed, between two reads of anybody.

    Args:
        ledger: notes the copy.
        table: which table.
        copied_before: when the copy before was read, as the ledger has it.
        landed: the rows; None when there are none.
        cursor: where it is, and stays meanwhile.
        began: when the reading of the rows began, UTC.

    Raises:
        ConcurrentRunError: another run moved the cursor or made a copy; nothing was replaced.
        WarehouseError: COPY did not load every row.
    """
    with ledger.warehouse.transaction():
        ledger.hold_cursor(cursor, began)
        ledger.set_copied(table.name, copied_before, began)
        ledger.warehouse.execute(raw_sql.empty_mirror(table.name))
        if landed is not None:
            copy_whole(ledger.warehouse, landed, raw_sql.mirror(table.name))
            ledger.warehouse.execute(raw_sql.mark_present(table.name))
        ledger.record_arrivals([landed.arrival if landed else Arrival(table.name, "", 0)], began)


def append_and_merge(warehouse: WarehouseSession, landed: LandedTable) -> None:
    """Append the staged files of a batch to a change log and, by its key, bring it into its mirror.

    Inside a transaction.

    Raises:
        WarehouseError: COPY did not load every row.
    """
    append(warehouse, landed)
    merge(warehouse, landed)


def append(warehouse: WarehouseSession, landed: LandedTable) -> None:
    """Append the staged files of a batch to a change log; inside a transaction.

    Raises:
        WarehouseError: COPY did not load every row.
    """
    copy_whole(warehouse, landed, raw_sql.change_log(landed.table.name))


def copy_whole(warehouse: WarehouseSession, landed: LandedTable, into: str) -> None:
    """Copy the staged files of a batch into a table of RAW by its quoted name; inside a transaction.

    Raises:
        WarehouseError: COPY did not load every row.
    """
    rows = 0
    for start in range(0, len(landed.names), FILES_PER_COPY):
        names = landed.names[start : start + FILES_PER_COPY]
        copied = warehouse.rows(raw_sql.copy_into(into, landed.folder, names))
        rows += sum(int(row[COPY_ROWS_LOADED]) for row in copied if len(row) > COPY_ROWS_LOADED)
    warehouse.cost.add(rows=rows)
    if rows != landed.rows:
        raise WarehouseError(
            f"COPY into {into} loaded {rows} of {landed.rows} rows of batch {landed.batch}: the transaction "
            "was rolled back; run again."
        )


def merge(warehouse: WarehouseSession, landed: LandedTable) -> None:
    """Bring a batch that is in its change log into its mirror, by its key; inside a transaction."""
    span = landed.key_range
    if span is not None:
        statement = raw_sql.merge_batch(
            landed.table, landed.batch, span.low, span.high, has_changes=landed.has_changes
        )
        warehouse.execute(statement)
