"""The Agent's jobs of CDC: their settings and whether they run.

A job that runs has an activity without an end in `msdb.dbo.sysjobactivity`; a restart goes by that, so a
stopped job stays stopped. A DuckDB transaction writes to one database only: what is written here, in msdb,
has a transaction of its own and stands at once.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.transactions import transaction

CAPTURE, CLEANUP = "capture", "cleanup"
AT_WORK = threading.RLock()
"""Held while jobs work; whoever holds it knows that none does, on any database."""


@dataclass(frozen=True)
class Job:
    """A row of msdb.dbo.cdc_jobs; None where a setting belongs to the other type."""

    database: str
    job_type: str
    job_id: uuid.UUID
    maxtrans: int | None = None
    maxscans: int | None = None
    continuous: bool | None = None
    pollinginterval: int | None = None
    """Seconds between two cycles of scans."""
    retention: int | None = None
    """Minutes that changes are kept."""
    threshold: int | None = None
    """Rows that a cleanup deletes in one statement."""

    @property
    def name(self) -> str:
        """`cdc.<database>_capture` or `cdc.<database>_cleanup`."""
        return f"cdc.{self.database}_{self.job_type}"


def default_job(database: str, job_type: str) -> Job:
    """The documented defaults: 500 transactions × 10 scans every 5 s; 3 days, 4,999 rows at a time."""
    job = Job(database, job_type, uuid.uuid4())
    if job_type == CAPTURE:
        return replace(job, maxtrans=500, maxscans=10, continuous=True, pollinginterval=5)
    return replace(job, retention=4320, threshold=4999)


_SELECT = """
SELECT j.database_name, j.job_type, j.job_id, j.maxtrans, j.maxscans, j.continuous, j.pollinginterval,
    j.retention, j.threshold
FROM msdb.log.cdc_jobs AS j
INNER JOIN duckdb_databases() AS d ON lower(d.database_name) = lower(j.database_name)
"""
_RUNS = """
EXISTS (
    FROM msdb.dbo.sysjobactivity AS a
    WHERE a.job_id = j.job_id AND a.start_execution_date IS NOT NULL AND a.stop_execution_date IS NULL
)
"""


def jobs_of(connection: DuckDBPyConnection, database: str) -> list[Job]:
    """The database's jobs: capture, then cleanup."""
    return _jobs(connection, "WHERE lower(j.database_name) = lower(?) ORDER BY j.job_type", database)


def find(connection: DuckDBPyConnection, database: str, job_type: str) -> Job | None:
    """One job of the database, if it was added."""
    return next((job for job in jobs_of(connection, database) if job.job_type == job_type), None)


def find_by_name(connection: DuckDBPyConnection, name: str) -> Job | None:
    """The job that msdb's own procedures call by that name."""
    found = _jobs(connection, "WHERE lower('cdc.' || j.database_name || '_' || j.job_type) = lower(?)", name)
    return found[0] if found else None


def find_by_id(connection: DuckDBPyConnection, job_id: uuid.UUID) -> Job | None:
    """The job with that id."""
    found = _jobs(connection, "WHERE j.job_id = ?", job_id)
    return found[0] if found else None


def all_jobs(connection: DuckDBPyConnection, job_type: str) -> list[Job]:
    """The jobs of that type of all databases."""
    return _jobs(connection, "WHERE j.job_type = ?", job_type)


def running_jobs(connection: DuckDBPyConnection, job_type: str) -> list[Job]:
    """The jobs of that type that run."""
    return _jobs(connection, f"WHERE j.job_type = ? AND {_RUNS}", job_type)


def is_running(connection: DuckDBPyConnection, job: Job) -> bool:
    """Whether the job was started and not stopped since."""
    return bool(_jobs(connection, f"WHERE j.job_id = ? AND {_RUNS}", job.job_id))


def ensure(connection: DuckDBPyConnection, database: str) -> list[Job]:
    """Add the jobs that the database lacks and start capturing; returns what was added."""
    there = {job.job_type for job in jobs_of(connection, database)}
    added = [default_job(database, job_type) for job_type in (CAPTURE, CLEANUP) if job_type not in there]
    for job in added:
        add(connection, job)
        if job.job_type == CAPTURE:
            start(connection, job)
    return added


def add(connection: DuckDBPyConnection, job: Job) -> None:
    """Add a job that the database lacks; it does not run yet."""
    cursor = connection.cursor()
    now = datetime.now()
    with transaction(cursor):
        cursor.execute(
            f"""
            INSERT INTO msdb.log.cdc_jobs
            SELECT ?, database_id, ?, ?, ?, ?, ?, ?, ?, ?
            FROM {identifier(job.database)}.catalog.database
            """,
            [job.database, job.job_type, job.job_id, *_settings(job)],
        )
        cursor.execute(
            "INSERT INTO msdb.dbo.sysjobs VALUES (?, ?, 1, ?, ?, ?)",
            [
                job.job_id,
                job.name,
                f"CDC {'Log Scan' if job.job_type == CAPTURE else 'Cleanup'} Job",
                now,
                now,
            ],
        )


def change(connection: DuckDBPyConnection, job: Job) -> None:
    """Write a job's settings anew; they count from the next scan on."""
    connection.cursor().execute(
        """
        UPDATE msdb.log.cdc_jobs
        SET maxtrans = ?, maxscans = ?, continuous = ?, pollinginterval = ?, retention = ?, threshold = ?
        WHERE job_id = ?
        """,
        [*_settings(job), job.job_id],
    )


def remove(connection: DuckDBPyConnection, job: Job) -> None:
    """Stop and drop a job."""
    cursor = connection.cursor()
    with transaction(cursor):
        for table in ("log.cdc_jobs", "dbo.sysjobs", "dbo.sysjobactivity"):
            cursor.execute(f"DELETE FROM msdb.{table} WHERE job_id = ?", [job.job_id])


def start(connection: DuckDBPyConnection, job: Job) -> None:
    """Note that the job runs from now on."""
    cursor = connection.cursor()
    now = datetime.now()
    with transaction(cursor):
        cursor.execute("DELETE FROM msdb.dbo.sysjobactivity WHERE job_id = ?", [job.job_id])
        cursor.execute(
            "INSERT INTO msdb.dbo.sysjobactivity VALUES (1, ?, ?, ?, NULL)", [job.job_id, now, now]
        )


def stop(connection: DuckDBPyConnection, job: Job) -> None:
    """Note that the job does not run any more."""
    connection.cursor().execute(
        """
        UPDATE msdb.dbo.sysjobactivity
        SET stop_execution_date = ?
        WHERE job_id = ? AND stop_execution_date IS NULL
        """,
        [datetime.now(), job.job_id],
    )


def _jobs(connection: DuckDBPyConnection, condition: str, value: object) -> list[Job]:
    return [Job(*row) for row in connection.cursor().execute(_SELECT + condition, [value]).fetchall()]


def _settings(job: Job) -> tuple[object, ...]:
    return (job.maxtrans, job.maxscans, job.continuous, job.pollinginterval, job.retention, job.threshold)
