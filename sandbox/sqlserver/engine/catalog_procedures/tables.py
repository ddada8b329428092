"""sp_tables and sp_databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.engine.catalog_procedures.lookup import (
    INT,
    NAME,
    SYSNAME,
    check_qualifier,
    matches,
    tables_named,
)
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.rowsets import rows_as
from sandbox.sqlserver.engine.types import BIT
from sandbox.sqlserver.results import Column, Result, SqlType

_REMARKS = Column("REMARKS", SqlType("varchar", length=254))
_TABLE_COLUMNS = (
    Column("TABLE_QUALIFIER", SYSNAME),
    Column("TABLE_OWNER", SYSNAME),
    Column("TABLE_NAME", SYSNAME),
    Column("TABLE_TYPE", SqlType("varchar", length=32)),
    _REMARKS,
)
_TYPES = ("SYSTEM TABLE", "TABLE", "VIEW")
Row = tuple[str | None, str | None, str | None, str | None, None]


@procedure(
    "sys.sp_tables",
    ProcedureParameter("table_name", NAME, None),
    ProcedureParameter("table_owner", NAME, None),
    ProcedureParameter("table_qualifier", SYSNAME, None),
    ProcedureParameter("table_type", SqlType("varchar", length=100), None),
    ProcedureParameter("fUsePattern", BIT, True),
)
def sp_tables(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Tables and views; with `%` alone as one argument, all databases, schemas or types instead."""
    name, owner = arguments["table_name"], arguments["table_owner"]
    qualifier, kinds = arguments["table_qualifier"], arguments["table_type"]
    rows: list[Row]
    if qualifier == "%" and name == "" and owner == "":
        rows = [(database, None, None, None, None) for database in _databases(context)]
    elif owner == "%" and name == "" and qualifier == "":
        rows = [(None, schema, None, None, None) for schema in _schemas(context)]
    elif kinds == "%" and name == "" and owner == "" and qualifier == "":
        rows = [(None, None, None, kind, None) for kind in _TYPES]
    else:
        check_qualifier(context, arguments, "table_qualifier")
        wanted = _TYPES if kinds is None else {kind.upper() for kind in re.findall(r"'([^']*)'", kinds)}
        is_pattern = bool(arguments["fusepattern"])
        found = [*_tables(context, name, owner, is_pattern), *_views(context, name, owner, is_pattern)]
        rows = [row for row in found if row[3] in wanted]
    yield from rows_as(_TABLE_COLUMNS, rows)


def _tables(context: ProcedureContext, name: str | None, owner: str | None, is_pattern: bool) -> list[Row]:
    return [
        (context.database, table.schema, table.name, "TABLE", None)
        for table in tables_named(context, name, owner, is_pattern=is_pattern)
    ]


def _views(context: ProcedureContext, name: str | None, owner: str | None, is_pattern: bool) -> list[Row]:
    """The catalog views: users' own views are not modelled."""
    found = context.connection.execute(
        "SELECT CASE schema_name WHEN 'sys' THEN 'sys' ELSE 'INFORMATION_SCHEMA' END AS owner, view_name "
        "FROM duckdb_views() WHERE database_name = ? AND schema_name IN ('sys', 'tsql_information_schema') "
        "ORDER BY lower(owner), lower(view_name)",
        [context.database],
    ).fetchall()
    return [
        (context.database, schema, view.upper() if schema != "sys" else view, "VIEW", None)
        for schema, view in found
        if matches(view, name, is_pattern=is_pattern) and matches(schema, owner, is_pattern=is_pattern)
    ]


def _schemas(context: ProcedureContext) -> list[str]:
    rows = context.connection.execute(
        f'SELECT name FROM "{context.database}".sys.schemas ORDER BY lower(name)'
    ).fetchall()
    return [name for (name,) in rows]


def _databases(context: ProcedureContext) -> list[str]:
    rows = context.connection.execute(
        "SELECT d.database_name FROM duckdb_databases() AS d INNER JOIN duckdb_tables() AS t "
        "ON t.database_name = d.database_name AND t.schema_name = 'catalog' AND t.table_name = 'database' "
        "ORDER BY lower(d.database_name)"
    ).fetchall()
    return [name for (name,) in rows]


@procedure("sys.sp_databases")
def sp_databases(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """All databases with their size in kilobytes."""
    del arguments
    columns = (Column("DATABASE_NAME", SYSNAME), Column("DATABASE_SIZE", INT), _REMARKS)
    sizes = dict(
        context.connection.execute(
            "SELECT database_name, CAST(block_size * total_blocks // 1024 AS INTEGER) "
            "FROM pragma_database_size()"
        ).fetchall()
    )
    yield from rows_as(columns, [(name, sizes.get(name), None) for name in _databases(context)])
