"""sp_datatype_info: the types that a driver may use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.sqlserver.engine.catalog_procedures import odbc_types
from sandbox.sqlserver.engine.catalog_procedures.lookup import INT, SMALLINT, SYSNAME, TINYINT
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.rowsets import rows_as
from sandbox.sqlserver.engine.types import FIXED, MAX, TEXT, UNICODE
from sandbox.sqlserver.results import Column, Result, SqlType

_COLUMNS = (
    Column("TYPE_NAME", SYSNAME),
    Column("DATA_TYPE", SMALLINT),
    Column("PRECISION", INT),
    *(Column(name, SqlType("varchar", length=32)) for name in ("LITERAL_PREFIX", "LITERAL_SUFFIX")),
    Column("CREATE_PARAMS", SqlType("varchar", length=32)),
    *(Column(n, SMALLINT) for n in ("NULLABLE", "CASE_SENSITIVE", "SEARCHABLE", "UNSIGNED_ATTRIBUTE")),
    *(Column(name, SMALLINT) for name in ("MONEY", "AUTO_INCREMENT")),
    Column("LOCAL_TYPE_NAME", SYSNAME),
    *(Column(name, SMALLINT) for name in ("MINIMUM_SCALE", "MAXIMUM_SCALE")),
    *(Column(name, SMALLINT) for name in ("SQL_DATA_TYPE", "SQL_DATETIME_SUB")),
    Column("NUM_PREC_RADIX", INT),
    *(Column(name, SMALLINT) for name in ("INTERVAL_PRECISION", "USERTYPE")),
)
_PARAMETERS = (ProcedureParameter("data_type", INT, 0), ProcedureParameter("ODBCVer", TINYINT, 2))


@dataclass(frozen=True)
class _Offered:
    """A type as it can be declared; `create` are the parameters of its declaration."""

    type: SqlType
    create: str | None = None
    scales: tuple[int, int] | None = None
    is_identity: bool = False
    name: str = ""


def _decimal(name: str, *, is_identity: bool = False) -> _Offered:
    create = "precision" if is_identity else "precision,scale"
    scales = (0, 0) if is_identity else (0, 38)
    return _Offered(SqlType(name, precision=38, scale=38), create, scales, is_identity)


_TIMED = [_Offered(SqlType(n, scale=7), "scale", (0, 7)) for n in ("time", "datetimeoffset", "datetime2")]
_WHOLE = [
    _Offered(FIXED[name], scales=(0, 0), is_identity=is_identity)
    for name in ("tinyint", "smallint", "int", "bigint")
    for is_identity in (False, True)
]
_SIZED = [
    _Offered(SqlType(name, length=length), "max length" if "var" in name else "length")
    for name, length in (
        *(("char", 8000), ("varchar", 8000), ("nchar", 4000), ("nvarchar", 4000)),
        *(("binary", 8000), ("varbinary", 8000)),
    )
]
_OFFERED = [
    *(_TIMED + _WHOLE + _SIZED),
    *(_decimal(name, is_identity=identity) for name in ("decimal", "numeric") for identity in (False, True)),
    *(_Offered(FIXED[name], scales=(4, 4)) for name in ("money", "smallmoney")),
    *(_Offered(FIXED[name]) for name in ("bit", "real", "float", "date", "uniqueidentifier", "rowversion")),
    *(_Offered(FIXED[name]) for name in ("text", "ntext", "image", "xml", "sql_variant")),
    _Offered(FIXED["datetime"], scales=(3, 3)),
    _Offered(FIXED["smalldatetime"], scales=(0, 0)),
    _Offered(SqlType("nvarchar", length=128), name="sysname"),
]


@procedure("sys.sp_datatype_info", *_PARAMETERS)
def sp_datatype_info(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """The types of before SQL Server 2008 with their numbers, the new ones as text."""
    del context
    yield from rows_as(_COLUMNS, _rows(arguments, is_new=False))


@procedure("sys.sp_datatype_info_100", *_PARAMETERS)
def sp_datatype_info_100(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """All types, by ODBC's number and name; `data_type` 0 means all."""
    del context
    yield from rows_as(_COLUMNS, _rows(arguments, is_new=True))


def _rows(arguments: dict[str, Any], *, is_new: bool) -> list[tuple[object, ...]]:
    version, wanted = arguments["odbcver"] or 2, arguments["data_type"] or 0
    rows = [_row(offered, version, is_new) for offered in _OFFERED]
    return sorted((row for row in rows if wanted in (0, row[1])), key=lambda row: (row[1], str(row[0])))


def _row(offered: _Offered, version: int, is_new: bool) -> tuple[Any, ...]:
    sql_type = offered.type
    kind = odbc_types.column_type(sql_type, version=version, is_new=is_new)
    name = offered.name or odbc_types.type_name(sql_type, is_new=is_new, is_identity=offered.is_identity)
    prefix, suffix = _quotes(sql_type)
    is_number = kind.radix is not None
    least, most = offered.scales or (None, None)
    return (
        *(name, kind.number, kind.precision, prefix, suffix, offered.create),
        *(int(not offered.is_identity and offered.name != "sysname"), 0, _searchable(sql_type)),
        int(sql_type.name == "tinyint") if is_number else None,
        int(sql_type.name in ("money", "smallmoney")),
        int(offered.is_identity) if is_number else None,
        *(name, least, most, kind.verbose, kind.sub_code, kind.radix, None, 0),
    )


def _quotes(sql_type: SqlType) -> tuple[str | None, str | None]:
    name = sql_type.name
    if name in ("binary", "varbinary", "image", "rowversion"):
        return "0x", None
    if name in ("money", "smallmoney"):
        return "$", None
    if name in UNICODE:
        return "N'", "'"
    if name in TEXT or name in ("uniqueidentifier", "date", "time", "datetime", "smalldatetime"):
        return "'", "'"
    return ("'", "'") if name in ("datetime2", "datetimeoffset") else (None, None)


def _searchable(sql_type: SqlType) -> int:
    """ODBC: 0 never, 1 with LIKE only, 2 with all but LIKE, 3 with all."""
    if sql_type.name == "xml" or (sql_type.length == MAX and sql_type.name == "image"):
        return 0
    if sql_type.length == MAX:
        return 1
    has_like = sql_type.name in TEXT or sql_type.name in (
        *("date", "time", "datetime", "smalldatetime", "datetime2", "datetimeoffset"),
    )
    return 3 if has_like else 2
