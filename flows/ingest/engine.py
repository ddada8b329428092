"""A run of replication: windows of changes and chunks of snapshots, in turn, until it has caught up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from flows.ingest.changes import ChangeStream, Gap, prove
from flows.ingest.columns import BatchLabel
from flows.ingest.context import Context, utc_now
from flows.ingest.errors import SourceError, TableError
from flows.ingest.lsn import Lsn
from flows.ingest.registration import (
    begin_snapshots,
    close_gap,
    register,
    stop,
    stop_unfollowed,
    tell_moves,
)
from flows.ingest.report import ReplicationReport, write_report
from flows.ingest.snapshot import Chunk, read_chunk, read_watermark
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.session import retry_deadlocks
from flows.ingest.tables import CapturedTable, Segment
from flows.ingest.warehouse.apply import SnapshotEnd, apply_alone, apply_chunk, apply_window, finish_snapshot
from flows.ingest.warehouse.landing import LandedFile, land, stage_folder
from flows.ingest.warehouse.ledger import DROPPED, GAP, SNAPSHOT
from flows.ingest.window import Window, clipped, commit_time, next_window


def catch_up(context: Context) -> ReplicationReport:
    """Apply windows and load chunks until the mirrors are where the source was.

    That is its max LSN at the end of the snapshots, or at the start when there is nothing to snapshot.
    Whatever dies, wherever it dies: call it again.

    Raises:
        ConcurrentRunError: another run was faster; this one rolled back.
        SourceError: the source failed or was restored, or a table can no longer be followed (the others
            were, first).
    """
    started_from = begin(context)
    with stage_folder(context.warehouse, context.run_id, context.started_at) as folder:
        advance(context, folder)
    return conclude(context, started_from)


def begin(context: Context) -> Lsn:
    """Take up what is captured and stop what cannot be followed; returns where the cursor is."""
    register(context)
    started_from = context.ledger.require_cursor().lsn
    stop_unfollowed(context)
    return started_from


def advance(context: Context, folder: str, is_over: Callable[[], bool] = lambda: False) -> None:
    """Windows and chunks in turn until the mirrors are where the source was, or until it is over."""
    move_stopped_tables(context, folder)
    target: Lsn | None = None
    while not is_over() and (target is None or context.ledger.require_cursor().lsn < target):
        is_snapshotting = apply_next_window(context, folder)
        is_snapshotting |= load_next_chunks(context, folder)
        if is_snapshotting:
            target = None
        elif target is None:
            target = max_lsn(context.source, context.database.name)


def conclude(context: Context, started_from: Lsn) -> ReplicationReport:
    """Write the report of a run; a table that was lost fails it."""
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
    segments = _needed_segments(context, window)
    reading = retry_deadlocks(lambda: _read_segments(context, window, segments, folder))
    if reading.has_new_instance:
        context.discover()
        register(context)
        return True
    for name, gap in reading.broken.items():
        close_gap(context, name, gap)
    files = reading.whole_files
    apply_window(context.ledger, window, files, utc_now())
    context.tally.transactions += window.transactions
    context.tally.changes.update({file.table.name: file.rows for file in files})
    if not window.is_idle:
        context.progress.step(
            f"window up to {window.up_to}: {sum(file.rows for file in files):,} changes of "
            f"{window.transactions:,} transactions in {len(files)} tables"
        )
    tell_moves(context, window)
    return bool(reading.broken)


def move_stopped_tables(context: Context, folder: str) -> None:
    """Bring tables that stood, and need no longer stand, to the cursor, each by itself; then all go on."""
    for name, registered in context.ledger.tables().items():
        if name in context.tables and registered.stopped_at is not None:
            _move_alone(context, context.tables[name], registered.stopped_at, folder)
    begin_snapshots(context)


def load_next_chunks(context: Context, folder: str) -> bool:
    """Load some chunks and end the snapshots that are complete; False when there was nothing to do."""
    pending, loaded = context.ledger.chunks()
    pending = [chunk for chunk in pending if chunk.table in context.tables]
    for done, chunk in enumerate(pending[: context.limits.chunks_per_round], start=1):
        if chunk.table not in context.tables:
            continue  # an earlier chunk of it could not be read
        rows = _load_chunk(context, chunk, folder)
        context.progress.step(f"{chunk.table}: chunk {chunk.number} loaded, {rows:,} rows")
        context.progress.snapshot(loaded + done, loaded + len(pending))
    has_finished = _finish_snapshots(context, folder)
    return bool(pending) or has_finished


@dataclass
class Reading:
    """What was read of a window: landed files, and why some tables' are of no use."""

    files: list[LandedFile] = field(default_factory=list)
    broken: dict[str, Gap] = field(default_factory=dict)
    has_new_instance: bool = False

    @property
    def whole_files(self) -> list[LandedFile]:
        """The files of tables of which no change is missing."""
        return [file for file in self.files if file.table.name not in self.broken]


