"""sp_columns and sp_special_columns, in the form of before SQL Server 2008 and since (`_100`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.engine.catalog_procedures import odbc_types
from sandbox.sqlserver.engine.catalog_procedures.lookup import (
    INT,
    NAME,
    SMALLINT,
    SYSNAME,
    TINYINT,
    check_qualifier,
    matches,
    tables_named,
)
from sandbox.sqlserver.engine.model import ColumnDef, TableDef
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.rowsets import rows_as
from sandbox.sqlserver.engine.types import BIT
from sandbox.sqlserver.results import Column, Result, SqlType

_COLUMNS = (
    Column("TABLE_QUALIFIER", SYSNAME),
    Column("TABLE_OWNER", SYSNAME),
    Column("TABLE_NAME", SYSNAME),
    Column("COLUMN_NAME", SYSNAME),
    Column("DATA_TYPE", SMALLINT),
    Column("TYPE_NAME", SYSNAME),
    Column("PRECISION", INT),
    Column("LENGTH", INT),
    Column("SCALE", SMALLINT),
    Column("RADIX", SMALLINT),
    Column("NULLABLE", SMALLINT),
    Column("REMARKS", SqlType("varchar", length=254)),
    Column("COLUMN_DEF", SqlType("nvarchar", length=4000)),
    Column("SQL_DATA_TYPE", SMALLINT),
    Column("SQL_DATETIME_SUB", SMALLINT),
    Column("CHAR_OCTET_LENGTH", INT),
    Column("ORDINAL_POSITION", INT),
    Column("IS_NULLABLE", SqlType("varchar", length=254)),
)
_SINCE_2008 = (
    *(Column(f"SS_IS_{what}", SMALLINT) for what in ("SPARSE", "COLUMN_SET", "COMPUTED", "IDENTITY")),
    *(Column(f"SS_UDT_{what}", SYSNAME) for what in ("CATALOG_NAME", "SCHEMA_NAME")),
    Column("SS_UDT_ASSEMBLY_TYPE_NAME", SqlType("nvarchar", length=-1)),
    *(Column(f"SS_XML_SCHEMACOLLECTION_{what}", SYSNAME) for what in ("CATALOG_NAME", "SCHEMA_NAME", "NAME")),
)
_SS_DATA_TYPE = Column("SS_DATA_TYPE", TINYINT)
_PARAMETERS = (
    ProcedureParameter("table_name", NAME),
    ProcedureParameter("table_owner", NAME, None),
    ProcedureParameter("table_qualifier", SYSNAME, None),
    ProcedureParameter("column_name", NAME, None),
)
_LAST_PARAMETERS = (ProcedureParameter("ODBCVer", INT, 2), ProcedureParameter("fUsePattern", BIT, True))


@procedure("sys.sp_columns", *_PARAMETERS, *_LAST_PARAMETERS)
def sp_columns(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Columns of tables, as drivers before SQL Server 2008 are told."""
    rows = [
        (*_row(context, table, at, column, arguments["odbcver"], is_new=False), _tds_type(column))
        for table, at, column in _columns(context, arguments)
    ]
    yield from rows_as((*_COLUMNS, _SS_DATA_TYPE), rows)


