"""The tables behind CDC in one database: the log that the engine writes, and the schema `cdc`."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.transactions import transaction
from sandbox.sqlserver.engine.procedures import ProcedureContext
from sandbox.sqlserver.engine.types import FIXED, MAX
from sandbox.sqlserver.results import Column, SqlType

# `records` is the engine's hand-over; it may have created it before.
_LOG = """
CREATE SCHEMA IF NOT EXISTS {db}.log;
CREATE TABLE IF NOT EXISTS {db}.log.records (
    commit_number BIGINT, command_id INTEGER, object_id INTEGER, kind VARCHAR, row_count BIGINT,
    before BLOB, after BLOB, tran_id BLOB, begin_time TIMESTAMP, end_time TIMESTAMP
);
CREATE OR REPLACE VIEW {db}.log.commits AS
SELECT commit_number, any_value(tran_id) AS tran_id, min(begin_time) AS begin_time, max(end_time) AS end_time
FROM {db}.log.records
GROUP BY commit_number;
CREATE TABLE IF NOT EXISTS {db}.log.tracked_objects (object_id INTEGER);
CREATE TABLE IF NOT EXISTS {db}.log.harvested (commit_number BIGINT);
INSERT INTO {db}.log.harvested SELECT 0 WHERE NOT EXISTS (FROM {db}.log.harvested);
CREATE TABLE IF NOT EXISTS {db}.log.image_columns (
    change_table_id INTEGER, column_ordinal INTEGER, column_name VARCHAR, lob VARCHAR, is_computed BOOLEAN
);
CREATE TABLE IF NOT EXISTS {db}.log.primary_keys (
    object_id INTEGER, key_ordinal INTEGER, column_name VARCHAR
);
"""

BINARY10 = SqlType("binary", length=10)
SYSNAME, INT, BIT, DATETIME = FIXED["sysname"], FIXED["int"], FIXED["bit"], FIXED["datetime"]
TEXT = SqlType("nvarchar", length=MAX)

# Columns and their order: Microsoft's pages on cdc.change_tables, cdc.captured_columns and so on.
_CDC_TABLES = {
    "change_tables": (
        Column("object_id", INT, nullable=False),
        Column("version", INT),
        Column("source_object_id", INT),
        Column("capture_instance", SYSNAME, nullable=False),
        Column("start_lsn", BINARY10),
        Column("end_lsn", BINARY10),
        Column("supports_net_changes", BIT),
        Column("has_drop_pending", BIT),
        Column("role_name", SYSNAME),
        Column("index_name", SYSNAME),
        Column("filegroup_name", SYSNAME),
        Column("create_date", DATETIME),
        Column("partition_switch", BIT, nullable=False),
    ),
    "captured_columns": (
        Column("object_id", INT, nullable=False),
        Column("column_name", SYSNAME, nullable=False),
        Column("column_id", INT),
        Column("column_type", SYSNAME, nullable=False),
        Column("column_ordinal", INT, nullable=False),
        Column("is_computed", BIT),
        Column("masking_function", SqlType("nvarchar", length=4000)),
    ),
    "index_columns": (
        Column("object_id", INT, nullable=False),
        Column("column_name", SYSNAME, nullable=False),
        Column("index_ordinal", FIXED["tinyint"], nullable=False),
        Column("column_id", INT, nullable=False),
    ),
    "lsn_time_mapping": (
        Column("start_lsn", BINARY10, nullable=False),
        Column("tran_begin_time", DATETIME),
        Column("tran_end_time", DATETIME),
        Column("tran_id", SqlType("varbinary", length=10)),
        Column("tran_begin_lsn", BINARY10),
    ),
    "ddl_history": (
        Column("source_object_id", INT),
        Column("object_id", INT, nullable=False),
        Column("required_column_update", BIT),
        Column("ddl_command", TEXT),
        Column("ddl_lsn", BINARY10, nullable=False),
        Column("ddl_time", DATETIME),
    ),
}

# What sys.dm_cdc_log_scan_sessions and sys.dm_cdc_errors show. As there, a restart empties them.
_SCANS = """
CREATE SCHEMA IF NOT EXISTS {db}.sys;
CREATE OR REPLACE TABLE {db}.log.scan_sessions (
    session_id INTEGER, start_time TIMESTAMP, end_time TIMESTAMP, duration INTEGER, scan_phase VARCHAR,
    error_count INTEGER, start_lsn VARCHAR, current_lsn VARCHAR, end_lsn VARCHAR, tran_count BIGINT,
    last_commit_lsn VARCHAR, last_commit_time TIMESTAMP, log_record_count BIGINT, schema_change_count INTEGER,
    command_count BIGINT, first_begin_cdc_lsn VARCHAR, last_commit_cdc_lsn VARCHAR,
    last_commit_cdc_time TIMESTAMP, latency INTEGER, empty_scan_count INTEGER, failed_sessions_count INTEGER
);
CREATE OR REPLACE TABLE {db}.log.scan_errors (
    session_id INTEGER, phase_number INTEGER, entry_time TIMESTAMP, error_number INTEGER,
    error_severity INTEGER, error_state INTEGER, error_message VARCHAR, start_lsn VARCHAR, begin_lsn VARCHAR,
    sequence_value VARCHAR
);
CREATE OR REPLACE VIEW {db}.sys.dm_cdc_log_scan_sessions AS FROM {db}.log.scan_sessions;
CREATE OR REPLACE VIEW {db}.sys.dm_cdc_errors AS FROM {db}.log.scan_errors;
CREATE OR REPLACE VIEW {db}.sys.configurations AS
    SELECT 1536 AS configuration_id, 'max text repl size (B)' AS name, value, -1 AS minimum,
        2147483647 AS maximum, value AS value_in_use,
        'Maximum size of a text field in replication.' AS description, TRUE AS is_dynamic,
        FALSE AS is_advanced
    FROM msdb.log.configuration;
CREATE OR REPLACE VIEW {db}.sys.dm_server_services AS
    SELECT 'SQL Server (MSSQLSERVER)' AS servicename, 2 AS startup_type, 'Automatic' AS startup_type_desc,
        4 AS status, 'Running' AS status_desc
    UNION ALL
    SELECT 'SQL Server Agent (MSSQLSERVER)', 2, 'Automatic', CASE WHEN is_running THEN 4 ELSE 1 END,
        CASE WHEN is_running THEN 'Running' ELSE 'Stopped' END
    FROM msdb.log.agent;
"""


def create_log(connection: DuckDBPyConnection, database: str) -> None:
    """Make what the log and its scans need; what is there stays."""
    with transaction(connection):
        connection.execute((_LOG + _SCANS).format(db=identifier(database)))


def create_cdc_schema(context: ProcedureContext) -> None:
    """Make the schema `cdc` with its empty tables."""
    context.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(context.database)}.cdc")
    for name, columns in _CDC_TABLES.items():
        context.create_system_table("cdc", name, columns)


def drop_cdc_schema(context: ProcedureContext) -> None:
    """Drop the schema `cdc` and its tables; the capture instances are gone already."""
    for name in _CDC_TABLES:
        table = context.catalog.find("cdc", name)
        if table is not None:
            context.drop_object(table.object_id)
    context.connection.execute(f"DROP SCHEMA {identifier(context.database)}.cdc CASCADE")


def is_cdc_enabled(connection: DuckDBPyConnection, database: str) -> bool:
    """Whether `sp_cdc_enable_db` was run: the schema `cdc` is there."""
    return bool(
        connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'cdc' "
            "AND table_name = 'change_tables'",
            [database],
        ).fetchone()[0]  # type: ignore[index]
    )
