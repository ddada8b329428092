"""Aggregate functions: which they are, their result types and their DuckDB forms."""

from __future__ import annotations

from sqlglot import exp

from sandbox.sqlserver.engine import operators
from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.conversion import convert, fail
from sandbox.sqlserver.engine.types import (
    APPROXIMATE,
    BIGINT,
    FIXED,
    FLOAT,
    INT,
    INTEGER,
    KEYED,
    MAX,
    NUMERIC,
    TEXT,
    UNICODE,
    as_decimal,
    decimal,
    duckdb_type,
)
from sandbox.sqlserver.results import SqlServerError, SqlType

AGGREGATES = {
    "COUNT",
    "COUNT_BIG",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "STRING_AGG",
    "STDEV",
    "STDEVP",
    "VAR",
    "VARP",
    "CHECKSUM_AGG",
    "APPROX_COUNT_DISTINCT",
    "GROUPING",
}


def has_aggregate(node: exp.Expr) -> bool:
    """Whether an aggregate stands in the expression itself: not in a subquery, not as a window function."""
    if isinstance(node, exp.Window):
        inner = node.this
        parts = [*inner.expressions, *(node.args.get("partition_by") or [])]
        order = node.args.get("order")
        parts += [item.this for item in order.expressions] if order is not None else []
        return any(has_aggregate(part) for part in parts)
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Anonymous) and str(node.this).upper() in AGGREGATES:
        return True
    return any(has_aggregate(child) for child in node.iter_expressions())


def aggregate(name: str, argument: Bound | None, *, distinct: bool = False, over: str = "") -> Bound:
    """An aggregate call; `argument` None means COUNT(*), `over` is a bound OVER clause.

    Raises:
        SqlServerError: 8117 where the type has no such aggregate.
    """
    unique = "DISTINCT " if distinct else ""
    if name in ("COUNT", "COUNT_BIG"):
        inner = (
            "*"
            if argument is None
            else f"{unique}{operators.order_key(argument) if distinct else argument.sql}"
        )
        counted = f"count({inner}){over}"
        if name == "COUNT":
            return Bound(f"CAST({counted} AS INTEGER)", INT, nullable=False)
        return Bound(counted, BIGINT, nullable=False)
    if argument is None:
        raise SqlServerError(102, "Incorrect syntax near '*'.", severity=15)
    if name in ("MIN", "MAX"):
        return _extreme(name, argument, over)
    if argument.type.name not in NUMERIC - {"bit"}:
        raise SqlServerError(
            8117, f"Operand data type {argument.type.name} is invalid for {name.lower()} operator."
        )
    if name in ("SUM", "AVG"):
        return _total(name, argument, unique, over)
    statistic = {"STDEV": "stddev_samp", "STDEVP": "stddev_pop", "VAR": "var_samp", "VARP": "var_pop"}.get(
        name
    )
    if statistic is None:
        raise not_modelled(f"aggregate {name}")
    return Bound(f"{statistic}({unique}CAST({argument.sql} AS DOUBLE)){over}", FLOAT)


def _extreme(name: str, argument: Bound, over: str) -> Bound:
    word = name.lower()
    kind = argument.type
    if kind.name in KEYED:
        key = operators.order_key(argument)
        return Bound(f"arg_{word}({argument.sql}, {key}){over}", kind, collation=argument.collation)
    if kind.name == "bit":
        raise SqlServerError(8117, f"Operand data type bit is invalid for {word} operator.")
    return Bound(f"{word}({argument.sql}){over}", kind)


def _total(name: str, argument: Bound, unique: str, over: str) -> Bound:
    """Sums of whole numbers overflow at int or bigint; of decimals at 38 digits."""
    kind = argument.type
    if kind.name in APPROXIMATE:
        total = f"{name.lower()}({unique}CAST({argument.sql} AS DOUBLE)){over}"
        return Bound(f"tsql_finite({total})", FLOAT)
    if "money" in kind.name:
        result = FIXED["money"]
    elif kind.name in INTEGER:
        result = BIGINT if kind.name == "bigint" else INT
    else:
        result = SqlType("decimal", precision=38, scale=kind.scale if name == "SUM" else max(kind.scale, 6))
    stored = duckdb_type(result)
    total = f"sum({unique}{argument.sql}){over}"
    if name == "SUM":
        summed = operators.money(total, result) if result.name == "money" else f"CAST({total} AS {stored})"
        return Bound(summed, result)
    count = f"count({unique}{argument.sql}){over}"
    if kind.name in INTEGER:
        return Bound(f"CAST(CASE WHEN {count} = 0 THEN NULL ELSE {total} // {count} END AS {stored})", result)
    exact = as_decimal(kind)
    scaled = Bound(f"CAST({total} AS DECIMAL(38,{exact.scale}))", decimal(38, exact.scale))
    digits = 10 ** max(0, result.scale - exact.scale)
    whole = f"CAST({scaled.sql} * {10**exact.scale} AS HUGEINT) * {digits} // {count}"
    unit = f"0.{'0' * (result.scale - 1)}1"
    return Bound(
        f"CASE WHEN {count} = 0 THEN NULL ELSE CAST(CAST({whole} AS HUGEINT) * {unit} AS {stored}) END",
        result,
    )


def string_agg(value: Bound, separator: Bound, order: str) -> Bound:
    """STRING_AGG(value, separator) WITHIN GROUP (ORDER BY …)."""
    if value.type.name not in TEXT:
        value = convert(value, SqlType("nvarchar", length=4000))
    unicode = value.type.name in UNICODE
    most = MAX if value.type.length == MAX else (4000 if unicode else 8000)
    sql = f"string_agg({value.sql}, {separator.sql}{order})"
    if most != MAX:
        over = fail(
            9829,
            "STRING_AGG aggregation result exceeded the limit of 8000 bytes. Use LOB types to avoid "
            "result truncation.",
        )
        sql = f"CASE WHEN length({sql}) > {most} THEN {over} ELSE {sql} END"
    return Bound(sql, SqlType("nvarchar" if unicode else "varchar", length=most))
