"""Whether the source still has the history that the cursor comes from: a restore gives it another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.ingest.changes.window import CLOCK_JITTER
from flows.ingest.errors import SourceError
from flows.ingest.lsn import Lsn
from flows.ingest.source import statements
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse.ledger import Cursor

_ROUNDING = timedelta(milliseconds=10)
"""SQL Server's datetime counts in 1/300 of a second."""


def check_history(session: SourceSession, database: str, cursor: Cursor, zone: ZoneInfo) -> None:
    """Hold that the commit of the cursor happened in this database, at the time that the cursor has.

    After a restore the database counts on from an older LSN, so a later commit can stand at, or beyond, the
    cursor's LSN: then going on would leave in the mirrors what the restore took back.

    Raises:
        SourceError: it did not: the database was restored, or it is another one.
    """
    newest, oldest, local = session.rows(statements.commit_in_history(cursor.lsn))[0]
    if newest is None or Lsn.from_bytes(newest) < cursor.lsn:
        shown = "nothing" if newest is None else f"LSN {Lsn.from_bytes(newest)}"
        raise _restored(session, database, f"is at {shown}, before the cursor {cursor.lsn}")
    if local is None:
        if oldest is not None and Lsn.from_bytes(oldest) <= cursor.lsn:
            raise _restored(session, database, f"has no commit at LSN {cursor.lsn}, where the cursor is")
        return  # the cleanup was there: the proof of contiguity decides, table by table
    if cursor.committed_at is not None and not _is_same(local, cursor.committed_at, zone):
        raise _restored(
            session,
            database,
            f"has another commit at LSN {cursor.lsn}, where the cursor is ({local:%Y-%m-%d %H:%M:%S.%f} "
            f"server time; the cursor's was at {_local(cursor.committed_at, zone):%Y-%m-%d %H:%M:%S.%f})",
        )


def _is_same(local: datetime, committed_at: datetime, zone: ZoneInfo) -> bool:
    """The cursor's time may be that of a commit shortly before, which ended a little later (`utc_times`)."""
    return -_ROUNDING <= _local(committed_at, zone) - local <= CLOCK_JITTER


def _local(utc: datetime, zone: ZoneInfo) -> datetime:
    return utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def _restored(session: SourceSession, database: str, seen: str) -> SourceError:
    return SourceError(
        f"Database {database} {seen}: it was restored from a backup{_when(session)}, or it is another "
        "database. Nothing was changed. Check SQLSERVER_DATABASE and SQLSERVER_TIMEZONE; after a restore "
        "drop the schemas RAW and OPS, and run again for a new snapshot."
    )


def _when(session: SourceSession) -> str:
    """When msdb says that it was restored, where the login may read that."""
    try:
        restored_at = session.scalar(statements.LAST_RESTORE)
    except SourceError:
        return ""
    return "" if restored_at is None else f" (last at {restored_at:%Y-%m-%d %H:%M:%S} server time)"
