"""A run of replication: windows of changes and chunks of snapshots, in turn, until it has caught up."""

from __future__ import annotations

from flows.ingest.changes import ChangeStream, Gap, gaps
from flows.ingest.columns import BatchLabel
from flows.ingest.context import Context, utc_now
from flows.ingest.errors import SourceError
from flows.ingest.lsn import Lsn
from flows.ingest.registration import close_gap, give_up_uncaptured
from flows.ingest.report import ReplicationReport, write_report
from flows.ingest.restores import check_history
from flows.ingest.snapshot import Chunk, read_chunk, read_watermark
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.session import retry_deadlocks
from flows.ingest.tables import CapturedTable
from flows.ingest.warehouse.apply import SnapshotEnd, apply_chunk, apply_window, finish_snapshot
from flows.ingest.warehouse.landing import LandedFile, land, stage_folder
from flows.ingest.warehouse.ledger import GAP, SNAPSHOT
from flows.ingest.window import Window, commit_time, next_window


def catch_up(context: Context) -> ReplicationReport:
    """Apply windows and load chunks until the mirrors are where the source was.

    That is its max LSN at the end of the snapshots, or at the start when there is nothing to snapshot.
    Whatever dies, wherever it dies: call it again.

    Raises:
        ConcurrentRunError: another run was faster; this one rolled back.
        SourceError: the source failed or was restored, or a table can no longer be followed (the others
            were, first).
    """
    cursor = context.ledger.require_cursor()
    check_history(context.source, context.database.name, cursor, context.zone)  # holds for this session
    started_from = cursor.lsn
    give_up_uncaptured(context)
    with stage_folder(context.warehouse, context.run_id, context.started_at) as folder:
        target: Lsn | None = None
        while target is None or context.ledger.require_cursor().lsn < target:
            is_snapshotting = apply_next_window(context, folder)
            is_snapshotting |= load_next_chunks(context, folder)
            if is_snapshotting:
                target = None
            elif target is None:
                target = max_lsn(context.source, context.database.name)
    report = write_report(context, started_from)
    if context.tally.lost_tables:
        raise SourceError(" ".join(context.tally.lost_tables.values()))
    return report


def apply_next_window(context: Context, folder: str) -> bool:
    """Move all tables on by one window; True when that found a gap, so that a snapshot begins."""
    cursor = context.ledger.require_cursor()
    limit = context.limits.max_transactions_per_window
    window = next_window(context.source, cursor.lsn, limit, context.zone, cursor.committed_at)
    if window is None:
        return False
    label = _next_label(context, folder)
    files, broken = retry_deadlocks(lambda: _read_window(context, window, folder, label))
    for table, gap in broken.items():
        close_gap(context, table, gap)
    apply_window(context.ledger, window, files, utc_now())
    context.tally.transactions += window.transactions
    context.tally.changes.update({file.table.name: file.rows for file in files})
    if not window.is_idle:
        context.progress.step(
            f"window up to {window.up_to}: {sum(file.rows for file in files):,} changes of "
            f"{window.transactions:,} transactions in {len(files)} tables"
        )
    return bool(broken)


def load_next_chunks(context: Context, folder: str) -> bool:
    """Load some chunks and end the snapshots that are complete; False when there was nothing to do."""
    pending, loaded = context.ledger.chunks()
    pending = [chunk for chunk in pending if chunk.table in context.tables]
    for done, chunk in enumerate(pending[: context.limits.chunks_per_round], start=1):
        rows = _load_chunk(context, chunk, folder)
        context.progress.step(f"{chunk.table}: chunk {chunk.number} loaded, {rows:,} rows")
        context.progress.snapshot(loaded + done, loaded + len(pending))
    has_finished = _finish_snapshots(context, folder)
    return bool(pending) or has_finished


def _read_window(
    context: Context, window: Window, folder: str, label: BatchLabel
) -> tuple[list[LandedFile], dict[CapturedTable, Gap]]:
    """Land each table's changes of a window, and prove in the same transaction that none is missing."""
    needed_from = _needed_from(context, window)
    files: list[LandedFile] = []
    broken: dict[CapturedTable, Gap] = {}
    with context.source.transaction():
        for table, after in needed_from.items() if not window.is_idle else ():
            stream = ChangeStream(context.source, table, window, after, label)
            file = land(context.warehouse, table, stream, folder, label.batch)
            if stream.lost_value is not None:
                broken[table] = Gap(stream.lost_value)
            if file is not None:
                files.append(file)
        broken |= gaps(context.source, needed_from)
    return [file for file in files if file.table not in broken], broken


def _needed_from(context: Context, window: Window) -> dict[CapturedTable, Lsn]:
    """After which LSN each table needs a window's changes: its snapshot has the earlier ones."""
    needed: dict[CapturedTable, Lsn] = {}
    for name, registered in context.ledger.tables().items():
        after = max(window.after, registered.start_lsn)
        if registered.state != GAP and name in context.tables and after < window.up_to:
            needed[context.tables[name]] = after
    return needed


def _load_chunk(context: Context, chunk: Chunk, folder: str) -> int:
    table = context.tables[chunk.table]
    cursor = context.ledger.require_cursor().lsn
    label = _next_label(context, folder)

    def read() -> LandedFile | None:
        watermark = read_watermark(context.source, context.database.name, table, context.zone)
        batches = read_chunk(context.source, table, chunk, watermark, label)
        return land(context.warehouse, table, batches, folder, label.batch)

    file = retry_deadlocks(read)
    context.harvest.mark()
    apply_chunk(context.ledger, chunk, file, cursor, utc_now())
    rows = file.rows if file else 0
    context.tally.snapshot_rows[table.name] += rows
    return rows


def _finish_snapshots(context: Context, folder: str) -> bool:
    """End the snapshots of which no chunk is waiting, also those whose run died before it could.

    They end once CDC has harvested all that their chunks can have seen; True until then.
    """
    registered = context.ledger.tables()
    waiting = {chunk.table for chunk in context.ledger.chunks()[0]}  # asked anew: another run may add some
    complete = [
        table
        for table in registered.values()
        if table.state == SNAPSHOT and table.name in context.tables and table.name not in waiting
    ]
    if complete and not context.harvest.is_past_mark():
        return True
    for table in complete:
        newest = max(max_lsn(context.source, context.database.name), table.start_lsn)
        cursor, now = context.ledger.require_cursor(), utc_now()
        began_at = commit_time(context.source, table.start_lsn, context.zone) or cursor.committed_at or now
        label = _next_label(context, folder)
        end = SnapshotEnd(context.tables[table.name], table.start_lsn, began_at, newest, label.batch)
        finish_snapshot(context.ledger, end, cursor.lsn, now)
        context.progress.step(f"{table.source_label}: snapshot complete, consistent from LSN {newest}")
    return bool(complete)


def _next_label(context: Context, folder: str) -> BatchLabel:
    context.tally.batches += 1
    return BatchLabel(context.run_id, f"{folder}/{context.tally.batches:06d}")
