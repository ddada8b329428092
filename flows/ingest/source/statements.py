"""Every T-SQL statement that replication sends, each once. All of them read, but `enable_instance`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployments.quoting import tsql_name, tsql_text
from flows.ingest.lsn import Lsn
from flows.ingest.tables.captured import CapturedTable, Column
from flows.ingest.tables.types import key_literal, key_text

READ_COMMITTED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
SNAPSHOT_ISOLATION = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"
BEGIN = "BEGIN TRANSACTION"
COMMIT = "COMMIT TRANSACTION"
ROLLBACK = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"

DATABASE = """
SELECT name, is_cdc_enabled, snapshot_isolation_state
FROM sys.databases
WHERE name = DB_NAME()
"""

MAX_LSN = "SELECT sys.fn_cdc_get_max_lsn()"

CAPTURE_JOB = """
SELECT TOP (1) a.start_execution_date, a.stop_execution_date
FROM msdb.dbo.cdc_jobs AS j
JOIN msdb.dbo.sysjobactivity AS a ON a.job_id = j.job_id
WHERE j.database_id = DB_ID() AND j.job_type = N'capture'
ORDER BY a.session_id DESC
"""

LAST_RESTORE = """
SELECT MAX(restore_date)
FROM msdb.dbo.restorehistory
WHERE destination_database_name = DB_NAME()
"""

AGENT = """
SELECT TOP (1) status_desc
FROM sys.dm_server_services
WHERE servicename LIKE N'SQL Server Agent%'
"""

RETENTION = """
SELECT retention
FROM msdb.dbo.cdc_jobs
WHERE database_id = DB_ID() AND job_type = N'cleanup'
"""

CDC_ERRORS = """
SELECT error_number, error_message
FROM sys.dm_cdc_errors
ORDER BY entry_time DESC
"""

MAX_TEXT_REPL_SIZE = """
SELECT CONVERT(int, value_in_use)
FROM sys.configurations
WHERE name = N'max text repl size (B)'
"""

POLLING_INTERVAL = """
SELECT pollinginterval
FROM msdb.dbo.cdc_jobs
WHERE database_id = DB_ID() AND job_type = N'capture'
"""

NEWEST_HARVEST = """
SELECT m.start_lsn, m.tran_end_time, GETDATE()
FROM (SELECT MAX(start_lsn) AS start_lsn FROM cdc.lsn_time_mapping) AS n
LEFT JOIN cdc.lsn_time_mapping AS m ON m.start_lsn = n.start_lsn
"""

CAPTURE_INSTANCES = """
SELECT ct.object_id, ct.capture_instance, ct.start_lsn, ct.source_object_id,
    OBJECT_SCHEMA_NAME(ct.source_object_id), OBJECT_NAME(ct.source_object_id),
    ct.index_name, ct.supports_net_changes, ct.role_name
FROM cdc.change_tables AS ct
ORDER BY ct.create_date, ct.object_id
"""

# The types are those of the change table: a column that the source has dropped is still there, and a type
# that was changed becomes that of the change table when the capture job reads the ALTER TABLE in the log.
CAPTURED_COLUMNS = """
SELECT cc.object_id, cc.column_id, cc.column_name, cc.column_ordinal, ty.name, c.max_length, c.precision,
    c.scale
FROM cdc.captured_columns AS cc
LEFT JOIN sys.columns AS c ON c.object_id = cc.object_id AND c.name = cc.column_name
LEFT JOIN sys.types AS ty ON ty.user_type_id = c.system_type_id
ORDER BY cc.object_id, cc.column_ordinal
"""

SOURCE_COLUMNS = """
SELECT c.object_id, c.column_id, c.name, c.is_computed, ty.name, c.max_length, c.precision, c.scale
FROM sys.columns AS c
LEFT JOIN sys.types AS ty ON ty.user_type_id = c.system_type_id
WHERE c.object_id IN (SELECT ct.source_object_id FROM cdc.change_tables AS ct)
ORDER BY c.object_id, c.column_id
"""

INSTANCE_KEYS = """
SELECT ic.object_id, ic.column_name
FROM cdc.index_columns AS ic
ORDER BY ic.object_id, ic.index_ordinal
"""

PRIMARY_KEYS = """
SELECT i.object_id, c.name
FROM sys.indexes AS i
JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
JOIN sys.columns AS c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
WHERE i.is_primary_key = 1
ORDER BY i.object_id, ic.key_ordinal
"""


def commit_time(lsn: Lsn) -> str:
    """When a commit happened, in the server's own time."""
    return f"SELECT tran_end_time FROM cdc.lsn_time_mapping WHERE start_lsn = {lsn.literal}"


