"""Tables without a key: no change finds its row, so their mirrors are copies, made anew every so often.

The change log gets every change all the same. A copy is read with one statement, under SNAPSHOT isolation
where the database has it, so that it is of one moment; its `_POSITION` is the newest LSN that CDC knew
before it was read. It is at least as new as that, and not of the cursor's LSN as the other mirrors are.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.ingest.context import Context, utc_now
from flows.ingest.errors import TableError
from flows.ingest.lsn import Lsn
from flows.ingest.reading import ChunksTask, landing
from flows.ingest.snapshot.chunks import Chunk
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.registration import stop
from flows.ingest.warehouse.apply import replace_mirror
from flows.ingest.warehouse.ledger import ReplicatedTable


def copy_due_tables(context: Context, folder: str) -> None:
    """Read the tables without a key whose copies are too old, one after the other."""
    registered = context.ledger.tables()
    for name, table in list(context.tables.items()):
        known = registered.get(name)
        if known is None or table.key or known.stopped_at is not None:
            continue
        hours = context.policies.of(table.source_label).resnapshot_hours
        if is_due(known.copied_at, hours, utc_now()):
            _copy(context, table, known, folder)


def is_due(copied_at: datetime | None, hours: float, now: datetime) -> bool:
    """Whether a copy is to be made, `hours` after the one before."""
    return copied_at is None or now - copied_at >= timedelta(hours=hours)


def _copy(context: Context, table: CapturedTable, known: ReplicatedTable, folder: str) -> None:
    """Land the whole table in bounded memory, and let it take the mirror's place in one transaction."""
    if not context.database.allows_snapshot_isolation:
        context.warn(
            f"{table.source_label} has no key and database {context.database.name} does not allow SNAPSHOT "
            "isolation, so rows that change while it is read can be missing or double in its copy: ALTER "
            f"DATABASE {context.database.name} SET ALLOW_SNAPSHOT_ISOLATION ON."
        )
    began, cursor = utc_now(), context.ledger.require_cursor().lsn
    whole = Chunk(table.name, Lsn.from_bytes(bytes(10)), 0, None, None)
    task = ChunksTask(context.database.name, context.zone, table, [whole], landing(context, folder))
    try:
        with context.readers.crew() as crew:
            landed = crew.submit(task).result()
    except TableError as error:
        stop(context, table.name, str(error))
        return
    rows = sum(chunk.rows for chunk in landed.chunks)
    replace_mirror(context.ledger, table, known.copied_at, landed.file, cursor, began)
    context.tally.snapshot_rows[table.name] += rows
    context.progress.step(f"{table.source_label} has no key: its mirror is a copy of {rows:,} rows")
