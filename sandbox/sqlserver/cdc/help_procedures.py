"""Procedures that tell what is captured: `sp_cdc_help_change_data_capture` and its like.

Columns of the results: Microsoft's pages on these procedures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.cdc.access import may_read, readable_instances
from sandbox.sqlserver.cdc.checks import require_cdc, require_owner, required
from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.instances import instances_of
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.tables import BINARY10, BIT, DATETIME, INT, SYSNAME, TEXT
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.rowsets import rowset
from sandbox.sqlserver.engine.types import FIXED
from sandbox.sqlserver.results import Column, Result

_INSTANCE_COLUMNS = (
    Column("source_schema", SYSNAME),
    Column("source_table", SYSNAME),
    Column("capture_instance", SYSNAME),
    Column("object_id", INT),
    Column("source_object_id", INT),
    Column("start_lsn", BINARY10),
    Column("end_lsn", BINARY10),
    Column("supports_net_changes", BIT),
    Column("has_drop_pending", BIT),
    Column("role_name", SYSNAME),
    Column("index_name", SYSNAME),
    Column("filegroup_name", SYSNAME),
    Column("create_date", DATETIME),
    Column("index_column_list", TEXT),
    Column("captured_column_list", TEXT),
)
_INSTANCES = """
SELECT s.schema_name, s.table_name, t.capture_instance, t.object_id, t.source_object_id, t.start_lsn,
    t.end_lsn, t.supports_net_changes, t.has_drop_pending, t.role_name, t.index_name, t.filegroup_name,
    t.create_date,
    (
        SELECT string_agg('[' || replace(i.column_name, ']', ']]') || ']', ', ' ORDER BY i.index_ordinal)
        FROM {db}.cdc.index_columns AS i
        WHERE i.object_id = t.object_id
    ),
    (
        SELECT string_agg('[' || replace(c.column_name, ']', ']]') || ']', ', ' ORDER BY c.column_ordinal)
        FROM {db}.cdc.captured_columns AS c
        WHERE c.object_id = t.object_id
    )
FROM {db}.cdc.change_tables AS t
INNER JOIN (SELECT unnest(?::INTEGER[]) AS id, unnest(?::VARCHAR[]) AS schema_name,
    unnest(?::VARCHAR[]) AS table_name) AS s ON s.id = t.source_object_id
WHERE list_contains(?::VARCHAR[], lower(t.capture_instance))
ORDER BY t.create_date, t.object_id
"""


@procedure(
    "sys.sp_cdc_help_change_data_capture",
    ProcedureParameter("source_schema", SYSNAME, None),
    ProcedureParameter("source_name", SYSNAME, None),
)
def help_change_data_capture(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The capture instances of one table, or of all."""
    require_cdc(context, "sp_cdc_help_change_data_capture")
    schema, name = arguments["source_schema"], arguments["source_name"]
    if bool(schema) != bool(name):
        raise error(22972, procedure="sp_cdc_help_change_data_capture")
    tables = [table for table in context.catalog.tables() if context.sees(table)]
    if name:
        table = context.catalog.find(schema, name)
        if table is None or not context.sees(table):
            raise error(22931, schema, name, procedure="sp_cdc_help_change_data_capture")
        if not instances_of(context, table.object_id):
            raise error(22985, schema, name, procedure="sp_cdc_help_change_data_capture")
        tables = [table]
    sql = _INSTANCES.format(db=identifier(context.database))
    parameters = [*_as_lists(tables), sorted(readable_instances(context))]
    yield from rowset(context.connection, sql, parameters, _INSTANCE_COLUMNS)


