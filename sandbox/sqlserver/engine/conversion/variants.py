"""Conversions into sql_variant, and out of it: one for each base type that a value may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.sqlserver.engine.bound import Bound, not_modelled, string
from sandbox.sqlserver.engine.conversion.errors import fail
from sandbox.sqlserver.engine.literals import literal, variant_sql
from sandbox.sqlserver.engine.model import DEFAULT_COLLATION
from sandbox.sqlserver.engine.temporal import stored, ticks_of
from sandbox.sqlserver.engine.types import (
    APPROXIMATE,
    INTEGER,
    TEMPORAL,
    TEXT,
    VARIANT,
    decimal,
    display,
    duckdb_type,
)
from sandbox.sqlserver.results import SqlServerError, SqlType
from sandbox.sqlserver.variants import OFFERED, Variant, may_hold, variant_of

Convert = Callable[[Bound, SqlType], Bound]
_SCALED = ("time", "datetime2", "datetimeoffset")
_LENGTHY = {
    **dict.fromkeys(("char", "varchar", "binary", "varbinary"), 8000),
    **dict.fromkeys(("nchar", "nvarchar"), 4000),
}


def to_variant(value: Bound) -> Bound:
    """A value of a base type, which it keeps.

    Raises:
        SqlServerError: 529 a sql_variant cannot hold the type.
    """
    if not may_hold(value.type):
        told = f"Explicit conversion from data type {display(value.type)} to sql_variant is not allowed."
        raise SqlServerError(529, told)
    if value.collation is not None and value.collation.lower() != DEFAULT_COLLATION.lower():
        raise not_modelled(f"a sql_variant of text with the collation {value.collation}")
    if value.is_constant and value.type.name not in TEMPORAL:
        return literal(variant_of(value.constant, value.type), VARIANT).named(value.name)
    made = variant_sql(value.type, _text(value))
    sql = f"CASE WHEN {value.sql} IS NOT NULL THEN {made} ELSE CAST(NULL AS {duckdb_type(VARIANT)}) END"
    return Bound(sql if value.nullable else made, VARIANT, value.nullable, value.name)


def _text(value: Bound) -> str:
    """The value's text, as `sandbox.sqlserver.variants` says."""
    name, sql = value.type.name, value.sql
    if name in TEXT:
        return sql
    if name == "bit":
        return f"CASE WHEN {sql} THEN '1' ELSE '0' END"
    if name in ("binary", "varbinary"):
        return f"hex({sql})"
    if name == "uniqueidentifier":
        return f"upper(CAST({sql} AS VARCHAR))"
    if name == "datetimeoffset":
        return f"(CAST(({sql}).utc AS VARCHAR) || ' ' || CAST(({sql}).offset_minutes AS VARCHAR))"
    return f"CAST({ticks_of(sql, value.type) if name in TEMPORAL else sql} AS VARCHAR)"


def from_variant(value: Bound, target: SqlType, convert: Convert, *, safe: bool) -> Bound:
    """The value of a sql_variant, converted from its own base type by `convert`."""
    if isinstance(value.constant, Variant):
        base = value.constant.base
        return convert(_value(string(value.constant.text), base), target).named(value.name)
    # A lambda computes the sql_variant once, however many base types are asked for.
    branches = " ".join(_branches(target, convert, safe=safe))
    sql = f"list_transform([{value.sql}], lambda __variant: CASE {branches} END)[1]"
    return Bound(sql, target, value.nullable or safe, value.name)


def _branches(target: SqlType, convert: Convert, *, safe: bool) -> Iterator[str]:
    for name in sorted(OFFERED):
        for base in _bases(name, target):
            condition = f"__variant.name = '{name}'"
            if len(_bases(name, target)) > 1:
                condition += f" AND __variant.scale = {base.scale}"
            try:
                result = convert(_value("__variant.text", base, target), target).sql
            except SqlServerError as error:
                result = fail(error.number, error.text, safe=safe)
            yield f"WHEN {condition} THEN {result}"


def _bases(name: str, target: SqlType) -> list[SqlType]:
    """The types of a name that convert to the target differently: texts show a moment's scale."""
    if name in _SCALED:
        scales = range(8) if target.name in TEXT else [7]
        return [SqlType(name, scale=scale) for scale in scales]
    if name in ("money", "smallmoney"):
        return [SqlType(name, precision=19 if name == "money" else 10, scale=4)]
    if name in ("decimal", "numeric"):
        return [SqlType(name, precision=38)]
    return [SqlType(name, length=_LENGTHY.get(name, 0))]


def _value(text: str, base: SqlType, target: SqlType | None = None) -> Bound:
    """The value of a base type again; a decimal of any scale is told in the form its target needs."""
    name = base.name
    if name in TEXT:
        return Bound(text, base)
    if name in ("binary", "varbinary"):
        return Bound(f"unhex({text})", base)
    if name == "bit":
        return Bound(f"({text} = '1')", base)
    if name == "datetimeoffset":
        utc, minutes = (f"split_part({text}, ' ', {at})" for at in (1, 2))
        stored_as = duckdb_type(base)
        return Bound(f"CAST({{'utc': {utc}, 'offset_minutes': {minutes}}} AS {stored_as})", base)
    if name in TEMPORAL:
        return Bound(stored(f"CAST({text} AS BIGINT)", base), base)
    if name in ("decimal", "numeric") and target is not None:
        return _decimal(text, target)
    return Bound(f"CAST({text} AS {duckdb_type(base)})", base)


def _decimal(text: str, target: SqlType) -> Bound:
    if target.name in INTEGER:
        return Bound(f"CAST(split_part({text}, '.', 1) AS DECIMAL(38,0))", decimal(38, 0))
    if target.name == "bit":
        return Bound(f"CAST(regexp_matches({text}, '[1-9]') AS INTEGER)", SqlType("int", precision=10))
    if target.name in TEXT | APPROXIMATE | {"decimal", "numeric", "money", "smallmoney"}:
        return Bound(text, SqlType("varchar", length=41))
    return Bound(text, SqlType("decimal", precision=38))
