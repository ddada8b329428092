"""Bind scalar expressions and conditions: each kind of node of the tree has one method."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import datatypes, literals, operators, patterns
from sandbox.sqlserver.engine.bound import Bound, BoundQuery, Scope, not_modelled, null
from sandbox.sqlserver.engine.conversion import convert, to_common
from sandbox.sqlserver.engine.types import INT, INTEGER, NUMERIC, TEXT
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
_BITWISE: dict[type[exp.Expr], str] = {exp.BitwiseAnd: "&", exp.BitwiseOr: "|", exp.BitwiseXor: "^"}


def bind_expression(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    """Bind a scalar expression.

    Raises:
        SqlServerError: names that mean nothing, types that do not go together, T-SQL not modelled.
    """
    if scope.group_keys is not None:
        key = scope.group_keys.get(group_text(binder, node, scope))
        if key is not None:
            return key
    if isinstance(node, tuple(_ARITHMETIC)):
        left = bind_expression(binder, node.this, scope)
        right = bind_expression(binder, node.expression, scope)
        return operators.arithmetic(left, _ARITHMETIC[type(node)], right)
    if isinstance(node, tuple(_BITWISE)):
        left = bind_expression(binder, node.this, scope)
        right = bind_expression(binder, node.expression, scope)
        return operators.bitwise(left, _BITWISE[type(node)], right)
    method = _NODES.get(type(node))
    if method is None:
        raise not_modelled(f"{type(node).__name__} in {node.sql(dialect='tsql')[:80]}")
    return method(binder, node, scope)


def group_text(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    """What tells one GROUP BY expression from another: the column found, or the text."""
    if isinstance(node, exp.Column):
        return binder.column(node, Scope(scope.sources, scope.parent)).sql
    return node.sql(dialect="tsql").lower()


def bind_condition(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    """Bind a search condition to a DuckDB condition.

    Raises:
        SqlServerError: 4145 where an expression stands in place of a condition.
    """
    if isinstance(node, tuple(_COMPARISONS)):
        return _comparison(binder, node, scope)
    method = _CONDITIONS.get(type(node))
    if method is None:
        raise SqlServerError(
            4145,
            "An expression of non-boolean type specified in a context where a condition is expected, near "
            f"'{node.sql(dialect='tsql')[:40]}'.",
            severity=15,
        )
    return method(binder, node, scope)


# --- expressions


def _literal(_binder: Binder, node: exp.Expr, _scope: Scope) -> Bound:
    text = str(node.this)
    if node.args.get("is_string"):
        return literals.literal(
            text, SqlType("varchar", length=max(1, len(text)) if len(text) <= 8000 else -1)
        )
    if "e" in text.lower():
        return literals.literal(literals.read_float(text), SqlType("float", precision=53))
    if "." not in text and -(2**31) <= int(text) < 2**31:
        return literals.literal(int(text), INT)
    number = literals.EXACT.create_decimal(text)
    scale = len(text.partition(".")[2])
    digits = text.partition(".")[0].lstrip("0")
    precision = max(1, len(digits) + scale)
    if precision > 38:
        raise SqlServerError(
            1007, f"The number '{text}' is out of the range for numeric representation.", severity=15
        )
    return literals.literal(number, SqlType("decimal", precision=precision, scale=scale))


def _national(_binder: Binder, node: exp.Expr, _scope: Scope) -> Bound:
    text = str(node.this)
    return literals.literal(text, SqlType("nvarchar", length=max(1, len(text)) if len(text) <= 4000 else -1))


def _hex(_binder: Binder, node: exp.Expr, _scope: Scope) -> Bound:
    digits = str(node.this)
    value = bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    length = len(value) if 0 < len(value) <= 8000 else (-1 if value else 1)
    return literals.literal(value, SqlType("varbinary", length=length))


def _null(_binder: Binder, _node: exp.Expr, _scope: Scope) -> Bound:
    return null()


def _parameter(binder: Binder, node: exp.Expr, _scope: Scope) -> Bound:
    if isinstance(node.this, exp.Parameter):
        return binder.environment.global_variable(node.this.this.name.lower())
    return binder.environment.variable(node.this.name.lower())


def _column(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    if not isinstance(node, exp.Column):
        raise not_modelled(node.sql(dialect="tsql"))
    if node.name.lower() == "0x" and not node.table:
        return literals.literal(b"", SqlType("varbinary", length=1))  # sqlglot takes it for a name
    bound = binder.column(node, scope)
    if scope.group_keys is not None and not scope.in_aggregate and bound.sql in binder.ungrouped(scope):
        raise SqlServerError(
            8120,
            f"Column '{node.sql(dialect='tsql')}' is invalid in the select list because it is not "
            "contained in "
            "either an aggregate function or the GROUP BY clause.",
        )
    return bound


def _paren(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    inner = bind_expression(binder, node.this, scope)
    return (
        inner
        if inner.is_constant
        else Bound(f"({inner.sql})", inner.type, inner.nullable, inner.name, inner.collation)
    )


def _negative(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    inner = node.this
    if isinstance(inner, exp.Literal) and inner.this == "2147483648":
        return literals.literal(-(2**31), INT)
    return operators.negate(bind_expression(binder, inner, scope))


def _bitwise_not(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    value = bind_expression(binder, node.this, scope)
    if value.type.name == "bit":
        return value.typed(f"(NOT {value.sql})", value.type)
    if value.type.name not in INTEGER:
        raise not_modelled(f"operator ~ on {value.type.name}")
    return value.typed(f"(~{value.sql})", value.type)


def _cast(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    value = bind_expression(binder, node.this, scope)
    return convert(value, datatypes.cast_type(node.args["to"]), safe=isinstance(node, exp.TryCast)).named("")


def _convert(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    value = bind_expression(binder, node.args["expression"], scope)
    style = None
    if node.args.get("style") is not None:
        bound = bind_expression(binder, node.args["style"], scope)
        if not isinstance(bound.constant, int):
            raise not_modelled("CONVERT with a style that is no constant")
        style = bound.constant
    target = datatypes.cast_type(node.this)
    return convert(value, target, style, safe=bool(node.args.get("safe"))).named("")


def _collate(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    value = bind_expression(binder, node.this, scope)
    name = node.args["expression"].name
    if value.type.name not in TEXT:
        raise SqlServerError(447, f"Expression type {value.type.name} is invalid for COLLATE clause.")
    if name.lower() == "database_default":
        return Bound(value.sql, value.type, value.nullable, value.name, None)
    return Bound(
        value.sql, value.type, value.nullable, value.name, datatypes.collation(name), constant=value.constant
    )


def _case(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    subject = node.args.get("this")
    conditions: list[str] = []
    values: list[Bound] = []
    operand = bind_expression(binder, subject, scope) if subject is not None else None
    for branch in node.args["ifs"]:
        if operand is None:
            conditions.append(bind_condition(binder, branch.this, scope))
        else:
            conditions.append(operators.compare(operand, "=", bind_expression(binder, branch.this, scope)))
        values.append(bind_expression(binder, branch.args["true"], scope))
    otherwise = node.args.get("default")
    values.append(bind_expression(binder, otherwise, scope) if otherwise is not None else null())
    return choose(conditions, values)


def choose(conditions: list[str], values: list[Bound]) -> Bound:
    """CASE from conditions and one more value than conditions."""
    values, target = to_common(values)
    if target.name == "null":
        raise SqlServerError(
            8133,
            "At least one of the result expressions in a CASE specification must be an expression other "
            "than the NULL constant.",
        )
    whens = " ".join(
        f"WHEN {condition} THEN {value.sql}" for condition, value in zip(conditions, values, strict=False)
    )
    nullable = any(value.nullable for value in values)
    collation = next((value.collation for value in values if value.collation), None)
    return Bound(f"CASE {whens} ELSE {values[-1].sql} END", target, nullable, collation=collation)


def _subquery(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    query: BoundQuery = binder.query(node.this if isinstance(node, exp.Subquery) else node, scope.child())
    if len(query.columns) != 1:
        raise SqlServerError(
            116,
            "Only one expression can be specified in the select list when the subquery is not introduced "
            "with EXISTS.",
        )
    column = query.columns[0]
    return Bound(f"({query.sql})", column.type, collation=column.collation)


def _at_time_zone(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    from sandbox.sqlserver.engine.functions import timezones

    value = bind_expression(binder, node.this, scope)
    return timezones.at_time_zone(value, bind_expression(binder, node.args["zone"], scope))


def _anonymous(binder: Binder, node: exp.Expr, scope: Scope) -> Bound:
    return binder.function(node, scope)


def _dot(binder: Binder, node: exp.Dot, scope: Scope) -> Bound:
    return binder.qualified_function(node, scope)


def _window(binder: Binder, node: exp.Window, scope: Scope) -> Bound:
    return binder.window(node, scope)


_NODES: dict[type[exp.Expr], Callable[[Any, Any, Scope], Bound]] = {
    exp.Literal: _literal,
    exp.National: _national,
    exp.HexString: _hex,
    exp.Null: _null,
    exp.Parameter: _parameter,
    exp.SessionParameter: _parameter,
    exp.Column: _column,
    exp.Paren: _paren,
    exp.Neg: _negative,
    exp.BitwiseNot: _bitwise_not,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Convert: _convert,
    exp.Collate: _collate,
    exp.Case: _case,
    exp.Subquery: _subquery,
    exp.Select: _subquery,
    exp.AtTimeZone: _at_time_zone,
    exp.Anonymous: _anonymous,
    exp.Dot: _dot,
    exp.Window: _window,
    exp.WithinGroup: _anonymous,
}


# --- conditions


def _comparison(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    if isinstance(node.args["expression"], exp.Any | exp.All):
        raise not_modelled("comparison with ANY, SOME or ALL")
    left = bind_expression(binder, node.this, scope)
    right = bind_expression(binder, node.args["expression"], scope)
    return operators.compare(left, _COMPARISONS[type(node)], right)


def _connected(word: str) -> Callable[[Any, Any, Scope], str]:
    def bind(binder: Binder, node: exp.Expr, scope: Scope) -> str:
        left = bind_condition(binder, node.this, scope)
        return f"({left} {word} {bind_condition(binder, node.args['expression'], scope)})"

    return bind


def _not(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    return f"(NOT {bind_condition(binder, node.this, scope)})"


def _condition_paren(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    return f"({bind_condition(binder, node.this, scope)})"


def _is_null(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    if not isinstance(node.args["expression"], exp.Null):
        raise not_modelled(node.sql(dialect="tsql"))
    return f"({bind_expression(binder, node.this, scope).sql} IS NULL)"


def _in(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    value = bind_expression(binder, node.this, scope)
    query = node.args.get("query")
    if query is not None:
        inner = query.this if isinstance(query, exp.Subquery) else query
        bound = binder.query(inner, scope.child())
        if len(bound.columns) != 1:
            raise SqlServerError(
                116,
                "Only one expression can be specified in the select list when the subquery "
                "is not introduced with EXISTS.",
            )
        found = Bound(f'"q"."{bound.names[0]}"', bound.columns[0].type, collation=bound.columns[0].collation)
        left, right = _alike(value, found)
        return (
            f"({operators.order_key(left)} IN (SELECT {operators.order_key(right)} FROM "
            f'({bound.sql}) AS "q"))'
        )
    tests = [operators.compare(value, "=", bind_expression(binder, item, scope)) for item in node.expressions]
    return "(" + " OR ".join(tests) + ")"


def _alike(left: Bound, right: Bound) -> tuple[Bound, Bound]:
    if {left.type.name, right.type.name} <= TEXT or {left.type.name, right.type.name} <= NUMERIC - {"bit"}:
        return left, right
    (left, right), _type = to_common([left, right])
    return left, right


def _between(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    value = bind_expression(binder, node.this, scope)
    low = bind_expression(binder, node.args["low"], scope)
    high = bind_expression(binder, node.args["high"], scope)
    return f"({operators.compare(value, '>=', low)} AND {operators.compare(value, '<=', high)})"


def _exists(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    inner = node.this
    query = binder.query(inner.this if isinstance(inner, exp.Subquery) else inner, scope.child())
    return f"EXISTS ({query.sql})"


def _like(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    escape = None
    if isinstance(node, exp.Escape):
        escape = node.args["expression"].name
        node = node.this
    value = bind_expression(binder, node.this, scope)
    pattern = bind_expression(binder, node.args["expression"], scope)
    test = patterns.like(value, pattern, escape)
    return f"(NOT {test})" if node.args.get("negate") else test


_CONDITIONS: dict[type[exp.Expr], Callable[[Any, Any, Scope], str]] = {
    exp.And: _connected("AND"),
    exp.Or: _connected("OR"),
    exp.Not: _not,
    exp.Paren: _condition_paren,
    exp.Is: _is_null,
    exp.In: _in,
    exp.Between: _between,
    exp.Exists: _exists,
    exp.Like: _like,
    exp.Escape: _like,
}
