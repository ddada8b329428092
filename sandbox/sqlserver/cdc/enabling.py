"""Switching CDC on and off: `sp_cdc_enable_db`, `_disable_db`, `_enable_table`, `_disable_table`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sandbox.sqlserver.cdc.jobs as jobs
from sandbox.sqlserver.cdc.checks import require_cdc, require_owner, required
from sandbox.sqlserver.cdc.errors import error, text
from sandbox.sqlserver.cdc.functions import create_system_functions, drop_system_functions
from sandbox.sqlserver.cdc.instances import (
    NewInstance,
    all_instances,
    create_instance,
    drop_instance,
    instances_of,
)
from sandbox.sqlserver.cdc.tables import create_cdc_schema, drop_cdc_schema, is_cdc_enabled
from sandbox.sqlserver.engine.model import ColumnDef, KeyDef, TableDef
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.types import FIXED, MAX
from sandbox.sqlserver.results import Message, Result, SqlType

_SYSNAME, _BIT = FIXED["sysname"], FIXED["bit"]
_SYSTEM_DATABASES = {"master", "model", "msdb", "tempdb"}
_MAX_INSTANCES = 2
_RESERVED = {"__$start_lsn", "__$end_lsn", "__$seqval", "__$operation", "__$update_mask"}


@procedure("sys.sp_cdc_enable_db")
def enable_db(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:  # noqa: ARG001
    """Make the schema `cdc` in the current database."""
    if not context.is_sysadmin:
        raise error(22902, "Sysadmin", procedure="sp_cdc_enable_db")
    if context.database.lower() in _SYSTEM_DATABASES:
        raise error(22989, context.database, procedure="sp_cdc_enable_db")
    if is_cdc_enabled(context.connection, context.database):
        yield Message(22905, text(22905, context.database), severity=10)
        return
    context.begin_write()
    create_cdc_schema(context)
    create_system_functions(context.connection, context.database)


@procedure("sys.sp_cdc_disable_db")
def disable_db(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:  # noqa: ARG001
    """Drop everything of CDC in the current database, its jobs too."""
    if not context.is_sysadmin:
        raise error(22902, "Sysadmin", procedure="sp_cdc_disable_db")
    require_cdc(context, "sp_cdc_disable_db")
    context.begin_write()
    for name in all_instances(context):
        drop_instance(context, name)
    drop_system_functions(context.connection, context.database)
    drop_cdc_schema(context)
    for job in jobs.jobs_of(context.connection, context.database):
        jobs.remove(context.connection, job)
    yield from ()


@procedure(
    "sys.sp_cdc_enable_table",
    ProcedureParameter("source_schema", _SYSNAME),
    ProcedureParameter("source_name", _SYSNAME),
    ProcedureParameter("role_name", _SYSNAME),
    ProcedureParameter("capture_instance", _SYSNAME, None),
    ProcedureParameter("supports_net_changes", _BIT, None),
    ProcedureParameter("index_name", _SYSNAME, None),
    ProcedureParameter("captured_column_list", SqlType("nvarchar", length=MAX), None),
    ProcedureParameter("filegroup_name", _SYSNAME, None),
    ProcedureParameter("allow_partition_switch", _BIT, True),
)
def enable_table(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Make a capture instance of a table; with the first one, the database's jobs."""
    require_owner(context, "sp_cdc_enable_table")
    require_cdc(context, "sp_cdc_enable_table")
    _new_instance(context, arguments)  # a refusal before anything is written leaves the transaction usable
    context.begin_write()
    new = _new_instance(context, arguments)
    if new.role is not None:
        context.ensure_role(new.role)
    create_instance(context, new)
    for job in jobs.ensure(context.connection, context.database):
        yield Message(0, f"Job '{job.name}' started successfully.")


