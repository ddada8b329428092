"""What CDC keeps in msdb: its jobs, whether they run, whether the Agent runs, the server's option."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.transactions import transaction

# Columns: Microsoft's pages on dbo.cdc_jobs, dbo.sysjobs, dbo.sysjobactivity, restorehistory, backupset.
_TABLES = """
CREATE SCHEMA IF NOT EXISTS msdb.dbo;
CREATE SCHEMA IF NOT EXISTS msdb.log;
CREATE TABLE IF NOT EXISTS msdb.log.agent (is_running BOOLEAN);
CREATE TABLE IF NOT EXISTS msdb.log.configuration (value INTEGER);
INSERT INTO msdb.log.configuration SELECT 65536 WHERE NOT EXISTS (FROM msdb.log.configuration);
CREATE TABLE IF NOT EXISTS msdb.log.cdc_jobs (
    database_name VARCHAR, database_id INTEGER, job_type VARCHAR, job_id UUID, maxtrans INTEGER,
    maxscans INTEGER, continuous BOOLEAN, pollinginterval BIGINT, retention BIGINT, threshold BIGINT
);
CREATE OR REPLACE VIEW msdb.dbo.cdc_jobs AS
    SELECT database_id, job_type, job_id, maxtrans, maxscans, continuous, pollinginterval, retention,
        threshold
    FROM msdb.log.cdc_jobs;
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
CREATE TABLE IF NOT EXISTS msdb.dbo.backupset (
    backup_set_id INTEGER, backup_set_uuid UUID, media_set_id INTEGER, name VARCHAR, user_name VARCHAR,
    database_name VARCHAR, server_name VARCHAR, type VARCHAR, backup_start_date TIMESTAMP,
    backup_finish_date TIMESTAMP, backup_size DECIMAL(20, 0), is_copy_only BOOLEAN, recovery_model VARCHAR
);
CREATE TABLE IF NOT EXISTS msdb.dbo.backupmediafamily (
    media_set_id INTEGER, family_sequence_number UTINYINT, physical_device_name VARCHAR, device_type UTINYINT
);
"""


def create_msdb_tables(connection: DuckDBPyConnection) -> None:
    """Make the tables in msdb, which is attached; what is there stays."""
    with transaction(connection):
        connection.execute(_TABLES)


def note_agent(connection: DuckDBPyConnection, running: bool) -> None:
    """Remember for `sys.dm_server_services` whether SQL Server Agent runs."""
    with transaction(connection):
        connection.execute("DELETE FROM msdb.log.agent")
        connection.execute("INSERT INTO msdb.log.agent VALUES (?)", [running])
