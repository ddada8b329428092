"""Taking up tables: their change logs, mirrors and snapshot chunks; and what stands still, and why."""

from __future__ import annotations

from collections.abc import Sequence

from flows.ingest.changes.stream import Gap
from flows.ingest.changes.window import Window, commit_time
from flows.ingest.context import Context, utc_now
from flows.ingest.errors import SourceError, TableError
from flows.ingest.health.restores import check_history
from flows.ingest.policies.columns import tableless
from flows.ingest.policies.history import keep_histories
from flows.ingest.policies.privacy import comment_columns, enforce, read_salts
from flows.ingest.snapshot.chunks import plan_chunks, rows_per_chunk
from flows.ingest.source import statements
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.session import retry_deadlocks
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.drift import capture_added_columns, evolve
from flows.ingest.warehouse.ledger import DROPPED, FILLING, GAP, SNAPSHOT, ReplicatedTable


def register(context: Context) -> list[str]:
    """Take up captured tables that are new, have drifted, or have a gap; returns those that are read anew.

    The cursor begins where CDC is now, so that streaming starts at once beside the snapshots.

    Raises:
        SourceError: the database was restored, or another one is replicated here.
    """
    context.ledger.hold_to_one_source()
    newest = context.database.max_lsn
    context.ledger.start_cursor(newest, commit_time(context.source, newest, context.zone), utc_now())
    check_history(context.source, context.database.name, context.ledger.require_cursor(), context.zone)
    registered, salts = context.ledger.tables(), read_salts(context)
    for label in tableless(
        context.discovered, context.policies, [t.source_label for t in registered.values()]
    ):
        context.warn(f"There is a policy of {label}, and CDC captures no such table: is its name right?")
    capture_added_columns(context)
    for name in list(context.tables):
        enforce(context, name, registered.get(name), salts)
        _take_up(context, name, registered.get(name))
    comment_columns(context)
    keep_histories(context)
    return begin_snapshots(context)


def begin_snapshots(context: Context) -> list[str]:
    """Begin the snapshots of tables that need one; of one that stands, when it stands no longer."""
    registered = context.ledger.tables()
    return [
        name
        for name, table in list(context.tables.items())
        if _needs_snapshot(registered.get(name)) and start_snapshot(context, table)
    ]


def start_snapshot(context: Context, table: CapturedTable) -> bool:
    """Plan a table's chunks and begin its snapshot; False when it cannot be read, and so stands.

    Of a table that is followed it begins at the cursor, so that no change is left out of the change log, but
    never before the snapshot that was; otherwise at the max LSN: earlier changes are in its rows.
    """
    cursor = context.ledger.require_cursor().lsn
    known = context.ledger.tables().get(table.name)
    if known is None or known.state in (GAP, DROPPED) or known.stopped_at is not None:
        snapshot = max(max_lsn(context.source, context.database.name), table.start_lsn)
    else:
        snapshot = max(cursor, known.start_lsn)
    if not table.key:
        context.ledger.start_copying(table, snapshot, cursor, utc_now())
        context.progress.step(f"{table.source_label} has no key: its mirror is a copy, made every so often")
        return True
    limits = context.limits
    try:
        rows = retry_deadlocks(
            lambda: rows_per_chunk(context.source, table, limits.chunk_rows, limits.chunk_bytes)
        )
        chunks = retry_deadlocks(lambda: plan_chunks(context.source, table, snapshot, rows))
    except TableError as error:
        stop(context, table.name, str(error))
        return False
    context.ledger.start_snapshot(table, snapshot, chunks, cursor, utc_now())
    context.progress.step(f"{table.source_label}: snapshot of {len(chunks)} chunks begins at LSN {snapshot}")
    return True


