"""SQL Server's types on the wire: TYPE_INFO ([MS-TDS] 2.2.5.6) and the layout of their values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sandbox.sqlserver.results import SqlType
from sandbox.sqlserver.tds.errors import not_modelled

COLLATION = bytes.fromhex("0904d00034")
"""SQL_Latin1_General_CP1_CI_AS: English, case insensitive, code page 1252."""
CODE_PAGE = "cp1252"
MAX_LENGTH = 0xFFFF
"""The length that says (max) in TYPE_INFO."""


class Layout(Enum):
    """How a value is framed ([MS-TDS] 2.2.5.2)."""

    FIXED = "as it is: no NULL"
    BYTE_LENGTH = "after a length of one byte"
    SHORT_LENGTH = "after a length of two bytes"
    PARTIALLY_LENGTH_PREFIXED = "in chunks: the (max) types and xml"
    TEXT_POINTER = "after a text pointer, a timestamp and a length of four bytes"
    LONG_LENGTH = "after a length of four bytes: sql_variant"


# A NULL: a length of 0 where no value is empty, otherwise the largest length.
NULL_BYTES = {
    Layout.FIXED: b"",
    Layout.BYTE_LENGTH: b"\x00",
    Layout.SHORT_LENGTH: b"\xff" * 2,
    Layout.PARTIALLY_LENGTH_PREFIXED: b"\xff" * 8,
    Layout.TEXT_POINTER: b"\x00",
    Layout.LONG_LENGTH: b"\x00" * 4,
}


class Family(Enum):
    """How the bytes of a value are made from Arrow's."""

    BIT = "bit"
    NUMBER = "number"
    MONEY = "money"
    DECIMAL = "decimal"
    GUID = "guid"
    DATE = "date"
    TIME = "time"
    SMALL_DATETIME = "smalldatetime"
    DATETIME = "datetime"
    DATETIME2 = "datetime2"
    DATETIMEOFFSET = "datetimeoffset"
    UNICODE = "unicode text"
    TEXT = "text in the code page"
    BINARY = "binary"
    VARIANT = "sql_variant"


@dataclass(frozen=True)
class WireType:
    """A column's or parameter's type as the client sees it."""

    info: bytes
    """TYPE_INFO."""
    layout: Layout
    family: Family
    size: int
    """Bytes of a value; for texts and binaries the most that a value may have."""
    scale: int = 0
    user_type: int = 0
    has_table_name: bool = False
    """text, ntext and image carry the name of their table in COLMETADATA."""


# name: (token when NOT NULL, token when nullable, size, family)
_FIXED = {
    "bit": (0x32, 0x68, 1, Family.BIT),
    "tinyint": (0x30, 0x26, 1, Family.NUMBER),
    "smallint": (0x34, 0x26, 2, Family.NUMBER),
    "int": (0x38, 0x26, 4, Family.NUMBER),
    "bigint": (0x7F, 0x26, 8, Family.NUMBER),
    "real": (0x3B, 0x6D, 4, Family.NUMBER),
    "float": (0x3E, 0x6D, 8, Family.NUMBER),
    "smallmoney": (0x7A, 0x6E, 4, Family.MONEY),
    "money": (0x3C, 0x6E, 8, Family.MONEY),
    "smalldatetime": (0x3A, 0x6F, 4, Family.SMALL_DATETIME),
    "datetime": (0x3D, 0x6F, 8, Family.DATETIME),
}
_SCALED = {
    "time": (0x29, Family.TIME, 0),
    "datetime2": (0x2A, Family.DATETIME2, 3),
    "datetimeoffset": (0x2B, Family.DATETIMEOFFSET, 5),
}
# name: (token, family, bytes a unit, most units)
_LENGTHY = {
    "char": (0xAF, Family.TEXT, 1, 8000),
    "varchar": (0xA7, Family.TEXT, 1, 8000),
    "nchar": (0xEF, Family.UNICODE, 2, 4000),
    "nvarchar": (0xE7, Family.UNICODE, 2, 4000),
    "binary": (0xAD, Family.BINARY, 1, 8000),
    "varbinary": (0xA5, Family.BINARY, 1, 8000),
}
_TEXT_POINTER = {
    "text": (0x23, Family.TEXT),
    "ntext": (0x63, Family.UNICODE),
    "image": (0x22, Family.BINARY),
}
_LARGEST = 2**31 - 1
_LARGEST_VARIANT = 8009
"""A token, its count of properties, seven of them, and 8,000 bytes."""
_ONE_FORM = {
    "date": WireType(b"\x28", Layout.BYTE_LENGTH, Family.DATE, 3),
    "uniqueidentifier": WireType(b"\x24\x10", Layout.BYTE_LENGTH, Family.GUID, 16),
    "rowversion": WireType(b"\xad\x08\x00", Layout.SHORT_LENGTH, Family.BINARY, 8, user_type=0x50),
    "xml": WireType(b"\xf1\x00", Layout.PARTIALLY_LENGTH_PREFIXED, Family.UNICODE, _LARGEST),
    "sql_variant": WireType(
        b"\x62" + _LARGEST_VARIANT.to_bytes(4, "little"),
        Layout.LONG_LENGTH,
        Family.VARIANT,
        _LARGEST_VARIANT,
    ),
}


