"""What the catalog and the wire tell about a type: its numbers and sizes."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sqlserver.engine.types import FIXED, LOB, MAX, UNICODE, display
from sandbox.sqlserver.results import SqlType


@dataclass(frozen=True)
class TypeFacts:
    """A type as sys.types and sys.columns number and measure it; the last two are [MS-TDS]'s."""

    system_type_id: int
    name: str
    max_length: int
    precision: int
    scale: int
    tds_type: int
    tds_length: int


_IDS = {
    "image": 34,
    "text": 35,
    "uniqueidentifier": 36,
    "date": 40,
    "time": 41,
    "datetime2": 42,
    "datetimeoffset": 43,
    "tinyint": 48,
    "smallint": 52,
    "int": 56,
    "smalldatetime": 58,
    "real": 59,
    "money": 60,
    "datetime": 61,
    "float": 62,
    "sql_variant": 98,
    "ntext": 99,
    "bit": 104,
    "decimal": 106,
    "numeric": 108,
    "smallmoney": 122,
    "bigint": 127,
    "varbinary": 165,
    "varchar": 167,
    "binary": 173,
    "char": 175,
    "rowversion": 189,
    "nvarchar": 231,
    "nchar": 239,
    "xml": 241,
}
FIXED_BYTES = {
    "bit": 1,
    "tinyint": 1,
    "smallint": 2,
    "int": 4,
    "bigint": 8,
    "real": 4,
    "float": 8,
    "money": 8,
    "smallmoney": 4,
    "date": 3,
    "datetime": 8,
    "smalldatetime": 4,
    "uniqueidentifier": 16,
    "rowversion": 8,
    "text": 16,
    "ntext": 16,
    "image": 16,
    "xml": -1,
    "sql_variant": 8016,
}
_DIGITS = {
    "bit": (1, 0),
    "tinyint": (3, 0),
    "smallint": (5, 0),
    "int": (10, 0),
    "bigint": (19, 0),
    "real": (24, 0),
    "float": (53, 0),
    "money": (19, 4),
    "smallmoney": (10, 4),
    "date": (10, 0),
    "datetime": (23, 3),
    "smalldatetime": (16, 0),
}
_WHOLE_SECONDS = {"time": 8, "datetime2": 19, "datetimeoffset": 26}
_MOMENT_BYTES = {"time": 3, "datetime2": 6, "datetimeoffset": 8}
_INTN, _FLTN, _MONEYN, _DATETIMN, _BITN = 38, 109, 110, 111, 104
_TDS = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), _INTN),
    **dict.fromkeys(("real", "float"), _FLTN),
    **dict.fromkeys(("money", "smallmoney"), _MONEYN),
    **dict.fromkeys(("datetime", "smalldatetime"), _DATETIMN),
    "bit": _BITN,
    "rowversion": 173,
}
"""Types that travel under another number, because they can be NULL."""
_VARIANT_TDS_LENGTH = 8009
"""A token, its count of properties, seven of them, and 8,000 bytes."""


def type_facts(sql_type: SqlType) -> TypeFacts:
    """The facts of a type; a bare NULL counts as int."""
    if sql_type.name == "null":
        sql_type = FIXED["int"]
    name = sql_type.name
    length = _max_length(sql_type)
    precision, scale = _digits(sql_type)
    in_tds = _VARIANT_TDS_LENGTH if name == "sql_variant" else length
    tds_length = 2**31 - 1 if name in LOB - {"xml"} else 65_535 if length == MAX else in_tds
    shown = "timestamp" if name == "rowversion" else display(sql_type)
    return TypeFacts(_IDS[name], shown, length, precision, scale, _TDS.get(name, _IDS[name]), tds_length)


def _max_length(sql_type: SqlType) -> int:
    name = sql_type.name
    if name in FIXED_BYTES:
        return FIXED_BYTES[name]
    if name in ("decimal", "numeric"):
        return next(n for most, n in ((9, 5), (19, 9), (28, 13), (38, 17)) if sql_type.precision <= most)
    if name in _MOMENT_BYTES:
        return _MOMENT_BYTES[name] + (0 if sql_type.scale <= 2 else 1 if sql_type.scale <= 4 else 2)
    return sql_type.length * 2 if name in UNICODE and sql_type.length > 0 else sql_type.length


def _digits(sql_type: SqlType) -> tuple[int, int]:
    name = sql_type.name
    if name in ("decimal", "numeric"):
        return sql_type.precision, sql_type.scale
    if name in _WHOLE_SECONDS:
        return _WHOLE_SECONDS[name] + (1 + sql_type.scale if sql_type.scale else 0), sql_type.scale
    return _DIGITS.get(name, (0, 0))