def commit_in_history(lsn: Lsn) -> str:
    """The newest and the oldest commit that CDC knows, and when the commit at an LSN happened."""
    return f"""
SELECT MAX(start_lsn), MIN(start_lsn), MAX(CASE WHEN start_lsn = {lsn.literal} THEN tran_end_time END)
FROM cdc.lsn_time_mapping
"""


def commits_after(lsn: Lsn, at_most: int) -> str:
    """The next commits that CDC harvested; dummy rows (`tran_id` 0x00) advance an idle cursor."""
    return f"""
SELECT TOP ({at_most}) start_lsn, tran_end_time, tran_id
FROM cdc.lsn_time_mapping
WHERE start_lsn > {lsn.literal}
ORDER BY start_lsn
"""


def pulse(after: Lsn) -> str:
    """A poll in one query: the next transaction after an LSN, the newest commit and its time, now, and what
    changes with the capture instances and the captured columns."""
    return f"""
SELECT
    (SELECT MIN(start_lsn) FROM cdc.lsn_time_mapping WHERE start_lsn > {after.literal} AND tran_id <> 0x00),
    m.start_lsn,
    m.tran_end_time,
    GETDATE(),
    (SELECT COUNT(*) FROM cdc.change_tables),
    (SELECT MAX(create_date) FROM cdc.change_tables),
    (SELECT COUNT(*) FROM cdc.ddl_history)
FROM (SELECT MAX(start_lsn) AS start_lsn FROM cdc.lsn_time_mapping) AS n
LEFT JOIN cdc.lsn_time_mapping AS m ON m.start_lsn = n.start_lsn
"""


def min_lsns(capture_instances: Sequence[str]) -> str:
    """The newest start of an instance, and from which LSN on each of some has its changes.

    That is 0x0 for a wrong name or no permission.
    """
    calls = [f"sys.fn_cdc_get_min_lsn({tsql_text(name)})" for name in capture_instances]
    return f"SELECT {', '.join(['(SELECT MAX(start_lsn) FROM cdc.change_tables)', *calls])}"


IS_OWNER = "SELECT IS_ROLEMEMBER(N'db_owner')"


def is_visible(schema: str, table: str) -> str:
    """Whether a table is there and the login may see it: else NULL."""
    return f"SELECT OBJECT_ID({tsql_text(tsql_name(schema, table))})"


@dataclass(frozen=True)
class NewInstance:
    """A capture instance to be made; `columns` None: all of the table's, `index` None: its primary key."""

    schema: str
    table: str
    name: str
    role: str | None
    supports_net_changes: bool
    index: str | None
    columns: Sequence[str] | None


def enable_instance(new: NewInstance) -> str:
    """Make a capture instance: only an owner of the database may (sys.sp_cdc_enable_table)."""
    role = "NULL" if new.role is None else tsql_text(new.role)
    arguments = [
        f"@source_schema = {tsql_text(new.schema)}",
        f"@source_name = {tsql_text(new.table)}",
        f"@capture_instance = {tsql_text(new.name)}",
        f"@role_name = {role}",
        f"@supports_net_changes = {int(new.supports_net_changes)}",
    ]
    if new.index is not None:
        arguments.append(f"@index_name = {tsql_text(new.index)}")
    if new.columns is not None:
        listed = ", ".join(tsql_name(column) for column in new.columns)
        arguments.append(f"@captured_column_list = {tsql_text(listed)}")
    return f"EXEC sys.sp_cdc_enable_table {', '.join(arguments)}"


