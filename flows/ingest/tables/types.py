"""SQL Server's types: how each is selected without loss, how it travels in Arrow, what it is in Snowflake.

pymssql 2.4.6 cuts the 7th digit of datetime2, time and datetimeoffset, and Arrow's nanoseconds end in
2262; so times of day, datetimeoffset and datetime2(7) travel as text that the server writes (style 121)
and Snowflake parses. `real` is widened to the double of the same value, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa

from deployments.quoting import tsql_text
from flows.ingest.errors import SourceError

MAX_LENGTH = -1
"""`max_length` of varchar(max), nvarchar(max), varbinary(max)."""

MICROSECOND_DIGITS = 6
TEXT_DATE_STYLE = 121  # yyyy-mm-dd hh:mi:ss with all digits of the type: Microsoft, "CAST and CONVERT"


@dataclass(frozen=True)
class SqlType:
    """A SQL Server type as `sys.columns` has it: `max_length` in bytes, `scale` also of times."""

    name: str
    max_length: int = 0
    precision: int = 0
    scale: int = 0

    @property
    def is_lob(self) -> bool:
        """True where an update that leaves the column alone may carry no value of it (sqlserver CDC)."""
        return self.name in {"text", "ntext", "image", "xml"} or self.max_length == MAX_LENGTH

    @property
    def declaration(self) -> str:
        """The type in T-SQL: `decimal(18, 2)`, `nvarchar(24)`, `datetime2(7)`."""
        declare = _DECLARATIONS.get(self.name)
        return declare(self) if declare else self.name


@dataclass(frozen=True)
class Mapping:
    """What one SQL Server type becomes: `arrow` in the landed file, `snowflake` in the warehouse."""

    arrow: pa.DataType
    snowflake: str
    read: str = "{}"
    """T-SQL around the column: a CONVERT where the driver's own value would lose something."""
    compare: str = "{}"
    """Snowflake SQL around the column that gives the value in the form in which it travelled."""
    is_ordered: bool = True
    """Whether values that travelled sort as Snowflake sorts them."""


def map_type(sql_type: SqlType, owner: str) -> Mapping:
    """The mapping of a column's type.

    Raises:
        SourceError: the type has no mapping; `owner` names the column in the message.
    """
    try:
        return _MAPPINGS[sql_type.name](sql_type)
    except KeyError:
        raise SourceError(
            f"{owner} has the type {sql_type.name}, which cannot be replicated: leave the column out of the "
            "capture instance (@captured_column_list of sys.sp_cdc_enable_table)."
        ) from None


def is_mapped(sql_type: SqlType) -> bool:
    """Whether a type can be replicated."""
    return sql_type.name in _MAPPINGS


def key_text(column: str, sql_type: SqlType) -> str:
    """The T-SQL expression that writes a quoted key column as text, without loss."""
    target, style = _KEY_TEXT.get(sql_type.name, ("nvarchar(4000)", None))
    return f"CONVERT({target}, {column}{'' if style is None else f', {style}'})"


def key_literal(text: str, sql_type: SqlType) -> str:
    """The T-SQL literal of a key value that `key_text` wrote, in the column's own type.

    In its own type, so that the comparison follows the column's index and not an implicit conversion.
    """
    style = _KEY_LITERAL_STYLE.get(sql_type.name)
    return f"CONVERT({sql_type.declaration}, {tsql_text(text)}{'' if style is None else f', {style}'})"


def _with_length(sql_type: SqlType) -> str:
    length = sql_type.max_length
    if length != MAX_LENGTH and sql_type.name in {"nchar", "nvarchar"}:
        length //= 2
    return f"{sql_type.name}({'max' if length == MAX_LENGTH else length})"


def _with_precision(sql_type: SqlType) -> str:
    return f"{sql_type.name}({sql_type.precision}, {sql_type.scale})"


def _with_scale(sql_type: SqlType) -> str:
    return f"{sql_type.name}({sql_type.scale})"


_DECLARATIONS: dict[str, Callable[[SqlType], str]] = {
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "binary", "varbinary"), _with_length),
    **dict.fromkeys(("decimal", "numeric"), _with_precision),
    **dict.fromkeys(("time", "datetime2", "datetimeoffset"), _with_scale),
    "timestamp": lambda _: "binary(8)",
}

# Styles of Microsoft's "CAST and CONVERT": 3 is 17 digits, lossless; 2 is four decimals; 1 is 0x-hex.
_KEY_TEXT: dict[str, tuple[str, int | None]] = {
    **dict.fromkeys(("float", "real"), ("nvarchar(40)", 3)),
    **dict.fromkeys(("money", "smallmoney"), ("nvarchar(40)", 2)),
    **dict.fromkeys(
        ("date", "time", "smalldatetime", "datetime", "datetime2", "datetimeoffset"),
        ("nvarchar(40)", TEXT_DATE_STYLE),
    ),
    **dict.fromkeys(("binary", "varbinary", "timestamp"), ("varchar(max)", 1)),
}
_KEY_LITERAL_STYLE: dict[str, int] = {
    **dict.fromkeys(
        ("date", "time", "smalldatetime", "datetime", "datetime2", "datetimeoffset"), TEXT_DATE_STYLE
    ),
    **dict.fromkeys(("binary", "varbinary", "timestamp"), 1),
}