@procedure(
    "sys.sp_cdc_disable_table",
    ProcedureParameter("source_schema", _SYSNAME),
    ProcedureParameter("source_name", _SYSNAME),
    ProcedureParameter("capture_instance", _SYSNAME),
)
def disable_table(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Drop one capture instance of a table, or `all`."""
    require_owner(context, "sp_cdc_disable_table")
    require_cdc(context, "sp_cdc_disable_table")
    _named_instances(context, arguments)  # as above
    context.begin_write()
    for name in _named_instances(context, arguments):
        drop_instance(context, name)
    yield from ()


def _named_instances(context: ProcedureContext, arguments: dict[str, Any]) -> list[str]:
    """The table's instances that the client means."""
    wanted = required(arguments, "capture_instance")
    source = _source_table(context, arguments)
    names = instances_of(context, source.object_id)
    if not names:
        raise error(22985, source.schema, source.name, procedure="sp_cdc_disable_table")
    named = names if wanted.lower() == "all" else [n for n in names if n.lower() == wanted.lower()]
    if not named:
        raise error(22960, wanted, source.schema, source.name, procedure="sp_cdc_disable_table")
    return named


def _new_instance(context: ProcedureContext, arguments: dict[str, Any]) -> NewInstance:
    """Check what the client asks for, in SQL Server's own terms."""
    if arguments["role_name"] == "":
        raise error(22907, procedure="sp_cdc_enable_table")
    source = _source_table(context, arguments)
    if source.schema.lower() == "cdc":
        raise error(22974, procedure="sp_cdc_enable_table")
    existing = instances_of(context, source.object_id)
    if len(existing) >= _MAX_INSTANCES:
        raise error(22962, source.schema, source.name, procedure="sp_cdc_enable_table")
    index = _index(source, arguments["index_name"])
    columns = _captured_columns(source, arguments["captured_column_list"])
    return NewInstance(
        source=source,
        name=_instance_name(context, source, arguments["capture_instance"]),
        columns=columns,
        supports_net_changes=_net_changes(arguments["supports_net_changes"], index, columns),
        role=arguments["role_name"],
        index=index.name if index else None,
        index_columns=index.columns if index else (),
    )


def _source_table(context: ProcedureContext, arguments: dict[str, Any]) -> TableDef:
    schema, name = required(arguments, "source_schema"), required(arguments, "source_name")
    source = context.catalog.find(schema, name)
    if source is None or (source.kind != "U" and source.schema.lower() != "cdc"):
        raise error(22931, schema, name)
    return source


def _instance_name(context: ProcedureContext, source: TableDef, wanted: str | None) -> str:
    name = wanted or f"{source.schema}_{source.name}"
    if len(name) > 100:
        raise error(22927, name)
    if context.catalog.find("cdc", f"{name}_CT") is not None:
        raise error(22926, name)
    return name


def _index(source: TableDef, wanted: str | None) -> KeyDef | None:
    if not wanted:
        return source.primary_key
    found = next((key for key in source.keys if key.name.lower() == wanted.lower()), None)
    if found is None:
        raise error(22928, wanted, source.schema, source.name)
    if not found.unique:
        raise error(22929, wanted, source.schema, source.name)
    return found


def _captured_columns(source: TableDef, wanted: str | None) -> tuple[ColumnDef, ...]:
    columns = source.columns
    if wanted and wanted.strip():
        names = _names(wanted)
        for name in names:
            if source.column(name) is None:
                raise error(22930, name, source.schema, source.name)
        listed = {name.lower() for name in names}
        columns = tuple(c for c in source.columns if c.name.lower() in listed)
    if any(c.name.lower() in _RESERVED for c in columns):
        raise error(22975, source.name)
    return columns


def _names(column_list: str) -> list[str]:
    """Names between commas, quoted with [] or "" where they contain one."""
    name = r"\s*(?:\[((?:[^\]]|\]\])*)\]|\"((?:[^\"]|\"\")*)\"|([^,\[\"]+?))\s*"
    if not re.fullmatch(f"{name}(?:,{name})*", column_list):
        raise error(22965)
    return [
        bracketed.replace("]]", "]") or quoted.replace('""', '"') or plain
        for bracketed, quoted, plain in re.findall(rf"{name}(?:,|$)", column_list)
    ]


def _net_changes(wanted: bool | None, index: KeyDef | None, columns: tuple[ColumnDef, ...]) -> bool:
    """The default is 1 with a key, else 0."""
    captured = {c.name.lower() for c in columns}
    has_key = index is not None and all(c.lower() in captured for c in index.columns)
    if wanted is None:
        return has_key
    if wanted and index is None:
        raise error(22939)
    if wanted and not has_key:
        raise error(22943)
    return bool(wanted)
