"""A run of replication: windows of changes and chunks of snapshots, in turn, until it has caught up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flows.ingest.context import Context
from flows.ingest.errors import TablesStandError
from flows.ingest.health.report import ReplicationReport, write_report
from flows.ingest.lsn import Lsn
from flows.ingest.pipeline import Pipeline
from flows.ingest.snapshot.copies import copy_due_tables
from flows.ingest.source.discovery import max_lsn
from flows.ingest.tables.registration import begin_snapshots, register, stop_unfollowed
from flows.ingest.tables.stopped import move_stopped_tables
from flows.ingest.warehouse.landing import stage_folder


def catch_up(context: Context) -> ReplicationReport:
    """Apply windows and load chunks until the mirrors are where the source was.

    That is its max LSN at the end of the snapshots, or at the start when there is nothing to snapshot.
    Whatever dies, wherever it dies: call it again.

    Raises:
        ConcurrentRunError: another run was faster; this one rolled back.
        SourceError: the source failed or was restored.
        TablesStandError: tables can no longer be followed; the others were, first.
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
    """Windows and chunks in turn until the mirrors are where the source was, or until it is over.

    The readers are kept busy; what they landed is applied in the order in which they were asked, to the last.
    """
    move_stopped_tables(context, folder)
    begin_snapshots(context)
    copy_due_tables(context, folder)
    target: Lsn | None = None
    with _pipeline(context, folder) as pipeline:
        while not is_over() and (target is None or pipeline.cursor.lsn < target):
            pipeline.read_windows()
            pipeline.read_chunks()
            is_changed = pipeline.apply_next()
            if is_changed or pipeline.finish_snapshots():
                target = None
            elif target is None:
                target = max_lsn(context.source, context.database.name)
        pipeline.apply_all()


def apply_next_windows(context: Context, folder: str) -> bool:
    """Move all tables on by the next windows; True when that found a gap, so that a snapshot begins."""
    with _pipeline(context, folder) as pipeline:
        pipeline.read_windows()
        return pipeline.apply_all()


def conclude(context: Context, started_from: Lsn) -> ReplicationReport:
    """Write the report of a run.

    Raises:
        TablesStandError: a table was lost.
    """
    report = write_report(context, started_from)
    if context.tally.lost_tables:
        raise TablesStandError(" ".join(context.tally.losses))
    return report


@contextmanager
def _pipeline(context: Context, folder: str) -> Iterator[Pipeline]:
    with context.readers.crew() as crew:
        yield Pipeline(context, crew, folder)