def disable_instance(schema: str, table: str, instance: str) -> str:
    """Drop a capture instance: shown to people, never sent."""
    return (
        f"EXEC sys.sp_cdc_disable_table @source_schema = {tsql_text(schema)}, "
        f"@source_name = {tsql_text(table)}, @capture_instance = {tsql_text(instance)}"
    )


def changes(table: CapturedTable, after: Lsn, up_to: Lsn) -> str:
    """A table's changes in (after, up_to], read from the change table itself, in the order of the log.

    The fn_cdc_get_all_changes functions do not return the command id (sql-docs#3792), without which
    changes of one commit cannot be ordered (KB3030352).
    """
    columns = ", ".join(column.read_expression for column in table.columns)
    return f"""
SELECT [__$start_lsn], [__$command_id], [__$seqval], [__$operation], [__$update_mask], {columns}
FROM {tsql_name("cdc", table.capture_instance + "_CT")}
WHERE [__$start_lsn] > {after.literal} AND [__$start_lsn] <= {up_to.literal}
ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]
"""


def chunk_boundary(
    table: CapturedTable, after: Sequence[str] | None, rows: int, up_to: Sequence[str] | None = None
) -> str:
    """The key of the last of the next `rows` rows after a key, as text; no row when fewer remain."""
    keys = ", ".join(key_text(tsql_name(column.source_name), column.sql_type) for column in table.key)
    order = ", ".join(tsql_name(column.source_name) for column in table.key)
    return f"""
SELECT {keys}
FROM {tsql_name(table.schema, table.table)}
{_where(key_range(table, after, up_to))}ORDER BY {order}
OFFSET {rows - 1} ROWS FETCH NEXT 1 ROWS ONLY
"""


def lob_bytes(table: CapturedTable, rows: int) -> str:
    """How many of a table's first rows there are, and how many bytes their large values have."""
    sizes = " + ".join(f"COALESCE(DATALENGTH({tsql_name(column.source_name)}), 0)" for column in table.lobs)
    order = ", ".join(tsql_name(column.source_name) for column in table.key)
    ordered = f" ORDER BY {order}" if order else ""
    return f"""
SELECT COUNT(*), SUM(CONVERT(bigint, bytes))
FROM (SELECT TOP ({rows}) {sizes} AS bytes FROM {tsql_name(table.schema, table.table)}{ordered}) AS first_rows
"""


def chunk(table: CapturedTable, after: Sequence[str] | None, up_to: Sequence[str] | None) -> str:
    """The rows with keys in (after, up_to]; None is an open end."""
    columns = ", ".join(column.read_expression for column in table.columns)
    return f"""
SELECT {columns}
FROM {tsql_name(table.schema, table.table)}
{_where(key_range(table, after, up_to))}"""


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}\n" if conditions else ""


def key_range(table: CapturedTable, after: Sequence[str] | None, up_to: Sequence[str] | None) -> list[str]:
    """The conditions that a row's key is in (after, up_to]; None is an open end."""
    conditions = []
    if after is not None:
        conditions.append(_beyond(table.key, after, ">", inclusive=False))
    if up_to is not None:
        conditions.append(_beyond(table.key, up_to, "<", inclusive=True))
    return conditions


def _beyond(key: Sequence[Column], bound: Sequence[str], operator: str, *, inclusive: bool) -> str:
    """A row-value comparison, spelled out; the leading `>=` alone lets the server seek in the index."""
    name, value = tsql_name(key[0].source_name), key_literal(bound[0], key[0].sql_type)
    if len(key) == 1:
        return f"{name} {operator}{'=' if inclusive else ''} {value}"
    rest = _beyond(key[1:], bound[1:], operator, inclusive=inclusive)
    return f"{name} {operator}= {value} AND ({name} {operator} {value} OR {rest})"