def resync(context: Context, names: Sequence[str]) -> None:
    """Read tables anew, beside the stream; one whose snapshot is not at its end yet goes on with that.

    Args:
        names: as in the source (`dbo.orders`) or in RAW (`ORDERS`), in any case.

    Raises:
        SourceError: a name is of no table that is replicated, and nothing was begun; or a table cannot be
            read.
    """
    by_name = {table.source_label.lower(): table for table in context.tables.values()}
    by_name |= {name.lower(): table for name, table in context.tables.items()}
    unknown = [name for name in names if name.lower() not in by_name]
    if unknown:
        known = ", ".join(sorted(table.source_label for table in context.tables.values()))
        raise SourceError(f"{', '.join(unknown)}: no such table is replicated; there are {known}.")
    registered = context.ledger.tables()
    for table in dict.fromkeys(by_name[name.lower()] for name in names):
        if registered[table.name].state == SNAPSHOT:
            context.progress.step(f"{table.source_label}: its snapshot is under way, and goes on")
        elif not start_snapshot(context, table):
            raise SourceError(context.tally.lost_tables[table.name])


def close_gap(context: Context, name: str, gap: Gap) -> None:
    """Never skip a gap: mark the table, tell, and read it anew, while the others go on."""
    if gap.is_instance_lost:
        stop(context, name, gap.reason)
        return
    table = context.tables[name]
    context.ledger.set_state(name, GAP, utc_now())
    context.warn(f"{table.source_label} has a gap in its changes: {gap.reason}; its mirror is read anew.")
    start_snapshot(context, table)


def stop(context: Context, name: str, reason: str) -> None:
    """A table stands where it is, the others go on, and the run fails at its end."""
    context.ledger.stop(name, context.ledger.require_cursor().lsn, utc_now())
    context.tables.pop(name, None)
    context.lose(name, reason)


def stop_unfollowed(context: Context) -> None:
    """Stop and tell the tables that cannot be followed; one that was dropped is told once."""
    for refusal in context.discovered.refused.items():
        context.lose(*refusal)
    for name, known in sorted(context.ledger.tables().items()):
        if name in context.tables or name in context.tally.lost_tables or known.state == DROPPED:
            continue
        refused = context.discovered.refused
        if known.source_label in refused or known.capture_instance in refused:
            context.ledger.stop(name, context.ledger.require_cursor().lsn, utc_now())
        elif context.source.scalar(statements.is_visible(known.source_schema, known.source_table)) is None:
            context.ledger.set_state(name, DROPPED, utc_now())
            context.lose(name, _dropped(context, known))
        else:
            stop(
                context,
                name,
                f"Table {known.source_label} is no longer captured by CDC, so its mirror RAW.{name} stands "
                "still: enable it again with EXEC sys.sp_cdc_enable_table.",
            )


def tell_moves(context: Context, window: Window) -> None:
    """Say which capture instances replication no longer needs, in the run that read their last changes."""
    for table in context.tables.values():
        if table.older is not None and window.after < table.start_lsn <= window.up_to:
            disable = statements.disable_instance(table.schema, table.table, table.older.capture_instance)
            context.warn(
                f"{table.source_label} is now followed with the capture instance {table.capture_instance}; "
                f"when nobody else reads {table.older.capture_instance}: {disable}."
            )


def _take_up(context: Context, name: str, known: ReplicatedTable | None) -> None:
    """Bring a table's change log and mirror to its columns of today, and follow its newest instance."""
    try:
        evolve(context, name, known)
    except TableError as error:
        stop(context, name, str(error))
        return
    table = context.tables[name]
    if known is None or known.capture_instance == table.capture_instance:
        return
    if table.older is None:
        context.warn(
            f"{table.source_label}: its capture instance {known.capture_instance} is gone; its mirror is "
            f"read anew and followed with {table.capture_instance}."
        )
    context.ledger.follow(table, context.ledger.require_cursor().lsn, utc_now())


def _needs_snapshot(known: ReplicatedTable | None) -> bool:
    if known is None:
        return True
    return known.state in (GAP, DROPPED) or (known.state == FILLING and known.stopped_at is None)


def _dropped(context: Context, known: ReplicatedTable) -> str:
    renamed = next((t for t in context.tables.values() if t.capture_instance == known.capture_instance), None)
    new_name = (
        "" if renamed is None else f" (it is {renamed.source_label} now, and RAW.{renamed.name} follows it)"
    )
    return (
        f"Table {known.source_label} is no longer there{new_name}, or the login may not see it: "
        f"RAW.{known.name} stays as it was. This is told once."
    )
