"""Conversions to char, varchar, nchar, nvarchar, text, ntext and xml."""

from __future__ import annotations

from sandbox.sqlserver.engine import printing
from sandbox.sqlserver.engine.bound import Bound, not_modelled, string
from sandbox.sqlserver.engine.conversion.overflow import too_short
from sandbox.sqlserver.engine.types import BINARY, MAX, NUMERIC, TEXT, UNICODE, is_utf8
from sandbox.sqlserver.results import SqlType

_NOT_CP1252 = "[^\\x{00}-\\x{7F}\\x{A0}-\\x{FF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"


def to_text(value: Bound, target: SqlType, style: int | None, *, safe: bool, fit: bool) -> Bound:
    """Convert to a character type; CONVERT's styles are in `printing`."""
    source = value.type
    if source.name in TEXT:
        sql = value.sql if target.name in UNICODE else _encoded(value, target)
        longer = target.length != MAX and (source.length == MAX or source.length > target.length)
        if fit and longer:
            sql = f"left({sql}, {target.length})"
    else:
        sql = _text_of(value, target, style, safe=safe, fit=fit)
    if target.name in ("char", "nchar"):
        sql = f"rpad({sql}, {target.length}, ' ')" if fit else _pad(sql, target.length)
    bound = Bound(sql, target, value.nullable, value.name, value.collation)
    if isinstance(value.constant, str) and source.name in TEXT and target.name not in ("char", "nchar"):
        kept = value.constant if target.length == MAX or not fit else value.constant[: target.length]
        if target.name in UNICODE or kept.isascii():
            return Bound(string(kept), target, False, value.name, value.collation, constant=kept)
    return bound


def _text_of(value: Bound, target: SqlType, style: int | None, *, safe: bool, fit: bool) -> str:
    """The text of a value that is no text, cut where its type may be cut."""
    source = value.type
    if source.name in BINARY and style in (None, 0):
        sql = f"tsql_from_{'utf16' if target.name in UNICODE else 'cp1252'}({value.sql})"
    else:
        sql = printing.text_of(value, style)
    if not fit or target.length == MAX:
        return sql
    if source.name not in NUMERIC | {"uniqueidentifier"}:
        return f"left({sql}, {target.length})"
    if target.length >= printing.widest(source):
        return sql
    instead = too_short(value.sql, source, target, safe=safe)
    return f"CASE WHEN length({sql}) > {target.length} THEN {instead} ELSE {sql} END"


def _encoded(value: Bound, target: SqlType) -> str:
    """A text as char or varchar holds it: in code page 1252, or in UTF-8, whose lengths are bytes."""
    source = value.type
    if not is_utf8(value.collation):
        ascii_only = isinstance(value.constant, str) and value.constant.isascii()
        if source.name not in UNICODE or ascii_only:
            return value.sql
        return f"regexp_replace({value.sql}, {string(_NOT_CP1252)}, '?', 'g')"
    most = MAX if source.length == MAX else 3 * source.length
    if target.name == "char" or (target.length != MAX and (most == MAX or most > target.length)):
        raise not_modelled(f"{source.name}({source.length}) as {target.name}({target.length}) in UTF-8")
    return value.sql


def _pad(sql: str, length: int) -> str:
    return f"CASE WHEN length({sql}) < {length} THEN rpad({sql}, {length}, ' ') ELSE {sql} END"
