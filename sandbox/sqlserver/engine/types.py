"""SQL Server's types, how they are stored in DuckDB, and which type wins when two meet."""

from __future__ import annotations

from sandbox.sqlserver.results import SqlServerError, SqlType

MAX = -1
FIXED: dict[str, SqlType] = {
    "bit": SqlType("bit"),
    "tinyint": SqlType("tinyint", precision=3),
    "smallint": SqlType("smallint", precision=5),
    "int": SqlType("int", precision=10),
    "bigint": SqlType("bigint", precision=19),
    "real": SqlType("real", precision=24),
    "float": SqlType("float", precision=53),
    "money": SqlType("money", precision=19, scale=4),
    "smallmoney": SqlType("smallmoney", precision=10, scale=4),
    "date": SqlType("date"),
    "datetime": SqlType("datetime", scale=3),
    "smalldatetime": SqlType("smalldatetime"),
    "uniqueidentifier": SqlType("uniqueidentifier"),
    "rowversion": SqlType("rowversion", length=8),
    "text": SqlType("text", length=MAX),
    "ntext": SqlType("ntext", length=MAX),
    "image": SqlType("image", length=MAX),
    "xml": SqlType("xml", length=MAX),
    "sysname": SqlType("nvarchar", length=128),
    "sql_variant": SqlType("sql_variant"),
}
BIT, INT, BIGINT, FLOAT = FIXED["bit"], FIXED["int"], FIXED["bigint"], FIXED["float"]
VARIANT = FIXED["sql_variant"]
SYSNAME, UNIQUEIDENTIFIER, DATETIME = FIXED["sysname"], FIXED["uniqueidentifier"], FIXED["datetime"]
NULL = SqlType("null")
"""The type of a bare NULL, until something else decides."""

UNICODE = {"nchar", "nvarchar", "ntext", "xml"}
TEXT = {"char", "varchar", "text"} | UNICODE
BINARY = {"binary", "varbinary", "image", "rowversion", "timestamp"}
INTEGER = {"tinyint", "smallint", "int", "bigint"}
EXACT = INTEGER | {"bit", "decimal", "numeric", "money", "smallmoney"}
APPROXIMATE = {"real", "float"}
NUMERIC = EXACT | APPROXIMATE
TEMPORAL = {"date", "time", "datetime", "smalldatetime", "datetime2", "datetimeoffset"}
INSTANT = {"date", "datetime", "smalldatetime", "datetime2"}
LOB = {"text", "ntext", "image", "xml"}
KEYED = TEXT | {"datetimeoffset", "sql_variant"}
"""Types whose values compare by a key of theirs (`operators.order_key`), not as DuckDB compares them."""

UTF8_COLLATION = "_UTF8"


def is_utf8(collation: str | None) -> bool:
    """Whether char and varchar of a collation are UTF-8, with lengths in bytes (SQL Server 2019)."""
    return collation is not None and collation.upper().endswith(UTF8_COLLATION)


PRECEDENCE = [
    "sql_variant",
    "datetimeoffset",
    "datetime2",
    "datetime",
    "smalldatetime",
    "date",
    "time",
    "float",
    "real",
    "decimal",
    "numeric",
    "money",
    "smallmoney",
    "bigint",
    "int",
    "smallint",
    "tinyint",
    "bit",
    "ntext",
    "text",
    "image",
    "rowversion",
    "uniqueidentifier",
    "nvarchar",
    "nchar",
    "varchar",
    "char",
    "varbinary",
    "binary",
    "null",
]
"""Highest first, as Microsoft's "Data type precedence" has it."""

_STORED = {
    "bit": "BOOLEAN",
    "tinyint": "UTINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "float": "DOUBLE",
    "money": "DECIMAL(19,4)",
    "smallmoney": "DECIMAL(10,4)",
    "date": "DATE",
    "time": "TIME_NS",
    "datetime": "TIMESTAMP",
    "smalldatetime": "TIMESTAMP",
    "uniqueidentifier": "UUID",
    "datetimeoffset": "STRUCT(utc BIGINT, offset_minutes SMALLINT)",
    "sql_variant": (
        'STRUCT("name" VARCHAR, length SMALLINT, "precision" TINYINT, scale TINYINT, "text" VARCHAR)'
    ),
}


def duckdb_type(sql_type: SqlType) -> str:
    """The DuckDB type that stores values of `sql_type`; datetime2(7) and datetimeoffset are ticks."""
    name = sql_type.name
    if name in ("decimal", "numeric"):
        return f"DECIMAL({sql_type.precision},{sql_type.scale})"
    if name == "datetime2":
        return "BIGINT" if sql_type.scale == 7 else "TIMESTAMP"
    if name in TEXT:
        return "VARCHAR"
    if name in BINARY:
        return "BLOB"
    if name == "null":
        return "INTEGER"
    return _STORED[name]


def from_duckdb(text: str) -> SqlType:
    """The SQL Server type shown for a DuckDB column that nobody declared (views and macros)."""
    plain = {
        "BOOLEAN": BIT,
        "UTINYINT": FIXED["tinyint"],
        "TINYINT": FIXED["smallint"],
        "SMALLINT": FIXED["smallint"],
        "USMALLINT": INT,
        "INTEGER": INT,
        "UINTEGER": BIGINT,
        "BIGINT": BIGINT,
        "UBIGINT": SqlType("decimal", precision=20),
        "HUGEINT": SqlType("decimal", precision=38),
        "FLOAT": FIXED["real"],
        "DOUBLE": FLOAT,
        "VARCHAR": SqlType("nvarchar", length=4000),
        "BLOB": SqlType("varbinary", length=8000),
        "DATE": FIXED["date"],
        "TIME": SqlType("time", scale=6),
        "TIME_NS": SqlType("time", scale=7),
        "TIMESTAMP": SqlType("datetime2", scale=6),
        "UUID": UNIQUEIDENTIFIER,
    }
    if text in plain:
        return plain[text]
    if text.startswith("DECIMAL("):
        precision, scale = text[8:-1].split(",")
        return SqlType("decimal", precision=int(precision), scale=int(scale))
    if text.startswith("STRUCT(utc"):
        return SqlType("datetimeoffset", scale=7)
    if text.strip('"').upper() == "NULL":
        return INT
    raise SqlServerError(40517, f"not modelled by the stand-in: a column of DuckDB's type {text}")


def decimal(precision: int, scale: int) -> SqlType:
    """decimal(p, s), cut to 38 digits as SQL Server does: the integral digits are kept first."""
    if precision > 38:
        scale = max(min(scale, 38 - (precision - scale)), min(scale, 6))
        precision = 38
    return SqlType("decimal", precision=precision, scale=scale)


def as_decimal(sql_type: SqlType) -> SqlType:
    """The decimal type that an exact number counts as in arithmetic."""
    digits = {"bit": 1, "tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
    if sql_type.name in digits:
        return SqlType("decimal", precision=digits[sql_type.name])
    return SqlType("decimal", precision=sql_type.precision, scale=sql_type.scale)


def display(sql_type: SqlType) -> str:
    """The type as error messages and DDL print it, e.g. `nvarchar(200)`."""
    name = sql_type.name
    if name in ("decimal", "numeric"):
        return f"{name}({sql_type.precision},{sql_type.scale})"
    if name in ("time", "datetime2", "datetimeoffset"):
        return f"{name}({sql_type.scale})"
    if name in TEXT | BINARY and name not in LOB | {"rowversion", "timestamp"}:
        return f"{name}({'max' if sql_type.length == MAX else sql_type.length})"
    return name
