"""sp_pkeys and sp_fkeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.engine.catalog_procedures.lookup import (
    SMALLINT,
    SYSNAME,
    check_qualifier,
    tables_named,
)
from sandbox.sqlserver.engine.model import ForeignKeyDef, TableDef
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.rowsets import rows_as
from sandbox.sqlserver.results import Column, Result, SqlServerError

_PRIMARY_COLUMNS = (
    *(Column(name, SYSNAME) for name in ("TABLE_QUALIFIER", "TABLE_OWNER", "TABLE_NAME", "COLUMN_NAME")),
    Column("KEY_SEQ", SMALLINT),
    Column("PK_NAME", SYSNAME),
)
_FOREIGN_COLUMNS = (
    *(
        Column(f"{side}{name}", SYSNAME)
        for side in ("PK", "FK")
        for name in ("TABLE_QUALIFIER", "TABLE_OWNER", "TABLE_NAME", "COLUMN_NAME")
    ),
    *(Column(name, SMALLINT) for name in ("KEY_SEQ", "UPDATE_RULE", "DELETE_RULE")),
    *(Column(name, SYSNAME) for name in ("FK_NAME", "PK_NAME")),
    Column("DEFERRABILITY", SMALLINT),
)
_NO_ACTION = 1
"""UPDATE_RULE and DELETE_RULE as sp_fkeys has them."""
_NOT_DEFERRABLE = 7
"""SQL_NOT_DEFERRABLE."""


@procedure(
    "sys.sp_pkeys",
    ProcedureParameter("table_name", SYSNAME),
    ProcedureParameter("table_owner", SYSNAME, None),
    ProcedureParameter("table_qualifier", SYSNAME, None),
)
def sp_pkeys(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The columns of a table's primary key."""
    check_qualifier(context, arguments, "table_qualifier")
    rows = [
        (context.database, table.schema, table.name, column, at, table.primary_key.name)
        for table in tables_named(
            context, arguments["table_name"], arguments["table_owner"], is_pattern=False
        )
        if table.primary_key is not None
        for at, column in enumerate(table.primary_key.columns, 1)
    ]
    yield from rows_as(_PRIMARY_COLUMNS, rows)


@procedure(
    "sys.sp_fkeys",
    *(
        ProcedureParameter(f"{side}table_{what}", SYSNAME, None)
        for side in ("pk", "fk")
        for what in ("name", "owner", "qualifier")
    ),
)
def sp_fkeys(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The foreign keys that refer to a table, of a table, or between two."""
    if arguments["pktable_name"] is None and arguments["fktable_name"] is None:
        raise SqlServerError(15252, "The primary or foreign key table name must be given.")
    for side in ("pk", "fk"):
        check_qualifier(context, arguments, f"{side}table_qualifier")
    parents, children = (_side(context, arguments, side) for side in ("pk", "fk"))
    found = [
        (parent, child, key)
        for child in children
        for key in child.foreign_keys
        for parent in parents
        if parent.object_id == key.parent_id
    ]
    by_child = arguments["pktable_name"] is not None
    found.sort(key=lambda each: _full_name(each[1] if by_child else each[0]))
    yield from rows_as(_FOREIGN_COLUMNS, [row for each in found for row in _rows(context.database, *each)])


def _full_name(table: TableDef) -> tuple[str, str]:
    return table.schema.lower(), table.name.lower()


def _side(context: ProcedureContext, arguments: dict[str, Any], side: str) -> list[TableDef]:
    name, owner = arguments[f"{side}table_name"], arguments[f"{side}table_owner"]
    return tables_named(context, name, owner, is_pattern=name is None)


def _rows(
    database: str, parent: TableDef, child: TableDef, key: ForeignKeyDef
) -> Iterator[tuple[object, ...]]:
    referenced = next(
        (k.name for k in parent.keys if k.unique and set(k.columns) == set(key.parent_columns)), None
    )
    for at, (column, parent_column) in enumerate(zip(key.columns, key.parent_columns, strict=True), 1):
        yield (
            *(database, parent.schema, parent.name, parent_column),
            *(database, child.schema, child.name, column),
            *(at, _NO_ACTION, _NO_ACTION, key.name, referenced, _NOT_DEFERRABLE),
        )
