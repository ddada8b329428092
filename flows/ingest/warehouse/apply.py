"""Applying landed files: one Snowflake transaction for a window of all tables, or for a chunk of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.ingest.errors import WarehouseError
from flows.ingest.lsn import Lsn, snapshot_position
from flows.ingest.snapshot import Chunk
from flows.ingest.tables import CapturedTable
from flows.ingest.warehouse import raw_sql
from flows.ingest.warehouse.landing import LandedFile
from flows.ingest.warehouse.ledger import Ledger
from flows.ingest.warehouse.session import WarehouseSession
from flows.ingest.window import Window

COPY_ROWS_LOADED = 3
"""Place of `rows_loaded` in COPY's result (Snowflake, "COPY INTO <table>"); with no new file, a lone text."""


def apply_window(ledger: Ledger, window: Window, files: Sequence[LandedFile], now: datetime) -> None:
    """The cursor, the change logs and the mirrors of all tables move from one commit LSN to another.

    Raises:
        ConcurrentRunError: another run moved the cursor first; nothing of this window remains.
        WarehouseError: Snowflake refused something; nothing of this window remains.
    """
    with ledger.warehouse.transaction():
        ledger.move_cursor(window.after, window.up_to, window.ends_at, now)
        for file in files:
            append_and_merge(ledger.warehouse, file)
        ledger.set_caught_up(window.up_to, now)


def apply_chunk(ledger: Ledger, chunk: Chunk, file: LandedFile | None, cursor: Lsn, now: datetime) -> None:
    """A chunk's rows enter change log and mirror, and the chunk is done.

    Raises:
        ConcurrentRunError: another run moved the cursor or loaded the chunk; nothing of it remains.
    """
    with ledger.warehouse.transaction():
        ledger.hold_cursor(cursor, now)
        ledger.set_chunk_loaded(chunk, file.rows if file else 0, now)
        if file is not None:
            append_and_merge(ledger.warehouse, file)


def apply_alone(
    ledger: Ledger, table: str, window: Window, files: Sequence[LandedFile], cursor: Lsn, now: datetime
) -> None:
    """A table that stood while the others went on moves by one window towards the cursor.

    Raises:
        ConcurrentRunError: another run moved it, or the cursor, first; nothing of this window remains.
    """
    with ledger.warehouse.transaction():
        ledger.hold_cursor(cursor, now)
        ledger.move_stopped(table, window.after, None if window.up_to == cursor else window.up_to, now)
        for file in files:
            append_and_merge(ledger.warehouse, file)
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
        ledger.warehouse.execute(raw_sql.log_unseen(end.table), logged)
        ledger.warehouse.execute(raw_sql.tombstone_unseen(end.table.name), (position, end.began_at, position))
        ledger.set_caught_up(cursor, now)


def append_and_merge(warehouse: WarehouseSession, file: LandedFile) -> None:
    """Append a staged file to its change log and, by its key, bring it into its mirror; inside a transaction.

    Raises:
        WarehouseError: COPY did not load every row.
    """
    table = file.table
    loaded = warehouse.rows(raw_sql.copy_into_change_log(table, file.path))
    rows = sum(int(row[COPY_ROWS_LOADED]) for row in loaded if len(row) > COPY_ROWS_LOADED)
    warehouse.cost.add(rows=rows)
    if rows != file.rows:
        raise WarehouseError(
            f"COPY into the change log of {table.name} loaded {rows} of {file.rows} rows of {file.path}: "
            "the transaction was rolled back; run again."
        )
    if file.key_range is not None:
        warehouse.execute(raw_sql.merge_batch(table, file.batch, file.key_range.low, file.key_range.high))
