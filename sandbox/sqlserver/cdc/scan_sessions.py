"""What `sys.dm_cdc_log_scan_sessions` and `sys.dm_cdc_errors` show of the last 32 sessions."""

from __future__ import annotations

from datetime import datetime

from duckdb import DuckDBPyConnection

import sandbox.sqlserver.cdc.lsn as lsn
from sandbox.sqlserver.cdc.harvest import EMPTY, Scan
from sandbox.sqlserver.cdc.phases import Phase, ScanError
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.transactions import transaction
from sandbox.sqlserver.results import SqlServerError

_KEPT = 32
_NO_LSN = "00000000:00000000:0000"


def record_scan(connection: DuckDBPyConnection, database: str, started: datetime, scan: Scan) -> None:
    """Add a session; scans that found nothing, one after the other, share one."""
    db = identifier(database)
    ended = datetime.now()
    with transaction(connection):
        if not scan.transactions and _one_more_empty_scan(connection, db, ended):
            return
        _insert_session(connection, db, started, ended, scan)
        _forget_old(connection, db)


def record_failure(
    connection: DuckDBPyConnection, database: str, started: datetime, failure: ScanError
) -> None:
    """Add a session that failed, and its errors, the cause first."""
    db = identifier(database)
    at = lsn.display(lsn.commit_lsn(failure.commit_number))
    begin, sequence = (
        lsn.display(lsn.sequence_value(failure.commit_number, record)) for record in (0, failure.sequence)
    )
    with transaction(connection):
        _insert_session(connection, db, started, datetime.now(), EMPTY)
        _fail_last_session(connection, db, failure.phase, len(failure.errors))
        for error in failure.errors:
            _insert_error(connection, db, failure.phase.number, error, (at, begin, sequence))
        _forget_old(connection, db)


def record_error(connection: DuckDBPyConnection, database: str, problem: SqlServerError) -> None:
    """Add an error outside of a log scan session: its session and its LSNs are 0."""
    db = identifier(database)
    with transaction(connection):
        _insert_error(connection, db, 0, problem, (_NO_LSN, _NO_LSN, _NO_LSN), session="0")


def _insert_error(
    connection: DuckDBPyConnection,
    db: str,
    phase: int,
    error: SqlServerError,
    lsns: tuple[str, str, str],
    session: str = "(SELECT max(session_id) FROM {db}.log.scan_sessions)",
) -> None:
    connection.execute(
        f"INSERT INTO {db}.log.scan_errors VALUES ({session.format(db=db)}, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [phase, datetime.now(), error.number, error.severity, error.state, error.text[:1024], *lsns],
    )


def _fail_last_session(connection: DuckDBPyConnection, db: str, phase: Phase, errors: int) -> None:
    connection.execute(
        f"""
        UPDATE {db}.log.scan_sessions
        SET scan_phase = ?, error_count = ?, empty_scan_count = 0, failed_sessions_count = 1
        WHERE session_id = (SELECT max(session_id) FROM {db}.log.scan_sessions)
        """,
        [phase.name, errors],
    )


def _forget_old(connection: DuckDBPyConnection, db: str) -> None:
    for table in ("scan_sessions", "scan_errors"):
        connection.execute(
            f"DELETE FROM {db}.log.{table} "
            f"WHERE session_id <= (SELECT max(session_id) FROM {db}.log.scan_sessions) - {_KEPT} "
            "AND session_id <> 0"
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
            $transactions, $last, $commit_time, $records, $schema_changes, $changes, $first, $last,
            $commit_time, $latency, $empty, 0
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
            "schema_changes": scan.schema_changes,
            "changes": scan.changes,
            "latency": latency,
            "empty": 0 if scan.transactions else 1,
        },
    )