def time_size(scale: int) -> int:
    """Bytes of a time(scale)."""
    return 3 if scale <= 2 else 4 if scale <= 4 else 5


def decimal_size(precision: int) -> int:
    """Bytes of a decimal's magnitude."""
    return 4 if precision <= 9 else 8 if precision <= 19 else 12 if precision <= 28 else 16


def wire_type(column_type: SqlType, *, nullable: bool = True) -> WireType:
    """How a type goes over the wire. Raises SqlServerError for a type that this server does not send."""
    name = column_type.name
    if name in _FIXED:
        return _fixed(name, nullable)
    if name in _SCALED:
        return _scaled(name, column_type.scale)
    if name in _LENGTHY:
        return _lengthy(name, column_type.length)
    if name in _TEXT_POINTER:
        token, family = _TEXT_POINTER[name]
        info = bytes((token,)) + _LARGEST.to_bytes(4, "little") + _collation(family)
        return WireType(info, Layout.TEXT_POINTER, family, _LARGEST, has_table_name=True)
    if name in ("decimal", "numeric"):
        return _decimal(name, column_type)
    if name in _ONE_FORM:
        return _ONE_FORM[name]
    raise not_modelled(f"results of the type {name}")


def _fixed(name: str, nullable: bool) -> WireType:
    token, nullable_token, size, family = _FIXED[name]
    if nullable:
        return WireType(bytes((nullable_token, size)), Layout.BYTE_LENGTH, family, size)
    return WireType(bytes((token,)), Layout.FIXED, family, size)


def _scaled(name: str, scale: int) -> WireType:
    token, family, extra = _SCALED[name]
    return WireType(bytes((token, scale)), Layout.BYTE_LENGTH, family, time_size(scale) + extra, scale)


def _decimal(name: str, column_type: SqlType) -> WireType:
    token = 0x6A if name == "decimal" else 0x6C
    size = 1 + decimal_size(column_type.precision)
    info = bytes((token, size, column_type.precision, column_type.scale))
    return WireType(info, Layout.BYTE_LENGTH, Family.DECIMAL, size, column_type.scale)


def _lengthy(name: str, length: int) -> WireType:
    token, family, unit, most = _LENGTHY[name]
    if length == -1 or length > most:
        info = bytes((token,)) + MAX_LENGTH.to_bytes(2, "little") + _collation(family)
        return WireType(info, Layout.PARTIALLY_LENGTH_PREFIXED, family, _LARGEST)
    size = max(length, 1) * unit
    info = bytes((token,)) + size.to_bytes(2, "little") + _collation(family)
    return WireType(info, Layout.SHORT_LENGTH, family, size)


def _collation(family: Family) -> bytes:
    return b"" if family is Family.BINARY else COLLATION
