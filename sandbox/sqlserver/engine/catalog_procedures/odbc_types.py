"""How ODBC sees SQL Server's types: numbers, sizes, and what drivers are told about them.

Numbers: ODBC's sql.h and sqlext.h, and Microsoft's odbcss.h for SQL Server's own types. Sizes: ODBC's
appendix D ("Column Size, Decimal Digits, Transfer Octet Length, and Display Size").
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sqlserver.engine.types import FIXED, MAX, TEXT, UNICODE
from sandbox.sqlserver.results import SqlType

_DATETIME = 9
"""SQL_DATETIME, the verbose type of dates; the sub code tells date (1) from timestamp (3)."""
_MAX_BYTES = 2_147_483_647


@dataclass(frozen=True)
class OdbcType:
    """A type as ODBC 3 knows it; `old` is its number in ODBC 2."""

    number: int
    old: int
    not_null: int
    """SS_DATA_TYPE of a NOT NULL column: the type's number in TDS as DB-Library has it."""
    nullable: int
    verbose: int | None = None
    sub_code: int | None = None
    octets: int = 0
    """LENGTH of the types that have one size."""
    radix: int | None = None
    precision: int = 0


TYPES = {
    "bit": OdbcType(-7, -7, 50, 50, octets=1, precision=1),
    "tinyint": OdbcType(-6, -6, 48, 38, octets=1, radix=10, precision=3),
    "smallint": OdbcType(5, 5, 52, 38, octets=2, radix=10, precision=5),
    "int": OdbcType(4, 4, 56, 38, octets=4, radix=10, precision=10),
    "bigint": OdbcType(-5, -5, 63, 108, octets=8, radix=10, precision=19),
    "real": OdbcType(7, 7, 59, 109, octets=4, radix=2, precision=24),
    "float": OdbcType(6, 6, 62, 109, octets=8, radix=2, precision=53),
    "decimal": OdbcType(3, 3, 106, 106, radix=10),
    "numeric": OdbcType(2, 2, 108, 108, radix=10),
    "money": OdbcType(3, 3, 60, 110, octets=21, radix=10, precision=19),
    "smallmoney": OdbcType(3, 3, 122, 110, octets=12, radix=10, precision=10),
    "char": OdbcType(1, 1, 39, 39),
    "varchar": OdbcType(12, 12, 39, 39),
    "text": OdbcType(-1, -1, 35, 35),
    "nchar": OdbcType(-8, -8, 39, 39),
    "nvarchar": OdbcType(-9, -9, 39, 39),
    "ntext": OdbcType(-10, -10, 35, 35),
    "xml": OdbcType(-152, -152, 0, 0),
    "binary": OdbcType(-2, -2, 37, 37),
    "varbinary": OdbcType(-3, -3, 37, 37),
    "image": OdbcType(-4, -4, 34, 34),
    "rowversion": OdbcType(-2, -2, 45, 45, octets=8, precision=8),
    "uniqueidentifier": OdbcType(-11, -11, 37, 37, octets=16, precision=36),
    "sql_variant": OdbcType(-150, -150, 98, 98, octets=8000, precision=8000),
    "date": OdbcType(91, 9, 0, 0, _DATETIME, 1, octets=6, precision=10),
    "time": OdbcType(-154, -154, 0, 0, -154, octets=12),
    "datetime": OdbcType(93, 11, 61, 111, _DATETIME, 3, octets=16, precision=23),
    "smalldatetime": OdbcType(93, 11, 58, 111, _DATETIME, 3, octets=16, precision=16),
    "datetime2": OdbcType(93, 11, 0, 0, _DATETIME, 3, octets=16),
    "datetimeoffset": OdbcType(-155, -155, 0, 0, -155, octets=20),
}
_NEW = {"date": 10, "time": 8, "datetime2": 19, "datetimeoffset": 26}
"""Types of SQL Server 2008 with their characters in text, without fractional digits."""
_NVARCHAR = -9


@dataclass(frozen=True)
class ColumnType:
    """What sp_columns tells of a column's type."""

    number: int
    precision: int
    length: int
    scale: int | None
    radix: int | None
    verbose: int
    sub_code: int | None
    octets: int | None
    """CHAR_OCTET_LENGTH: of texts and binaries."""


def column_type(sql_type: SqlType, *, version: int, is_new: bool) -> ColumnType:
    """A column's type for ODBC `version` 2 or 3; before `is_new` (2008), its new types were told as text."""
    if not is_new:
        sql_type = as_before_2005(sql_type)
    name = sql_type.name
    if name in _NEW and not is_new:
        size = characters(sql_type)
        return ColumnType(_NVARCHAR, size, 2 * size, None, None, _NVARCHAR, None, 2 * size)
    known = TYPES[name]
    number = known.number if version >= 3 else known.old
    precision, length = sizes(sql_type)
    is_sized = name in TEXT or name in ("binary", "varbinary", "image", "rowversion")
    return ColumnType(
        number,
        precision,
        length,
        _scale(sql_type),
        known.radix,
        known.verbose if known.verbose is not None else known.number,
        known.sub_code,
        length if is_sized else None,
    )


def as_before_2005(sql_type: SqlType) -> SqlType:
    """The old type that stands for a (max) type or xml where a driver asks in the old way."""
    if sql_type.name == "xml":
        return FIXED["ntext"]
    old = {"nvarchar": "ntext", "varchar": "text", "varbinary": "image"}
    if sql_type.length == MAX and sql_type.name in old:
        return FIXED[old[sql_type.name]]
    return sql_type


def characters(sql_type: SqlType) -> int:
    """How long a value of a new date or time type is in text."""
    size = _NEW[sql_type.name]
    return size + 1 + sql_type.scale if sql_type.scale and sql_type.name != "date" else size


def sizes(sql_type: SqlType) -> tuple[int, int]:
    """PRECISION (ODBC's column size) and LENGTH (bytes in transfer)."""
    name, known = sql_type.name, TYPES[sql_type.name]
    if name in ("decimal", "numeric"):
        return sql_type.precision, sql_type.precision + 2
    if name in _NEW:
        return characters(sql_type), known.octets
    if known.octets:
        return known.precision, known.octets
    if name in ("ntext", "xml"):
        return _MAX_BYTES // 2, _MAX_BYTES - 1
    if sql_type.length == MAX:
        return _MAX_BYTES, _MAX_BYTES  # nvarchar(max), too: seen on SQL Server 2022 (debezium#8078)
    return sql_type.length, sql_type.length * (2 if name in UNICODE else 1)


def _scale(sql_type: SqlType) -> int | None:
    if sql_type.name in ("decimal", "numeric", "money", "smallmoney", "time", "datetime2", "datetimeoffset"):
        return sql_type.scale
    if sql_type.name in ("tinyint", "smallint", "int", "bigint", "smalldatetime"):
        return 0
    return 3 if sql_type.name == "datetime" else None


def type_name(sql_type: SqlType, *, is_new: bool, is_identity: bool = False) -> str:
    """TYPE_NAME: `int identity`, `numeric() identity`, and `timestamp` for rowversion."""
    if not is_new:
        sql_type = as_before_2005(sql_type)
    name = "timestamp" if sql_type.name == "rowversion" else sql_type.name
    if not is_identity:
        return name
    return f"{name}() identity" if name in ("decimal", "numeric") else f"{name} identity"
