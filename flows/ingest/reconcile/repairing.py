"""Repair: the rows of keys that differ are read anew from the source and replace those of the mirror.

A row counts only if no change touched its key between the cursor before the read and what CDC had harvested
after it: then it is the row that the source had at every LSN in between. So it is exact wherever the cursor
stands in between, and it takes the position of the last of these LSNs: later than all that the mirror can
rightly have of the key, earlier than every change to come. Keys that were touched wait for the next round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from flows.ingest.changes.window import commit_time
from flows.ingest.context import Context, utc_now
from flows.ingest.errors import ConcurrentRunError, SourceError
from flows.ingest.lsn import Lsn, snapshot_position
from flows.ingest.reconcile import mirror_sql, source_sql
from flows.ingest.reconcile.judging import DELETE, KEYS_PER_QUERY, changes_since, wait_for_harvest
from flows.ingest.reconcile.keys import KeyValues, as_key
from flows.ingest.reconcile.results import TableReconciliation
from flows.ingest.reconcile.sides import Row, rows_of
from flows.ingest.snapshot.chunks import READ_BY_SNAPSHOT
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.session import retry_deadlocks, to_arrow
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.columns import BatchLabel, change_log_batch
from flows.ingest.warehouse.apply import append, merge
from flows.ingest.warehouse.landing import LandedTable, land, stage_folder
from flows.ingest.warehouse.ledger import STREAMING


@dataclass(frozen=True)
class Reread:
    """What the source has of some keys at every LSN in [since, up_to]: a row, or None where it has none."""

    table: CapturedTable
    since: Lsn
    up_to: Lsn
    rows: dict[KeyValues, Row | None]


def repair_table(context: Context, found: TableReconciliation) -> int:
    """Replace the rows of keys that differ; returns of how many, the others were touched meanwhile.

    Safe to be killed anywhere, to be repeated, and to run beside other runs: all of it is one transaction.

    Raises:
        ConcurrentRunError: another run moved the cursor just then, or began a snapshot of the table.
        SourceError: its policy hashes columns, or CDC's retention has passed the cursor.
    """
    table = context.tables[found.table]
    if context.policies.of(table.source_label).hash:
        raise SourceError(
            f"{table.source_label} has columns that its policy hashes, so its rows cannot be repaired one by "
            f"one: read it anew with `python -m flows.replicate --resync {table.source_label}`."
        )
    reread = read_anew(context, table, found.verdict.keys)
    if not reread.rows:
        return 0
    committed_at = commit_time(context.source, reread.up_to, context.zone)
    with stage_folder(context.warehouse, context.run_id, utc_now()) as folder:
        label = BatchLabel(context.run_id, f"{folder}/repair")
        landed = land(context.stager, table, _batches(reread, committed_at, label), folder, label.batch)
        if landed is not None:
            _apply(context, reread, landed)
    context.progress.step(
        f"{table.source_label}: {len(reread.rows):,} of {found.differences:,} keys repaired"
    )
    return len(reread.rows)


def read_anew(context: Context, table: CapturedTable, keys: Sequence[KeyValues]) -> Reread:
    """The source's rows of keys, without those that a change touched around the read."""
    since = context.ledger.require_cursor().lsn
    places = [table.columns.index(column) for column in table.key]
    rows: dict[KeyValues, Row | None] = dict.fromkeys(keys)
    for start in range(0, len(keys), KEYS_PER_QUERY):
        some = [as_key(table, key) for key in keys[start : start + KEYS_PER_QUERY]]
        for row in rows_of(table, _ask(context, table, source_sql.rows_of(table, some))):
            rows[tuple(row[place] for place in places)] = row
    wait_for_harvest(context)
    up_to = max(max_lsn(context.source, context.database.name), since)
    touched = changes_since(context, table, since, up_to, list(rows))
    return Reread(table, since, up_to, {key: row for key, row in rows.items() if key not in touched})


def _ask(context: Context, table: CapturedTable, statement: str) -> list[Row]:
    return retry_deadlocks(lambda: context.source.rows(statement, table.name))


def _batches(reread: Reread, committed_at: datetime | None, label: BatchLabel) -> Iterator[pa.RecordBatch]:
    """Rows as a snapshot reads them, and a delete for each key that the source does not have."""
    table = reread.table
    found = [row for row in reread.rows.values() if row is not None]
    gone = [_tombstone(table, key) for key, row in reread.rows.items() if row is None]
    for operation, rows in ((READ_BY_SNAPSHOT, found), (DELETE, gone)):
        if rows:
            yield change_log_batch(
                table,
                to_arrow(rows, table.arrow_schema),
                positions=snapshot_position(reread.up_to),
                operations=operation,
                committed_at=committed_at,
                unchanged=None,
                label=label,
            )


def _tombstone(table: CapturedTable, key: KeyValues) -> Row:
    values = dict(zip((column.name for column in table.key), key, strict=True))
    return tuple(values.get(column.name) for column in table.columns)


def _apply(context: Context, reread: Reread, landed: LandedTable) -> None:
    """Take away what the mirror has of the keys and bring in what was read, unless something later is there.

    A position later than what CDC has harvested is none that replication gives: it goes, too. That limit is
    asked while the cursor is held, so that what another run has just applied is within it.
    """
    ledger, table = context.ledger, reread.table
    cursor = ledger.require_cursor().lsn
    with context.warehouse.transaction():
        ledger.hold_cursor(cursor, utc_now())
        if cursor > reread.up_to or ledger.tables()[table.name].state != STREAMING:
            raise ConcurrentRunError(
                f"Another run went on with {table.name} while it was repaired; this one rolled back: run "
                "again."
            )
        limit = max(max_lsn(context.source, context.database.name), reread.up_to)
        position, latest = snapshot_position(reread.up_to), snapshot_position(limit)
        append(context.warehouse, landed)
        context.warehouse.execute(mirror_sql.remove_batch_keys(table, landed.batch, position, latest))
        merge(context.warehouse, landed)
        ledger.record_arrivals([landed.arrival], utc_now())
