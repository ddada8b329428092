"""Tables that stood while the others went on: each is brought to the cursor by itself."""

from __future__ import annotations

from flows.ingest.changes.window import clipped, next_window
from flows.ingest.context import Context, utc_now
from flows.ingest.lsn import Lsn
from flows.ingest.reading import WindowTask, landing
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.registration import close_gap
from flows.ingest.warehouse.apply import apply_alone


def move_stopped_tables(context: Context, folder: str) -> None:
    """Bring tables that stood, and need no longer stand, to the cursor; then all go on."""
    for name, registered in context.ledger.tables().items():
        if name in context.tables and registered.stopped_at is not None:
            _move(context, context.tables[name], registered.stopped_at, folder)


def _move(context: Context, table: CapturedTable, stopped_at: Lsn, folder: str) -> None:
    """Apply a table's changes from where it stands up to the cursor, window by window."""
    cursor = context.ledger.require_cursor().lsn
    limit = context.limits.max_transactions_per_window
    if stopped_at >= cursor:  # nothing was committed since, or its snapshot began beyond the cursor
        apply_alone(context.ledger, table.name, stopped_at, cursor, (), cursor, utc_now())
    while stopped_at < cursor:
        newest = next_window(context.source, stopped_at, limit, context.zone)
        window = clipped(newest, stopped_at, cursor)
        task = WindowTask(window, table.segments(stopped_at, window.up_to), landing(context, folder))
        with context.readers.crew() as crew:
            landed = crew.submit(task).result()
        for name, gap in landed.broken.items():
            close_gap(context, name, gap)
            return
        apply_alone(context.ledger, table.name, window.after, window.up_to, landed.files, cursor, utc_now())
        context.tally.changes.update({file.table.name: file.rows for file in landed.files})
        stopped_at = window.up_to
    context.progress.step(f"{table.source_label}: it stood, and is at the cursor again")