def _number(precision: int, scale: int) -> Mapping:
    return Mapping(pa.decimal128(precision, scale), f"NUMBER({precision},{scale})")


def _text(sql_type: SqlType) -> Mapping:
    if sql_type.max_length == MAX_LENGTH:
        return Mapping(pa.string(), "VARCHAR")
    characters = sql_type.max_length // (2 if sql_type.name in {"nchar", "nvarchar"} else 1)
    return Mapping(pa.string(), f"VARCHAR({characters})")


def _long_text(_: SqlType) -> Mapping:
    return Mapping(pa.string(), "VARCHAR")


def _binary(_: SqlType) -> Mapping:
    return Mapping(pa.binary(), "BINARY")


def _as_text(snowflake: str, target: str, text_format: str, scale: int) -> Mapping:
    fraction = f".FF{scale}" if scale else ""
    return Mapping(
        pa.string(),
        f"{snowflake}({scale})",
        read=f"CONVERT({target}, {{}}, {TEXT_DATE_STYLE})",
        compare=f"TO_CHAR({{}}, '{text_format.replace('SS', 'SS' + fraction)}')",
    )


def _time(sql_type: SqlType) -> Mapping:
    return _as_text("TIME", "varchar(16)", "HH24:MI:SS", sql_type.scale)


def _datetime2(sql_type: SqlType) -> Mapping:
    if sql_type.scale <= MICROSECOND_DIGITS:
        return Mapping(pa.timestamp("us"), f"TIMESTAMP_NTZ({sql_type.scale})")
    return _as_text("TIMESTAMP_NTZ", "varchar(27)", "YYYY-MM-DD HH24:MI:SS", sql_type.scale)


def _datetimeoffset(sql_type: SqlType) -> Mapping:
    mapping = _as_text("TIMESTAMP_TZ", "varchar(34)", "YYYY-MM-DD HH24:MI:SS TZH:TZM", sql_type.scale)
    return replace(mapping, is_ordered=False)  # as text by wall clock, in Snowflake by instant


_VARIANT_VALUE = {
    **dict.fromkeys(("binary", "varbinary"), "CONVERT(nvarchar(max), CONVERT(varbinary(8000), {0}), 1)"),
    "float": "CONVERT(nvarchar(max), CONVERT(float, {0}), 3)",
    "real": "CONVERT(nvarchar(max), CONVERT(real, {0}), 3)",
    **dict.fromkeys(("money", "smallmoney"), "CONVERT(nvarchar(max), CONVERT(money, {0}), 2)"),
    "smalldatetime": "CONVERT(nvarchar(max), CONVERT(smalldatetime, {0}), 120)",
    "datetime": "CONVERT(nvarchar(max), CONVERT(datetime, {0}), 121)",
}
"""How a value of a base type in a sql_variant is written without loss; the others are by CONVERT alone."""


def _variant(_: SqlType) -> Mapping:
    """Its base type and its value, as one text: `int:5`. The driver would hand out bytes without a type."""
    base = "CONVERT(nvarchar(128), SQL_VARIANT_PROPERTY({0}, 'BaseType'))"
    cases = " ".join(f"WHEN '{name}' THEN {value}" for name, value in _VARIANT_VALUE.items())
    value = f"CASE {base} {cases} ELSE CONVERT(nvarchar(max), {{0}}) END"
    return Mapping(pa.string(), "VARCHAR", read=f"{base} + N':' + {value}")


_MAPPINGS: dict[str, Callable[[SqlType], Mapping]] = {
    "bit": lambda _: Mapping(pa.bool_(), "BOOLEAN"),
    "tinyint": lambda _: Mapping(pa.int64(), "NUMBER(3,0)"),
    "smallint": lambda _: Mapping(pa.int64(), "NUMBER(5,0)"),
    "int": lambda _: Mapping(pa.int64(), "NUMBER(10,0)"),
    "bigint": lambda _: Mapping(pa.int64(), "NUMBER(19,0)"),
    "decimal": lambda t: _number(t.precision, t.scale),
    "numeric": lambda t: _number(t.precision, t.scale),
    "money": lambda _: _number(19, 4),
    "smallmoney": lambda _: _number(10, 4),
    "real": lambda _: Mapping(pa.float64(), "FLOAT"),
    "float": lambda _: Mapping(pa.float64(), "FLOAT"),
    "char": _text,
    "varchar": _text,
    "nchar": _text,
    "nvarchar": _text,
    "text": _long_text,
    "ntext": _long_text,
    "xml": lambda _: Mapping(pa.string(), "VARCHAR", read="CONVERT(nvarchar(max), {})"),
    "binary": _binary,
    "varbinary": _binary,
    "image": _binary,
    "timestamp": lambda _: Mapping(pa.binary(), "BINARY"),
    "rowversion": lambda _: Mapping(pa.binary(), "BINARY"),
    "sql_variant": _variant,
    "uniqueidentifier": lambda _: Mapping(pa.string(), "VARCHAR(36)", read="CONVERT(char(36), {})"),
    "date": lambda _: Mapping(pa.date32(), "DATE"),
    "time": _time,
    "smalldatetime": lambda _: Mapping(pa.timestamp("us"), "TIMESTAMP_NTZ(0)"),
    "datetime": lambda _: Mapping(pa.timestamp("us"), "TIMESTAMP_NTZ(3)"),
    "datetime2": _datetime2,
    "datetimeoffset": _datetimeoffset,
}
