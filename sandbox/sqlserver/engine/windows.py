"""Window functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.sqlserver.engine import operators
from sandbox.sqlserver.engine.aggregates import AGGREGATES, aggregate
from sandbox.sqlserver.engine.bound import Bound, Scope, not_modelled
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.types import BIGINT, FLOAT
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

_RANKING = {"ROW_NUMBER": "row_number", "RANK": "rank", "DENSE_RANK": "dense_rank", "NTILE": "ntile"}
_SHARES = {"PERCENT_RANK": "percent_rank", "CUME_DIST": "cume_dist"}
_VALUES = {"LAG": "lag", "LEAD": "lead", "FIRST_VALUE": "first_value", "LAST_VALUE": "last_value"}


def bind_window(binder: Binder, node: exp.Window, scope: Scope) -> Bound:
    """Bind `function(…) OVER (PARTITION BY … ORDER BY … frame)`."""
    call = node.this
    if not isinstance(call, exp.Anonymous):
        raise not_modelled(f"window function {call.sql(dialect='tsql')[:40]}")
    name = str(call.this).upper()
    over = f" OVER ({_definition(binder, node, scope)})"
    arguments = call.expressions
    if name in _RANKING:
        if node.args.get("order") is None:
            raise SqlServerError(4112, f"The function '{name}' must have an OVER clause with ORDER BY.")
        inner = ", ".join(binder.expression(item, scope).sql for item in arguments)
        return Bound(f"{_RANKING[name]}({inner}){over}", BIGINT, nullable=False)
    if name in _SHARES:
        return Bound(f"{_SHARES[name]}(){over}", FLOAT, nullable=False)
    if name in _VALUES:
        return _value(binder, name, arguments, over, scope)
    if name in AGGREGATES and name != "STRING_AGG":
        star = len(arguments) == 1 and isinstance(arguments[0], exp.Star)
        argument = None if star or not arguments else binder.expression(arguments[0], scope)
        return aggregate(name, argument, over=over)
    raise not_modelled(f"window function {name}")


def _value(binder: Binder, name: str, nodes: list[exp.Expr], over: str, scope: Scope) -> Bound:
    first, *rest = [binder.expression(item, scope) for item in nodes]
    if len(rest) == 2:
        rest[1] = convert(rest[1], first.type)
    inner = ", ".join(value.sql for value in (first, *rest))
    return Bound(f"{_VALUES[name]}({inner}){over}", first.type, collation=first.collation)


def _definition(binder: Binder, node: exp.Window, scope: Scope) -> str:
    parts: list[str] = []
    if node.args.get("partition_by"):
        keys = [operators.order_key(binder.expression(item, scope)) for item in node.args["partition_by"]]
        parts.append(f"PARTITION BY {', '.join(keys)}")
    order = node.args.get("order")
    if order is not None:
        parts.append(f"ORDER BY {order_keys(binder, order, scope)}")
    frame = node.args.get("spec")
    if frame is not None:
        parts.append(_frame(frame))
    return " ".join(parts)


def order_keys(binder: Binder, order: exp.Order, scope: Scope) -> str:
    """The keys of an ORDER BY inside OVER or WITHIN GROUP: NULLs are the lowest values."""
    keys = []
    for item in order.expressions:
        value = (
            Bound("NULL", BIGINT)
            if isinstance(item.this, exp.Subquery)
            else binder.expression(item.this, scope)
        )
        direction = "DESC NULLS LAST" if item.args.get("desc") else "ASC NULLS FIRST"
        keys.append(f"{operators.order_key(value)} {direction}")
    return ", ".join(keys)


def _frame(frame: exp.WindowSpec) -> str:
    def edge(which: str) -> str:
        value = frame.args.get(which)
        if isinstance(value, exp.Expr):
            value = value.name
        return f"{value} {frame.args.get(f'{which}_side') or ''}".strip()

    if frame.args.get("end") is None:
        return f"{frame.args['kind']} BETWEEN {edge('start')} AND CURRENT ROW"
    return f"{frame.args['kind']} BETWEEN {edge('start')} AND {edge('end')}"
