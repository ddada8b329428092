"""What `sys.dm_cdc_log_scan_sessions` and `sys.dm_cdc_errors` show of the last 32 sessions."""

from __future__ import annotations

from datetime import datetime

from duckdb import DuckDBPyConnection

import sandbox.sqlserver.cdc.lsn as lsn
from sandbox.sqlserver.cdc.harvest import Scan
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.transactions import transaction

_KEPT = 32
_NO_LSN = "00000000:00000000:0000"
_FAILED = 22859
"""Log scan process failed in processing log records."""


def record_scan(connection: DuckDBPyConnection, database: str, started: datetime, scan: Scan) -> None:
    """Add a session; scans that found nothing, one after the other, share one."""
    db = identifier(database)
    ended = datetime.now()
    with transaction(connection):
        if not scan.transactions and _one_more_empty_scan(connection, db, ended):
            return
        _insert_session(connection, db, started, ended, scan)
        connection.execute(
            f"DELETE FROM {db}.log.scan_sessions "
            f"WHERE session_id <= (SELECT max(session_id) FROM {db}.log.scan_sessions) - {_KEPT}"
        )


def record_error(connection: DuckDBPyConnection, database: str, problem: Exception) -> None:
    """Add what made a scan fail."""
    db = identifier(database)
    with transaction(connection):
        connection.execute(
            f"""
            INSERT INTO {db}.log.scan_errors
            SELECT coalesce(max(session_id), 0), 7, ?, {_FAILED}, 16, 1, ?, '{_NO_LSN}', '{_NO_LSN}',
                '{_NO_LSN}'
            FROM {db}.log.scan_sessions
            """,
            [datetime.now(), str(problem)[:1024]],
        )
        connection.execute(
            f"""
            UPDATE {db}.log.scan_sessions
            SET error_count = error_count + 1, failed_sessions_count = failed_sessions_count + 1
            WHERE session_id = (SELECT max(session_id) FROM {db}.log.scan_sessions)
            """
        )


def _one_more_empty_scan(connection: DuckDBPyConnection, db: str, ended: datetime) -> bool:
    found = connection.execute(
        f"""
        UPDATE {db}.log.scan_sessions
        SET empty_scan_count = empty_scan_count + 1, end_time = ?
        WHERE session_id = (SELECT max(session_id) FROM {db}.log.scan_sessions) AND empty_scan_count > 0
        """,
        [ended],
    ).fetchone()
    return bool(found and found[0])


def _insert_session(
    connection: DuckDBPyConnection, db: str, started: datetime, ended: datetime, scan: Scan
) -> None:
    first, last = (lsn.display(v) if v else _NO_LSN for v in (scan.first_lsn, scan.last_lsn))
    latency = int((ended - scan.last_commit_time).total_seconds()) if scan.last_commit_time else 0
    connection.execute(
        f"""
        INSERT INTO {db}.log.scan_sessions
        SELECT coalesce(max(session_id), 0) + 1, $started, $ended, $duration, 'Done', 0, $first, $last, $last,
            $transactions, $last, $commit_time, $records, 0, $changes, $first, $last, $commit_time, $latency,
            $empty, 0
        FROM {db}.log.scan_sessions
        """,
        {
            "started": started,
            "ended": ended,
            "duration": int((ended - started).total_seconds()),
            "first": first,
            "last": last,
            "transactions": scan.transactions,
            "commit_time": scan.last_commit_time,
            "records": scan.log_records,
            "changes": scan.changes,
            "latency": latency,
            "empty": 0 if scan.transactions else 1,
        },
    )
