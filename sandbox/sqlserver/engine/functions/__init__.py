"""The built-in functions: found by name here, one module for each family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.sqlserver.engine.aggregates import AGGREGATES, aggregate, string_agg
from sandbox.sqlserver.engine.bound import Bound, Scope, not_modelled
from sandbox.sqlserver.engine.functions import binaries, logic, moments, numbers, texts, variants
from sandbox.sqlserver.engine.functions.signature import Function
from sandbox.sqlserver.engine.windows import order_keys
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

FUNCTIONS: dict[str, Function] = {
    **texts.FUNCTIONS,
    **numbers.FUNCTIONS,
    **moments.FUNCTIONS,
    **logic.FUNCTIONS,
    **binaries.FUNCTIONS,
    **variants.FUNCTIONS,
}


def bind_function(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    """Bind a call of a built-in function.

    Raises:
        SqlServerError: 195 no such function, 174 a wrong number of arguments.
    """
    order = None
    if isinstance(node, exp.WithinGroup):
        order, node = node.expression, node.this
    name = str(node.this).upper()
    if name in AGGREGATES:
        return _aggregate(binder, name, node, order, scope)
    special = logic.WITH_CONDITIONS.get(name) or moments.WITH_DATEPART.get(name)
    if special is not None:
        return special(binder, node.expressions, scope)
    arguments = [binder.expression(item, scope) for item in node.expressions]
    variants.check_arguments(name, arguments)
    function = FUNCTIONS.get(name)
    if function is not None:
        return function.bind(name, binder, arguments)
    found = binder.environment.session_function(name, arguments)
    if found is None:
        raise SqlServerError(195, f"'{name}' is not a built-in function name that the stand-in models.")
    return found


def without_parentheses(binder: Binder, name: str) -> Bound | None:
    """CURRENT_TIMESTAMP, CURRENT_USER and alike, which are called without parentheses."""
    upper = name.upper()
    if upper == "CURRENT_TIMESTAMP":
        return FUNCTIONS["GETDATE"].bind("GETDATE", binder, [])
    if upper in ("CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER"):
        return binder.environment.session_function(upper, [])
    return None


def _aggregate(binder: Binder, name: str, node: exp.Expr, order: exp.Expr | None, scope: Scope) -> Bound:
    if scope.in_aggregate:
        raise SqlServerError(
            130,
            "Cannot perform an aggregate function on an expression containing an aggregate or a subquery.",
        )
    inner = scope.beside()
    items = node.expressions
    distinct = bool(items) and isinstance(items[0], exp.Distinct)
    if distinct:
        items = items[0].expressions
    if name == "STRING_AGG":
        keys = f" ORDER BY {order_keys(binder, order, inner)}" if isinstance(order, exp.Order) else ""
        if len(items) != 2:
            raise SqlServerError(174, "The STRING_AGG function requires 2 argument(s).", severity=15)
        return string_agg(binder.expression(items[0], inner), binder.expression(items[1], inner), keys)
    if len(items) != 1 or order is not None:
        raise not_modelled(node.sql(dialect="tsql"))
    argument = None if isinstance(items[0], exp.Star) else binder.expression(items[0], inner)
    return aggregate(name, argument, distinct=distinct)