@procedure("sys.sp_cdc_help_jobs")
def help_jobs(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:  # noqa: ARG001
    """The settings of the database's jobs."""
    require_owner(context, "sp_cdc_help_jobs")
    require_cdc(context, "sp_cdc_help_jobs")
    columns = (
        Column("job_id", FIXED["uniqueidentifier"]),
        Column("job_type", SYSNAME),
        Column("job_name", SYSNAME),
        *(Column(name, INT) for name in ("maxtrans", "maxscans")),
        Column("continuous", BIT),
        *(Column(name, FIXED["bigint"]) for name in ("pollinginterval", "retention", "threshold")),
    )
    # What does not belong to a job is 0 in this result, as the documentation has it.
    sql = """
        SELECT upper(job_id::VARCHAR), job_type, 'cdc.' || database_name || '_' || job_type,
            coalesce(maxtrans, 0), coalesce(maxscans, 0), coalesce(continuous, FALSE),
            coalesce(pollinginterval, 0), coalesce(retention, 0), coalesce(threshold, 0)
        FROM msdb.log.cdc_jobs
        WHERE lower(database_name) = lower(?)
        ORDER BY job_type
        """
    yield from rowset(context.connection, sql, [context.database], columns)


@procedure("sys.sp_cdc_get_captured_columns", ProcedureParameter("capture_instance", SYSNAME))
def get_captured_columns(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The columns of a capture instance with their types."""
    source, name = _source_of(context, arguments, "sp_cdc_get_captured_columns")
    change_table = context.catalog.find("cdc", f"{name}_CT")
    columns = (
        *(Column(c, SYSNAME) for c in ("source_schema", "source_table", "capture_instance", "column_name")),
        Column("column_id", INT),
        Column("ordinal_position", INT),
        Column("data_type", SYSNAME),
        Column("character_maximum_length", INT),
        *(Column(c, FIXED["tinyint"]) for c in ("numeric_precision", "numeric_precision_radix")),
        Column("numeric_scale", INT),
        Column("datetime_precision", FIXED["tinyint"]),
    )
    sql = f"""
        SELECT ?, ?, ?, c.column_name, c.column_id, c.column_ordinal, c.column_type, t.length, t.precision,
            CASE WHEN t.precision IS NOT NULL THEN 10 END, t.scale, t.fraction
        FROM {identifier(context.database)}.cdc.captured_columns AS c
        INNER JOIN (SELECT unnest(?::VARCHAR[]) AS name, unnest(?::INTEGER[]) AS length,
            unnest(?::INTEGER[]) AS precision, unnest(?::INTEGER[]) AS scale, unnest(?::INTEGER[]) AS fraction
        ) AS t ON t.name = c.column_name
        WHERE c.object_id = ?
        ORDER BY c.column_ordinal
        """
    assert change_table is not None, "an instance has its change table"  # noqa: S101
    parameters = [source.schema, source.name, name, *_facets(change_table), change_table.object_id]
    yield from rowset(context.connection, sql, parameters, columns)


@procedure("sys.sp_cdc_get_ddl_history", ProcedureParameter("capture_instance", SYSNAME))
def get_ddl_history(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The DDL that was run on the source table since the instance was made."""
    source, name = _source_of(context, arguments, "sp_cdc_get_ddl_history")
    columns = (
        *(Column(c, SYSNAME) for c in ("source_schema", "source_table", "capture_instance")),
        Column("required_column_update", BIT),
        Column("ddl_command", TEXT),
        Column("ddl_lsn", BINARY10),
        Column("ddl_time", DATETIME),
    )
    sql = """
        SELECT ?, ?, t.capture_instance, h.required_column_update, h.ddl_command, h.ddl_lsn, h.ddl_time
        FROM {db}.cdc.ddl_history AS h
        INNER JOIN {db}.cdc.change_tables AS t ON t.object_id = h.object_id
        WHERE t.capture_instance = ?
        ORDER BY h.ddl_lsn
        """.format(db=identifier(context.database))
    yield from rowset(context.connection, sql, [source.schema, source.name, name], columns)


def _as_lists(tables: list[TableDef]) -> list[list[object]]:
    return [[t.object_id for t in tables], [t.schema for t in tables], [t.name for t in tables]]


def _facets(table: TableDef) -> list[list[object]]:
    """Names, character lengths, numeric precisions and scales, digits of a second: None where foreign."""
    timed = {"time", "datetime2", "datetimeoffset", "datetime"}
    columns = table.columns
    return [
        [c.name for c in columns],
        [c.type.length or None for c in columns],
        [c.type.precision or None for c in columns],
        [
            c.type.scale if c.type.precision and c.type.name not in ("real", "float") else None
            for c in columns
        ],
        [c.type.scale if c.type.name in timed else None for c in columns],
    ]


def _source_of(
    context: ProcedureContext, arguments: dict[str, Any], procedure_name: str
) -> tuple[TableDef, str]:
    """The source table of an instance, and the instance's name as it was given at its making."""
    require_cdc(context, procedure_name)
    wanted = required(arguments, "capture_instance")
    row = context.connection.execute(
        f"SELECT source_object_id, capture_instance FROM {identifier(context.database)}.cdc.change_tables "
        "WHERE lower(capture_instance) = lower(?)",
        [wanted],
    ).fetchone()
    source = context.catalog.by_id(row[0]) if row else None
    if row is None or source is None or not may_read(context, row[1]):
        raise error(22981, procedure=procedure_name)
    return source, row[1]
