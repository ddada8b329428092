"""The Agent's jobs of CDC in msdb: their settings and whether they run.

A job that runs has an activity without an end in `msdb.dbo.sysjobactivity`; it is what a restart goes by,
so a stopped job stays stopped. msdb is a database of its own and a DuckDB transaction writes to one only,
so these rows are written by a transaction of their own, at once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

CAPTURE, CLEANUP = "capture", "cleanup"

# Columns: Microsoft's pages on dbo.cdc_jobs, dbo.sysjobs, dbo.sysjobactivity and restorehistory.
_TABLES = """
CREATE SCHEMA IF NOT EXISTS msdb.dbo;
CREATE SCHEMA IF NOT EXISTS msdb.log;
CREATE TABLE IF NOT EXISTS msdb.log.cdc_jobs (
    database_name VARCHAR, job_type VARCHAR, job_id UUID, maxtrans INTEGER, maxscans INTEGER,
    continuous BOOLEAN, pollinginterval BIGINT, retention BIGINT, threshold BIGINT
);
CREATE TABLE IF NOT EXISTS msdb.dbo.sysjobs (
    job_id UUID, name VARCHAR, enabled UTINYINT, description VARCHAR, date_created TIMESTAMP,
    date_modified TIMESTAMP
);
CREATE TABLE IF NOT EXISTS msdb.dbo.sysjobactivity (
    session_id INTEGER, job_id UUID, run_requested_date TIMESTAMP, start_execution_date TIMESTAMP,
    stop_execution_date TIMESTAMP
);
CREATE TABLE IF NOT EXISTS msdb.dbo.restorehistory (
    restore_history_id INTEGER, restore_date TIMESTAMP, destination_database_name VARCHAR, user_name VARCHAR,
    backup_set_id INTEGER, restore_type VARCHAR, "replace" BOOLEAN, recovery BOOLEAN, restart BOOLEAN,
    stop_at TIMESTAMP, device_count UTINYINT, stop_at_mark_name VARCHAR, stop_before BOOLEAN
);
"""


@dataclass(frozen=True)
class Job:
    """A row of msdb.dbo.cdc_jobs; None where a setting belongs to the other job."""

    job_type: str
    job_id: uuid.UUID
    maxtrans: int | None
    maxscans: int | None
    continuous: bool | None
    polling_interval: int | None
    """Seconds between two cycles of scans."""
    retention: int | None
    """Minutes that changes are kept."""
    threshold: int | None
    """Rows that a cleanup deletes in one statement."""


def job_name(database: str, job_type: str) -> str:
    """`cdc.<database>_capture` or `cdc.<database>_cleanup`."""
    return f"cdc.{database}_{job_type}"


def create_tables(connection: DuckDBPyConnection) -> None:
    """Make the tables in msdb; what is there stays."""
    connection.cursor().execute(_TABLES)


def all_jobs(connection: DuckDBPyConnection, database: str) -> list[Job]:
    """The database's jobs: capture, then cleanup."""
    rows = (
        connection.cursor()
        .execute(
            """
            SELECT job_type, job_id, maxtrans, maxscans, continuous, pollinginterval, retention, threshold
            FROM msdb.log.cdc_jobs
            WHERE lower(database_name) = lower(?)
            ORDER BY job_type
            """,
            [database],
        )
        .fetchall()
    )
    return [Job(*row) for row in rows]


def find(connection: DuckDBPyConnection, database: str, job_type: str) -> Job | None:
    """One job of the database, if it was added."""
    return next((job for job in all_jobs(connection, database) if job.job_type == job_type), None)


def ensure(connection: DuckDBPyConnection, database: str) -> list[str]:
    """Add and start the jobs that the database lacks, with SQL Server's defaults; returns their names."""
    there = {job.job_type for job in all_jobs(connection, database)}
    added = [job_type for job_type in (CAPTURE, CLEANUP) if job_type not in there]
    for job_type in added:
        add(connection, database, default_job(job_type))
    if CAPTURE in added:
        start(connection, database)
    return [job_name(database, job_type) for job_type in added]


def default_job(job_type: str) -> Job:
    """The documented defaults: 500 transactions × 10 scans every 5 s; 3 days, 4,999 rows at a time."""
    if job_type == CAPTURE:
        return Job(CAPTURE, uuid.uuid4(), 500, 10, True, 5, None, None)
    return Job(CLEANUP, uuid.uuid4(), None, None, None, None, 4320, 4999)


def add(connection: DuckDBPyConnection, database: str, job: Job) -> None:
    """Add a job that the database lacks."""
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    cursor.execute(
        "INSERT INTO msdb.log.cdc_jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            database,
            job.job_type,
            job.job_id,
            job.maxtrans,
            job.maxscans,
            job.continuous,
            job.polling_interval,
            job.retention,
            job.threshold,
        ],
    )
    now = datetime.now()
    cursor.execute(
        "INSERT INTO msdb.dbo.sysjobs VALUES (?, ?, 1, ?, ?, ?)",
        [
            job.job_id,
            job_name(database, job.job_type),
            "CDC Log Scan Job" if job.job_type == CAPTURE else "CDC Cleanup Job",
            now,
            now,
        ],
    )
    cursor.execute("COMMIT")


def change(connection: DuckDBPyConnection, job: Job) -> None:
    """Write a job's settings anew."""
    connection.cursor().execute(
        """
        UPDATE msdb.log.cdc_jobs
        SET maxtrans = ?, maxscans = ?, continuous = ?, pollinginterval = ?, retention = ?, threshold = ?
        WHERE job_id = ?
        """,
        [
            job.maxtrans,
            job.maxscans,
            job.continuous,
            job.polling_interval,
            job.retention,
            job.threshold,
            job.job_id,
        ],
    )


def remove(connection: DuckDBPyConnection, job: Job) -> None:
    """Stop and drop a job."""
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    for table in ("log.cdc_jobs", "dbo.sysjobs", "dbo.sysjobactivity"):
        cursor.execute(f"DELETE FROM msdb.{table} WHERE job_id = ?", [job.job_id])
    cursor.execute("COMMIT")


def remove_all(connection: DuckDBPyConnection, database: str) -> None:
    """Stop and drop the jobs of a database."""
    for job in all_jobs(connection, database):
        remove(connection, job)


def is_running(connection: DuckDBPyConnection, job: Job) -> bool:
    """Whether the job was started and not stopped since."""
    return bool(
        connection.cursor()
        .execute(
            "FROM msdb.dbo.sysjobactivity WHERE job_id = ? AND start_execution_date IS NOT NULL "
            "AND stop_execution_date IS NULL",
            [job.job_id],
        )
        .fetchall()
    )


def start(connection: DuckDBPyConnection, database: str) -> None:
    """Note that the capture job runs from now on."""
    job = find(connection, database, CAPTURE)
    if job is None:
        raise LookupError(f"database {database} has no capture job")
    cursor = connection.cursor()
    now = datetime.now()
    cursor.execute("BEGIN")
    cursor.execute("DELETE FROM msdb.dbo.sysjobactivity WHERE job_id = ?", [job.job_id])
    cursor.execute("INSERT INTO msdb.dbo.sysjobactivity VALUES (1, ?, ?, ?, NULL)", [job.job_id, now, now])
    cursor.execute("COMMIT")


def stop(connection: DuckDBPyConnection, job: Job) -> None:
    """Note that the job does not run any more."""
    connection.cursor().execute(
        "UPDATE msdb.dbo.sysjobactivity SET stop_execution_date = ? "
        "WHERE job_id = ? AND stop_execution_date IS NULL",
        [datetime.now(), job.job_id],
    )
