"""Conversions to numbers."""

from __future__ import annotations

import re
from decimal import Decimal

from sandbox.sqlserver.engine import literals
from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.conversion.errors import refused
from sandbox.sqlserver.engine.conversion.overflow import no_number, too_large
from sandbox.sqlserver.engine.types import APPROXIMATE, BINARY, INT, INTEGER, NUMERIC, TEXT, duckdb_type
from sandbox.sqlserver.results import SqlType

_WHOLE = "[+-]?[0-9]+"
_DECIMAL = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
_FLOAT = f"{_DECIMAL}([eE][+-]?[0-9]+)?"
_MONEY = r"[+-]?\s*\p{Sc}?\s*[+-]?([0-9][0-9,]*[.]?[0-9]*|[.][0-9]+)"
_SHORT_WHOLE = r"\s*[+-]?\d{1,9}\s*"
_DECIMALS = {"decimal", "numeric"}
_PATTERNS = {
    **dict.fromkeys(_DECIMALS, _DECIMAL),
    **dict.fromkeys(APPROXIMATE, _FLOAT),
    **dict.fromkeys(("money", "smallmoney"), _MONEY),
}
_MONEY_RANGES = {
    "money": ("-922337203685477.5808", "922337203685477.5807"),
    "smallmoney": ("-214748.3648", "214748.3647"),
}
_RANGES = {
    "tinyint": (0, 255),
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
_ORDER = list(_RANGES)


def to_number(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    """Convert to a numeric type; `overflow` has the errors."""
    source, sql = value.type, value.sql
    stored = duckdb_type(target)
    if source.name in TEXT:
        return _number_from_text(value, target, safe=safe)
    if source.name in BINARY:
        if target.name not in INTEGER:
            raise not_modelled(f"conversion of {source.name} to {target.name}")
        size = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[target.name]
        return Bound(f"tsql_integer({sql}, {size})::{stored}", target, value.nullable, value.name)
    if source.name not in NUMERIC:
        raise refused(source, target)
    if target.name == "bit":
        return Bound(f"({sql} <> 0)", target, value.nullable, value.name)
    if target.name in INTEGER:
        return _whole(value, target, safe=safe)
    if source.name in APPROXIMATE and target.name in ("decimal", "numeric"):
        sql = f"CAST({sql} AS DOUBLE)"
    if target.name in _MONEY_RANGES:
        wrong = too_large(value.sql, source, target, safe=safe)
        return Bound(_checked(sql, target, "", wrong), target, value.nullable or safe, value.name)
    cast = "TRY_CAST" if safe else "CAST"
    return Bound(f"{cast}({sql} AS {stored})", target, value.nullable or safe, value.name)


def _checked(number: str, target: SqlType, before: str, too_large: str) -> str:
    """The number as the target stores it, or an error; NULL stays NULL. `before`: WHENs that come first."""
    fits = f"TRY_CAST({number} AS {duckdb_type(target)})"
    holds = f"{fits} IS NOT NULL"
    if target.name in _MONEY_RANGES:
        low, high = _MONEY_RANGES[target.name]
        holds = f"{fits} BETWEEN {low} AND {high}"
    elif target.name in APPROXIMATE:
        holds = f"isfinite({fits})"
    return f"CASE WHEN {number} IS NULL THEN NULL {before}WHEN {holds} THEN {fits} ELSE {too_large} END"


def _whole(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    """A number as a whole one: digits behind the point are cut."""
    source, constant, (low, high) = value.type, value.constant, _RANGES[target.name]
    if (
        isinstance(constant, int | Decimal)
        and not isinstance(constant, bool)
        and low <= int(constant) <= high
    ):
        return literals.literal(int(constant), target).named(value.name)
    sql, stored = value.sql, duckdb_type(target)
    is_wider = source.name not in _ORDER or _ORDER.index(source.name) > _ORDER.index(target.name)
    if source.name == "bit" or not is_wider:
        return Bound(f"CAST({sql} AS {stored})", target, value.nullable, value.name)
    whole = sql if source.name in INTEGER else f"trunc({sql})"
    wrong = too_large(sql, source, target, safe=safe)
    return Bound(_checked(whole, target, "", wrong), target, value.nullable or safe, value.name)


def _number_from_text(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    source, constant = value.type, value.constant
    if isinstance(constant, str) and target.name in INTEGER and re.fullmatch(_SHORT_WHOLE, constant):
        short = literals.literal(int(constant), INT)
        low, high = _RANGES[target.name]
        if low <= int(constant) <= high:
            return _whole(short, target, safe=safe).named(value.name)
    if isinstance(constant, str) and target.name in _DECIMALS and re.fullmatch(_DECIMAL, constant.strip()):
        decimal = literals.EXACT.create_decimal(constant.strip())
        exact = literals.literal(decimal, literals.value_type(decimal))
        return (exact if exact.type == target else to_number(exact, target, safe=safe)).named(value.name)
    text = f"trim({value.sql})"
    wrong = no_number(text, source, target, safe=safe)
    if target.name == "bit":
        sql = _bit_from_text(text, wrong)
    else:
        pattern = _PATTERNS.get(target.name, _WHOLE)
        number = f"regexp_replace({text}, '[^0-9.+-]', '', 'g')" if target.name in _MONEY_RANGES else text
        stored = duckdb_type(target)
        before = "" if target.name in _DECIMALS else f"WHEN {text} = '' THEN CAST(0 AS {stored}) "
        before += f"WHEN NOT regexp_full_match({text}, '{pattern}') THEN {wrong} "
        sql = _checked(number, target, before, too_large(text, source, target, safe=safe))
    return Bound(sql, target, value.nullable or safe, value.name)


def _bit_from_text(text: str, wrong: str) -> str:
    return (
        f"CASE WHEN lower({text}) = 'true' THEN true WHEN lower({text}) IN ('false', '') THEN false "
        f"WHEN regexp_full_match({text}, '{_WHOLE}') THEN regexp_matches({text}, '[1-9]') "
        f"WHEN {text} IS NOT NULL THEN {wrong} END"
    )
