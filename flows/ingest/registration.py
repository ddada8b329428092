"""Taking up tables: their change logs, mirrors and snapshot chunks; and what stands still, and why."""

from __future__ import annotations

from flows.ingest.changes import Gap
from flows.ingest.context import Context, utc_now
from flows.ingest.history import keep_histories
from flows.ingest.restores import check_history
from flows.ingest.snapshot import plan_chunks
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.session import retry_deadlocks
from flows.ingest.tables import CapturedTable
from flows.ingest.warehouse.ledger import GAP, ReplicatedTable
from flows.ingest.window import commit_time


def register(context: Context) -> list[str]:
    """Take up captured tables that are new, or whose changes have a gap; returns their names.

    The cursor begins where CDC is now, so that streaming starts at once beside the snapshots.

    Raises:
        SourceError: the database was restored.
    """
    context.ledger.create_tables(context.tables.values())
    keep_histories(context)
    newest = context.database.max_lsn
    context.ledger.start_cursor(newest, commit_time(context.source, newest, context.zone), utc_now())
    check_history(context.source, context.database.name, context.ledger.require_cursor(), context.zone)
    registered = context.ledger.tables()
    return [
        table.name
        for table in context.tables.values()
        if _must_be_read_anew(context, table, registered.get(table.name)) and start_snapshot(context, table)
    ]


def start_snapshot(context: Context, table: CapturedTable) -> bool:
    """Plan a table's chunks and begin its snapshot at the max LSN: earlier changes are in its rows."""
    cursor = context.ledger.require_cursor().lsn
    snapshot = max(max_lsn(context.source, context.database.name), table.start_lsn)
    rows = context.limits.chunk_rows
    chunks = retry_deadlocks(lambda: plan_chunks(context.source, table, snapshot, rows))
    context.ledger.start_snapshot(table, snapshot, chunks, cursor, utc_now())
    context.progress.step(f"{table.source_label}: snapshot of {len(chunks)} chunks begins at LSN {snapshot}")
    return True


def close_gap(context: Context, table: CapturedTable, gap: Gap) -> None:
    """Never skip a gap: mark the table, tell, and read it anew, while the others go on."""
    context.ledger.set_state(table.name, GAP, utc_now())
    if gap.is_instance_lost:
        context.lose(table.name, gap.reason)
        return
    context.warn(f"{table.source_label} has a gap in its changes: {gap.reason}; its mirror is read anew.")
    start_snapshot(context, table)


def give_up_uncaptured(context: Context) -> None:
    """Mark and tell the tables that CDC no longer captures; the run fails at its end."""
    registered = context.ledger.tables()
    for name in sorted(registered.keys() - context.tables.keys()):
        context.ledger.set_state(name, GAP, utc_now())
        context.lose(
            name,
            f"Table {registered[name].source_label} is no longer captured by CDC, so its mirror RAW.{name} "
            "stands still: enable it again with EXEC sys.sp_cdc_enable_table.",
        )


def _must_be_read_anew(context: Context, table: CapturedTable, known: ReplicatedTable | None) -> bool:
    if known is None or known.state == GAP:
        return True
    if known.capture_instance == table.capture_instance:
        return False
    context.warn(
        f"{table.source_label}: its capture instance {known.capture_instance} is gone; its mirror is read "
        f"anew and followed with {table.capture_instance}."
    )
    return True
