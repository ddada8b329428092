"""Conversions to binary types and to uniqueidentifier."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.conversion.errors import fail, refused
from sandbox.sqlserver.engine.types import BINARY, INTEGER, MAX, TEXT, UNICODE, is_utf8
from sandbox.sqlserver.results import SqlType

_GUID_ORDER = (4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16)
"""SQL Server stores the first three groups of a GUID little-endian."""


def to_binary(value: Bound, target: SqlType, style: int | None, *, safe: bool, fit: bool) -> Bound:
    """Convert to binary, varbinary, image or rowversion; styles 1 and 2 read hexadecimal digits."""
    source = value.type
    if source.name in BINARY:
        sql = value.sql
    elif source.name in TEXT and style in (1, 2):
        sql = _from_hex(value.sql, style, safe=safe)
    elif source.name in TEXT and source.name not in UNICODE and is_utf8(value.collation):
        sql = f"encode({value.sql})"
    elif source.name in TEXT:
        sql = f"tsql_utf16({value.sql})" if source.name in UNICODE else f"tsql_cp1252({value.sql})"
    elif source.name in INTEGER | {"bit"}:
        return _integer_to_binary(value, target)
    elif source.name == "uniqueidentifier":
        digits = f"replace(CAST({value.sql} AS VARCHAR), '-', '')"
        sql = "unhex(" + " || ".join(f"substr({digits}, {2 * at - 1}, 2)" for at in _GUID_ORDER) + ")"
    else:
        raise not_modelled(f"conversion of {source.name} to {target.name}")
    longer = target.length != MAX and (source.length == MAX or source.length > target.length)
    if fit and (longer or source.name not in BINARY) and target.length != MAX:
        sql = f"({sql})[1:{target.length}]"
    if target.name == "binary":
        padded = f"unhex(rpad(hex({sql}), {2 * target.length}, '0'))"
        sql = (
            padded if fit else f"CASE WHEN octet_length({sql}) < {target.length} THEN {padded} ELSE {sql} END"
        )
    constant = value.constant
    if isinstance(constant, bytes) and target.name != "binary":
        kept = constant if target.length == MAX or not fit else constant[: target.length]
        return Bound(f"unhex('{kept.hex()}')", target, False, value.name, constant=kept)
    return Bound(sql, target, value.nullable, value.name)


def _from_hex(sql: str, style: int, *, safe: bool) -> str:
    pattern = "0[xX]([0-9a-fA-F]{2})*" if style == 1 else "([0-9a-fA-F]{2})*"
    digits = f"substr({sql}, 3)" if style == 1 else sql
    wrong = fail(8114, "Error converting data type varchar to varbinary.", safe=safe)
    return f"CASE WHEN regexp_full_match({sql}, '{pattern}') THEN unhex({digits}) ELSE {wrong} END"


def _integer_to_binary(value: Bound, target: SqlType) -> Bound:
    size = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[value.type.name]
    digits = f"right(lpad(hex(CAST({value.sql} AS BIGINT)), 16, '0'), {2 * size})"
    if target.name == "binary" or (target.length != MAX and target.length < size):
        length = target.length
        digits = f"right(lpad({digits}, {2 * length}, '0'), {2 * length})"
    return Bound(f"unhex({digits})", target, value.nullable, value.name)


def to_guid(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    """Convert to uniqueidentifier."""
    source = value.type
    if source.name in TEXT:
        cut = f"left(trim({value.sql}, '{{}} '), 36)"
        return Bound(f"{'TRY_CAST' if safe else 'CAST'}({cut} AS UUID)", target, value.nullable, value.name)
    if source.name in BINARY:
        digits = f"hex({value.sql})"
        order = " || ".join(f"substr({digits}, {2 * at - 1}, 2)" for at in _GUID_ORDER)
        return Bound(f"CAST({order} AS UUID)", target, value.nullable, value.name)
    raise refused(source, target)