def _read_segments(context: Context, window: Window, segments: Sequence[Segment], folder: str) -> Reading:
    """Land each table's changes of a window, and prove in the same transaction that none is missing."""
    reading = Reading()
    with context.source.transaction():
        for segment in segments if not window.is_idle else ():
            if segment.table.name in reading.broken:
                continue
            try:
                _read_segment(context, window, segment, folder, reading)
            except TableError as error:
                reading.broken[segment.table.name] = Gap(str(error), is_instance_lost=True)
        proof = prove(context.source, segments)
    reading.broken = proof.gaps | reading.broken
    known = context.discovered.newest_start
    reading.has_new_instance = proof.newest_instance is not None and (
        known is None or proof.newest_instance > known
    )
    return reading


def _read_segment(context: Context, window: Window, segment: Segment, folder: str, reading: Reading) -> None:
    label = _next_label(context, folder)
    of_segment = replace(window, up_to=segment.up_to)
    stream = ChangeStream(context.source, segment.table, of_segment, segment.after, label)
    file = land(context.warehouse, segment.table, stream, folder, label.batch)
    if stream.lost_value is not None:
        reading.broken[segment.table.name] = Gap(stream.lost_value)
    if file is not None:
        reading.files.append(file)


def _needed_segments(context: Context, window: Window) -> list[Segment]:
    """What each table needs of a window: its snapshot has the earlier changes."""
    return [
        segment
        for name, registered in context.ledger.tables().items()
        if name in context.tables and registered.stopped_at is None and registered.state not in (GAP, DROPPED)
        for segment in context.tables[name].segments(max(window.after, registered.start_lsn), window.up_to)
    ]


def _move_alone(context: Context, table: CapturedTable, stopped_at: Lsn, folder: str) -> None:
    """Apply a table's changes from where it stands up to the cursor, window by window."""
    cursor = context.ledger.require_cursor().lsn
    limit = context.limits.max_transactions_per_window
    while stopped_at < cursor:
        newest = next_window(context.source, stopped_at, limit, context.zone)
        window = clipped(newest, stopped_at, cursor)
        segments = list(table.segments(stopped_at, window.up_to))
        reading = retry_deadlocks(partial(_read_segments, context, window, segments, folder))
        for name, gap in reading.broken.items():
            close_gap(context, name, gap)
            return
        apply_alone(context.ledger, table.name, window, reading.files, cursor, utc_now())
        context.tally.changes.update({file.table.name: file.rows for file in reading.files})
        stopped_at = window.up_to
    context.progress.step(f"{table.source_label}: it stood, and is at the cursor again")


def _load_chunk(context: Context, chunk: Chunk, folder: str) -> int:
    table = context.tables[chunk.table]
    cursor = context.ledger.require_cursor().lsn
    label = _next_label(context, folder)

    def read() -> LandedFile | None:
        watermark = read_watermark(context.source, context.database.name, table, context.zone)
        batches = read_chunk(context.source, table, chunk, watermark, label)
        return land(context.warehouse, table, batches, folder, label.batch)

    try:
        file = retry_deadlocks(read)
    except TableError as error:
        stop(context, table.name, str(error))
        return 0
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
