"""Functions that choose: IIF, CHOOSE, COALESCE, ISNULL, NULLIF, GREATEST, LEAST."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.sqlserver.engine import operators
from sandbox.sqlserver.engine.bound import Bound, Scope, null
from sandbox.sqlserver.engine.conversion import convert, to_common
from sandbox.sqlserver.engine.expressions import choose
from sandbox.sqlserver.engine.functions.signature import MANY, Function, simple
from sandbox.sqlserver.engine.types import INT
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder


def _iif(binder: Binder, nodes: list[exp.Expr], scope: Scope) -> Bound:
    if len(nodes) != 3:
        raise SqlServerError(174, "The iif function requires 3 argument(s).", severity=15)
    condition = binder.condition(nodes[0], scope)
    return choose([condition], [binder.expression(node, scope) for node in nodes[1:]])


def _choose(index: Bound, *values: Bound) -> Bound:
    number = convert(index, INT).sql
    conditions = [f"{number} = {position}" for position in range(1, len(values) + 1)]
    return choose(conditions, [*values, null()])


def _coalesce(*values: Bound) -> Bound:
    converted, target = to_common(list(values))
    if target.name == "null":
        raise SqlServerError(
            4127,
            "At least one of the arguments to COALESCE must be an expression that is not the NULL constant.",
        )
    inner = ", ".join(value.sql for value in converted)
    collation = next((value.collation for value in values if value.collation), None)
    return Bound(f"coalesce({inner})", target, all(value.nullable for value in values), collation=collation)


def _isnull(value: Bound, other: Bound) -> Bound:
    """ISNULL takes the type of its first argument, so a longer replacement is cut."""
    target = other.type if value.type.name == "null" else value.type
    value, other = convert(value, target), convert(other, target)
    return Bound(
        f"coalesce({value.sql}, {other.sql})",
        target,
        value.nullable and other.nullable,
        collation=value.collation,
    )


def _nullif(value: Bound, other: Bound) -> Bound:
    condition = operators.compare(value, "=", other)
    return Bound(
        f"CASE WHEN {condition} THEN NULL ELSE {value.sql} END", value.type, collation=value.collation
    )


def _extreme(operator: str) -> Function:
    def call(*values: Bound) -> Bound:
        converted, target = to_common(list(values))
        best = converted[0]
        for value in converted[1:]:
            better = operators.compare(value, operator, best)
            sql = f"CASE WHEN {best.sql} IS NULL OR {better} THEN {value.sql} ELSE {best.sql} END"
            sql = f"CASE WHEN {value.sql} IS NULL THEN {best.sql} ELSE {sql} END"
            best = Bound(sql, target)
        return best

    return simple(call, 1, MANY)


WITH_CONDITIONS: dict[str, Callable[[Binder, list[exp.Expr], Scope], Bound]] = {"IIF": _iif}
FUNCTIONS: dict[str, Function] = {
    "CHOOSE": simple(_choose, 2, MANY),
    "COALESCE": simple(_coalesce, 2, MANY),
    "ISNULL": simple(_isnull, 2),
    "NULLIF": simple(_nullif, 2),
    "GREATEST": _extreme(">"),
    "LEAST": _extreme("<"),
}
