"""Conversions to numbers."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from sandbox.sqlserver.engine import literals
from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.conversion.errors import fail, refused
from sandbox.sqlserver.engine.types import APPROXIMATE, BINARY, INT, INTEGER, NUMERIC, TEXT, duckdb_type
from sandbox.sqlserver.results import SqlType


def to_number(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    """Convert to a numeric type."""
    source, sql = value.type, value.sql
    cast = "TRY_CAST" if safe else "CAST"
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
    if target.name in INTEGER and source.name in APPROXIMATE | {"decimal", "numeric"}:
        sql = f"trunc({sql})"
    if source.name in APPROXIMATE and target.name in ("decimal", "numeric"):
        sql = f"CAST({sql} AS DOUBLE)"
    result = Bound(f"{cast}({sql} AS {stored})", target, value.nullable or safe, value.name)
    if (
        isinstance(value.constant, int | Decimal)
        and not isinstance(value.constant, bool)
        and target.name in INTEGER
    ):
        whole = int(value.constant)
        bits = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1)}
        low, high = bits.get(target.name, (-(2**63), 2**63 - 1))
        if low <= whole <= high:
            return literals.literal(whole, target).named(value.name)
    return result


def _number_from_text(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    source, cast, stored = value.type, "TRY_CAST" if safe else "CAST", duckdb_type(target)
    text = f"trim({value.sql})"
    shown = f"Conversion failed when converting the {source.name} value"
    if target.name in INTEGER:
        wrong = (
            "NULL" if safe else f"error('[[245]] {shown} ''' || {text} || ''' to data type {target.name}.')"
        )
        sql = (
            f"CASE WHEN {text} = '' THEN CAST(0 AS {stored}) WHEN regexp_full_match({text}, '[+-]?[0-9]+') "
            f"THEN {cast}({text} AS {stored}) ELSE {wrong} END"
        )
        if isinstance(value.constant, str) and re.fullmatch(r"\s*[+-]?\d{1,9}\s*", value.constant):
            return to_number(literals.literal(int(value.constant), INT), target, safe=safe).named(value.name)
    elif target.name == "bit":
        wrong = "NULL" if safe else f"error('[[245]] {shown} ''' || {text} || ''' to data type bit.')"
        sql = (
            f"CASE WHEN lower({text}) IN ('true', '1') THEN true WHEN lower({text}) IN ('false', "
            "'0', '') THEN false "
            f"WHEN regexp_full_match({text}, '[+-]?[0-9]+') THEN true ELSE {wrong} END"
        )
    elif target.name in APPROXIMATE:
        sql = f"{cast}({text} AS {stored})"
    else:
        pattern = "[+-]?[$]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
        wrong = fail(8114, f"Error converting data type {source.name} to {target.name}.", safe=safe)
        number = f"replace({text}, '$', '')" if "money" in target.name else text
        sql = (
            f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN {cast}({number} AS "
            f"{stored}) ELSE {wrong} END"
        )
        if isinstance(value.constant, str):
            try:
                return _of_decimal(value.constant.strip(), target, safe=safe).named(value.name)
            except InvalidOperation:
                pass
    return Bound(sql, target, value.nullable or safe, value.name)


def _of_decimal(text: str, target: SqlType, *, safe: bool) -> Bound:
    number = literals.EXACT.create_decimal(text.replace("$", ""))
    if not number.is_finite() or "e" in text.lower():
        raise InvalidOperation
    exact = literals.literal(number, literals.value_type(number))
    return exact if exact.type == target else to_number(exact, target, safe=safe)