@procedure("sys.sp_columns_100", *_PARAMETERS, ProcedureParameter("NameScope", INT, 0), *_LAST_PARAMETERS)
def sp_columns_100(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Columns of tables, as drivers since SQL Server 2008 ask for them."""
    rows = [
        (
            *_row(context, table, at, column, arguments["odbcver"], is_new=True),
            *(0, 0, int(column.computed is not None), int(column.identity is not None)),
            *(None, None, None, None, None, None),
            _tds_type(column),
        )
        for table, at, column in _columns(context, arguments)
    ]
    yield from rows_as((*_COLUMNS, *_SINCE_2008, _SS_DATA_TYPE), rows)


def _columns(
    context: ProcedureContext, arguments: dict[str, Any]
) -> Iterator[tuple[TableDef, int, ColumnDef]]:
    """Tables with their columns that match, and the columns' ordinals."""
    check_qualifier(context, arguments, "table_qualifier")
    is_pattern = bool(arguments["fusepattern"])
    wanted = arguments["table_name"], arguments["table_owner"]
    for table in tables_named(context, *wanted, is_pattern=is_pattern):
        for at, column in enumerate(table.columns, 1):
            if matches(column.name, arguments["column_name"], is_pattern=is_pattern):
                yield table, at, column


def _row(
    context: ProcedureContext,
    table: TableDef,
    at: int,
    column: ColumnDef,
    version: int | None,
    *,
    is_new: bool,
) -> tuple[object, ...]:
    kind = odbc_types.column_type(column.type, version=version or 2, is_new=is_new)
    return (
        *(context.database, table.schema, table.name, column.name),
        *(
            kind.number,
            odbc_types.type_name(column.type, is_new=is_new, is_identity=column.identity is not None),
        ),
        *(kind.precision, kind.length, kind.scale, kind.radix, int(column.nullable), None),
        f"({column.default})" if column.default is not None else None,
        *(kind.verbose, kind.sub_code, kind.octets, at, "YES" if column.nullable else "NO"),
    )


def _tds_type(column: ColumnDef) -> int:
    known = odbc_types.TYPES[column.type.name]
    return known.nullable if column.nullable else known.not_null


_SPECIAL_COLUMNS = (
    Column("SCOPE", SMALLINT),
    Column("COLUMN_NAME", SYSNAME),
    Column("DATA_TYPE", SMALLINT),
    Column("TYPE_NAME", SYSNAME),
    Column("PRECISION", INT),
    Column("LENGTH", INT),
    Column("SCALE", SMALLINT),
    Column("PSEUDO_COLUMN", SMALLINT),
)
_LETTER = SqlType("char", length=1)
_SPECIAL_PARAMETERS = (
    ProcedureParameter("table_name", SYSNAME),
    ProcedureParameter("table_owner", SYSNAME, None),
    ProcedureParameter("table_qualifier", SYSNAME, None),
    ProcedureParameter("col_type", _LETTER, "R"),
    ProcedureParameter("scope", _LETTER, "T"),
    ProcedureParameter("nullable", _LETTER, "U"),
    ProcedureParameter("ODBCVer", INT, 2),
)
_NOT_PSEUDO = 1
"""SQL_PC_NOT_PSEUDO."""


@procedure("sys.sp_special_columns", *_SPECIAL_PARAMETERS)
def sp_special_columns(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The same, dates and times told as text."""
    yield from rows_as(_SPECIAL_COLUMNS, _special_rows(context, arguments, is_new=False))


@procedure("sys.sp_special_columns_100", *_SPECIAL_PARAMETERS)
def sp_special_columns_100(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The columns that tell a row from all others (`R`), or that change with the row (`V`)."""
    yield from rows_as(_SPECIAL_COLUMNS, _special_rows(context, arguments, is_new=True))


def _special_rows(
    context: ProcedureContext, arguments: dict[str, Any], *, is_new: bool
) -> Iterator[tuple[object, ...]]:
    check_qualifier(context, arguments, "table_qualifier")
    is_version = arguments["col_type"].upper() == "V"
    scope = None if is_version else {"C": 0, "T": 1}.get(arguments["scope"].upper(), 1)
    for table in tables_named(context, arguments["table_name"], arguments["table_owner"], is_pattern=False):
        for column in _special(table, is_version=is_version, no_nulls=arguments["nullable"].upper() == "O"):
            kind = odbc_types.column_type(column.type, version=arguments["odbcver"] or 2, is_new=is_new)
            name = odbc_types.type_name(column.type, is_new=is_new, is_identity=column.identity is not None)
            yield (
                *(scope, column.name, kind.number, name, kind.precision, kind.length, kind.scale),
                _NOT_PSEUDO,
            )


def _special(table: TableDef, *, is_version: bool, no_nulls: bool) -> list[ColumnDef]:
    if is_version:
        return [column for column in table.columns if column.is_rowversion]
    candidates = sorted((key for key in table.keys if key.unique), key=lambda key: key.kind != "PK")
    for key in candidates:
        columns = [column for name in key.columns if (column := table.column(name)) is not None]
        if not (no_nulls and any(column.nullable for column in columns)):
            return columns
    return []
