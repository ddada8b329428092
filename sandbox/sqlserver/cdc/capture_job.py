"""The capture and cleanup jobs of all databases of a server, in one thread beside its sessions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import duckdb
from duckdb import DuckDBPyConnection

import sandbox.sqlserver.cdc.jobs as jobs
from sandbox.sqlserver.cdc.cleanup import clean_up_by_retention
from sandbox.sqlserver.cdc.harvest import scan
from sandbox.sqlserver.cdc.lsn_time_mapping import is_behind_an_instance, write_dummy
from sandbox.sqlserver.cdc.msdb import create_msdb_tables, note_agent
from sandbox.sqlserver.cdc.phases import ScanError
from sandbox.sqlserver.cdc.scan_sessions import record_error, record_failure, record_scan
from sandbox.sqlserver.engine.errors import translate

SchemaChanged = Callable[[str], None]
QUIET_SECONDS = 300.0
"""SQL Server adds a dummy row to lsn_time_mapping after about five minutes without changes."""
_TICK_SECONDS = 0.1
_CLEANUP_HOUR = 2

_log = logging.getLogger(__name__)


def capture(
    connection: DuckDBPyConnection,
    database: str,
    max_transactions: int,
    max_scans: int,
    schema_changed: SchemaChanged,
    may_run: Callable[[], bool] = lambda: True,
) -> int:
    """Up to `max_scans` scans of up to `max_transactions` commits; returns how many commits were moved.

    Raises:
        ScanError: a scan failed; it is shown in dm_cdc_errors.
    """
    moved = 0
    for _ in range(max_scans):
        started = datetime.now()
        try:
            outcome = scan(connection, database, max_transactions, may_run)
        except ScanError as failure:
            record_failure(connection, database, started, failure)
            raise
        if outcome.schema_changes:
            schema_changed(database)
        record_scan(connection, database, started, outcome)
        moved += outcome.transactions
        if outcome.transactions < max_transactions:
            break
    return moved


def _nobody_keeps_it(database: str) -> None:
    """Where no engine keeps the catalog in memory."""
    del database


class CaptureJob:
    """Runs the jobs that msdb says are running, as SQL Server Agent does.

    Args:
        connection: any connection of the server; the job takes a cursor of its own.
        polling_interval: seconds between two cycles, instead of the job's own setting; fractions allowed.
        quiet_interval: seconds without changes after which a dummy row is added.
        schema_changed: called with a database whose change tables have changed in the catalog.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        *,
        polling_interval: float | None = None,
        quiet_interval: float = QUIET_SECONDS,
        schema_changed: SchemaChanged = _nobody_keeps_it,
    ) -> None:
        self._schema_changed = schema_changed
        self._connection = connection.cursor()
        self._polling_interval = polling_interval
        self._quiet_interval = quiet_interval
        self._due: dict[str, float] = {}
        self._last_row: dict[str, float] = {}
        self._next_cleanup = _next_cleanup(datetime.now())
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cdc-capture", daemon=True)

    def start(self) -> None:
        """Begin to run; the jobs run or don't as they did when the server ended."""
        create_msdb_tables(self._connection)
        note_agent(self._connection, running=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the scan that is under way. What the jobs do is remembered."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        note_agent(self._connection, running=False)

    def _run(self) -> None:
        while not self._ending.wait(_TICK_SECONDS):
            with jobs.AT_WORK:
                self._work()
                self._connection.complete()  # a result that nobody read keeps its transaction open

    def _work(self) -> None:
        for job in jobs.running_jobs(self._connection, jobs.CAPTURE):
            if time.monotonic() >= self._due.get(job.database, 0.0):
                self._guarded(job.database, job)
                self._due[job.database] = time.monotonic() + self._interval(job)
        if datetime.now() >= self._next_cleanup:
            self._next_cleanup = _next_cleanup(datetime.now())
            self._clean_up()

    def _interval(self, job: jobs.Job) -> float:
        return float(job.pollinginterval or 0) if self._polling_interval is None else self._polling_interval

    def _guarded(self, database: str, job: jobs.Job) -> None:
        """A cycle that fails leaves everything as it was, is shown in dm_cdc_errors, and is tried again."""
        try:
            self._cycle(database, job)
        except duckdb.TransactionException:
            _log.info("capture job of %s: a session changed what was being scanned; trying again", database)
        except ScanError as failure:
            _log.warning("capture job of %s failed in phase %s: %s", database, failure.phase.name, failure)
        except duckdb.Error as problem:
            _log.exception("capture job of %s failed", database)
            record_error(self._connection, database, translate(problem))

    def _cycle(self, database: str, job: jobs.Job) -> None:
        now = time.monotonic()

        def still_runs() -> bool:
            return jobs.is_running(self._connection, job)

        limits = (job.maxtrans or 1, job.maxscans or 1)
        if capture(self._connection, database, *limits, self._schema_changed, still_runs):
            self._last_row[database] = now
            return
        quiet = now - self._last_row.setdefault(database, now)
        if quiet >= self._quiet_interval or is_behind_an_instance(self._connection, database):
            write_dummy(self._connection, database)
            self._last_row[database] = now

    def _clean_up(self) -> None:
        for job in jobs.all_jobs(self._connection, jobs.CLEANUP):
            try:
                retention = timedelta(minutes=job.retention or 0)
                clean_up_by_retention(self._connection, job.database, retention)
            except duckdb.Error as problem:
                _log.exception("cleanup job of %s failed", job.database)
                record_error(self._connection, job.database, translate(problem))


def _next_cleanup(now: datetime) -> datetime:
    """Every night at two, as the job's schedule has it."""
    tonight = now.replace(hour=_CLEANUP_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)
