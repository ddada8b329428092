"""Bind SELECT, UNION, VALUES and common table expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.sqlserver.engine import operators, sources
from sandbox.sqlserver.engine.aggregates import has_aggregate
from sandbox.sqlserver.engine.bound import (
    NOT_CONSTANT,
    Bound,
    BoundQuery,
    Scope,
    not_modelled,
    quote,
    usable,
)
from sandbox.sqlserver.engine.conversion import common_type, convert
from sandbox.sqlserver.engine.expressions import group_text
from sandbox.sqlserver.engine.names import renamed_columns
from sandbox.sqlserver.engine.types import KEYED
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

_KNOWN = {
    "expressions",
    "from_",
    "joins",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "distinct",
    "with_",
    "options",
    "hint",
    "kind",
    "operation_modifiers",
}


def bind_query(binder: Binder, node: exp.Expr, scope: Scope) -> BoundQuery:
    """Bind a query of any form.

    Raises:
        SqlServerError: whatever binding its parts raises, or a clause that is not modelled.
    """
    prefix = ""
    if node.args.get("with_") is not None:
        scope = Scope(scope.sources, scope.parent, dict(scope.ctes))
        prefix = bind_ctes(binder, node.args["with_"], scope)
    if isinstance(node, exp.Select):
        query = _select(
            binder, node, Scope(parent=scope.parent if not scope.sources else scope, ctes=scope.ctes)
        )
    elif isinstance(node, exp.SetOperation):
        query = _set_operation(binder, node, scope)
    elif isinstance(node, exp.Subquery):
        query = bind_query(binder, node.this, scope)
    elif isinstance(node, exp.Values):
        query = _values(binder, node, scope)
    else:
        raise not_modelled(f"{type(node).__name__} as a query")
    return BoundQuery(prefix + query.sql, query.columns, query.names) if prefix else query


def unique_names(columns: list[Bound]) -> tuple[str, ...]:
    """Names for DuckDB: never empty, none twice in any letter case."""
    names: list[str] = []
    seen: set[str] = set()
    for position, column in enumerate(columns):
        name = column.name or f"_c{position}"
        while name.lower() in seen:
            name = f"{name}_{position}"
        seen.add(name.lower())
        names.append(name)
    return tuple(names)


def bind_ctes(binder: Binder, node: exp.With, scope: Scope) -> str:
    """Bind the CTEs of WITH into `scope`; the clause as DuckDB's SQL."""
    parts: list[str] = []
    recursive = False
    for cte in node.expressions:
        alias = cte.args["alias"]
        name = alias.name
        wanted = [column.name for column in alias.args.get("columns") or []]
        refers_to_itself = any(table.name.lower() == name.lower() for table in cte.this.find_all(exp.Table))
        if refers_to_itself:
            recursive = True
            query = _recursive(binder, cte.this, scope, name, wanted)
        else:
            query = renamed_columns(bind_query(binder, cte.this, scope.child()), wanted)
        scope.ctes[name.lower()] = query
        columns = ", ".join(quote(column) for column in query.names)
        parts.append(f"{quote(name)}({columns}) AS ({query.sql})")
    return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "


def _recursive(binder: Binder, node: exp.Expr, scope: Scope, name: str, wanted: list[str]) -> BoundQuery:
    if not isinstance(node, exp.Union) or node.args.get("distinct"):
        raise SqlServerError(
            252,
            f"Recursive common table expression '{name}' does not contain a top-level UNION ALL operator.",
        )
    anchor = renamed_columns(bind_query(binder, node.this, scope.child()), wanted)
    scope.ctes[name.lower()] = anchor
    step = bind_query(binder, node.args["expression"], scope.child())
    targets = [column.type for column in anchor.columns]
    return BoundQuery(
        f"{_cast_all(anchor, targets)} UNION ALL {_cast_all(step, targets)}", anchor.columns, anchor.names
    )


def _set_operation(binder: Binder, node: exp.SetOperation, scope: Scope) -> BoundQuery:
    left = bind_query(binder, node.this, scope.child())
    right = bind_query(binder, node.args["expression"], scope.child())
    if len(left.columns) != len(right.columns):
        raise SqlServerError(
            205,
            "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of "
            "expressions in their target lists.",
        )
    targets = [common_type([a.type, b.type]) for a, b in zip(left.columns, right.columns, strict=True)]
    columns = [
        Bound(quote(name), kind, a.nullable or b.nullable, a.name, a.collation or b.collation)
        for name, a, b, kind in zip(left.names, left.columns, right.columns, targets, strict=True)
    ]
    word = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}[type(node)]
    sides = f"{_cast_all(left, targets)} {word}"
    if isinstance(node, exp.Union):
        sql = f"{sides} ALL {_cast_all(right, targets)}"
        if node.args.get("distinct"):
            sql = f'SELECT {_distinct(columns)}* FROM ({sql}) AS "u"'
    elif any(kind.name in KEYED for kind in targets):
        raise not_modelled(f"{word} with columns of text (its collation); write it with EXISTS")
    else:
        sql = f"{sides} {_cast_all(right, targets)}"
    query = BoundQuery(sql, tuple(columns), left.names)
    if node.args.get("order") is None and node.args.get("limit") is None and node.args.get("offset") is None:
        return query
    order = _order(binder, node, columns, scope, only_outputs=True)
    tail = order + _limit(binder, node, scope, sql)
    return BoundQuery(f'SELECT * FROM ({sql}) AS "u"{tail}', query.columns, query.names)


def _cast_all(query: BoundQuery, targets: list[SqlType]) -> str:
    if all(column.type == target for column, target in zip(query.columns, targets, strict=True)):
        return f"({query.sql})"
    items = [
        convert(
            Bound(f'"s".{quote(name)}', column.type, column.nullable, constant=_keep_null(column)), target
        ).sql
        + f" AS {quote(name)}"
        for name, column, target in zip(query.names, query.columns, targets, strict=True)
    ]
    return f'(SELECT {", ".join(items)} FROM ({query.sql}) AS "s")'


def _keep_null(column: Bound) -> object:
    return None if column.type.name == "null" else NOT_CONSTANT


def _values(binder: Binder, node: exp.Values, scope: Scope) -> BoundQuery:
    rows = [
        [
            binder.expression(item, scope)
            for item in (row.expressions if isinstance(row, exp.Tuple) else [row])
        ]
        for row in node.expressions
    ]
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise SqlServerError(
            10709, "The number of columns for each row in a table value constructor must be the same."
        )
    targets = [common_type([row[at].type for row in rows]) for at in range(width)]
    lines = [
        "(" + ", ".join(convert(item, target).sql for item, target in zip(row, targets, strict=True)) + ")"
        for row in rows
    ]
    names = [f"_c{at}" for at in range(width)]
    columns = tuple(Bound(quote(n), kind, True, n) for n, kind in zip(names, targets, strict=True))
    alias = node.args.get("alias")
    listed = ", ".join(quote(name) for name in names)
    query = BoundQuery(f'SELECT * FROM (VALUES {", ".join(lines)}) AS "v"({listed})', columns, tuple(names))
    return (
        renamed_columns(query, [c.name for c in alias.args.get("columns") or []])
        if alias is not None
        else query
    )


# --- SELECT


def _select(binder: Binder, node: exp.Select, scope: Scope) -> BoundQuery:
    unknown = [name for name, value in node.args.items() if value and name not in _KNOWN]
    if unknown:
        raise not_modelled(f"SELECT … {', '.join(name.strip('_').upper() for name in unknown)}")
    clause = sources.bind_from(binder, node, scope)
    where = node.args.get("where")
    condition = f" WHERE {binder.condition(where.this, scope)}" if where is not None else ""
    grouping = _group(binder, node, scope)
    columns = _items(binder, node, scope)
    having = node.args.get("having")
    if having is not None:
        grouping += f" HAVING {binder.condition(having.this, scope)}"
    names = unique_names(columns)
    distinct = _distinct(columns) if node.args.get("distinct") is not None else ""
    listed = ", ".join(f"{column.sql} AS {quote(name)}" for column, name in zip(columns, names, strict=True))
    sql = f"SELECT {distinct}{listed}{clause}{condition}{grouping}"
    order = _order(binder, node, columns, scope, only_outputs=bool(distinct))
    return BoundQuery(sql + order + _limit(binder, node, scope, sql), tuple(columns), names)


def _distinct(columns: list[Bound]) -> str:
    if not any(column.type.name in KEYED for column in columns):
        return "DISTINCT "
    return f"DISTINCT ON ({', '.join(operators.order_key(column) for column in columns)}) "


def _group(binder: Binder, node: exp.Select, scope: Scope) -> str:
    group = node.args.get("group")
    if group is None:
        listed = [*node.expressions, *filter(None, [node.args.get("having")])]
        if any(has_aggregate(item) for item in listed):
            scope.group_keys = {}
        return ""
    if any(value for name, value in group.args.items() if name != "expressions"):
        raise not_modelled("GROUP BY with ROLLUP, CUBE, GROUPING SETS or ALL")
    keys: dict[str, Bound] = {}
    sqls: list[str] = []
    for item in group.expressions:
        bound = binder.expression(item, scope)
        key = operators.order_key(bound)
        sqls.append(key)
        sql = bound.sql if key == bound.sql else f"any_value({bound.sql})"
        keys[group_text(binder, item, scope)] = Bound(
            sql, bound.type, bound.nullable, bound.name, bound.collation
        )
    scope.group_keys = keys
    return f" GROUP BY {', '.join(sqls)}"


def _items(binder: Binder, node: exp.Select, scope: Scope) -> list[Bound]:
    columns: list[Bound] = []
    for item in node.expressions:
        star = item if isinstance(item, exp.Star) else item.this
        if isinstance(item, exp.Star | exp.Column) and isinstance(star, exp.Star):
            qualifier = tuple(part.name for part in item.parts[:-1]) if isinstance(item, exp.Column) else ()
            columns.extend(_star(scope, qualifier))
        elif isinstance(item, exp.Alias):
            columns.append(binder.expression(item.this, scope).named(item.alias))
        elif isinstance(item, exp.Concat) and len(item.expressions) == 2:
            value, alias = item.expressions  # a string after a value is its name; sqlglot joins two strings
            columns.append(binder.expression(value, scope).named(alias.name))
        else:
            bound = binder.expression(item, scope)
            columns.append(bound.named(item.name if isinstance(item, exp.Column) else ""))
    return columns


def _star(scope: Scope, qualifier: tuple[str, ...]) -> list[Bound]:
    found = [source for source in scope.sources if not qualifier or source.is_called(qualifier)]
    if not found:
        raise SqlServerError(
            107,
            f"The column prefix '{'.'.join(qualifier)}' does not match with a table name or "
            "alias name used in the query."
            if qualifier
            else "Must specify table to select from.",
        )
    return [usable(column) for source in found for column in source.columns]


def _order(binder: Binder, node: exp.Expr, columns: list[Bound], scope: Scope, only_outputs: bool) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    keys: list[str] = []
    for item in order.expressions:
        value = _ordered_value(binder, item.this, columns, scope, only_outputs)
        if value.is_constant:
            continue
        direction = "DESC NULLS LAST" if item.args.get("desc") else "ASC NULLS FIRST"
        keys.append(f"{operators.order_key(value)} {direction}")
    return f" ORDER BY {', '.join(keys)}" if keys else ""


def _ordered_value(
    binder: Binder, node: exp.Expr, columns: list[Bound], scope: Scope, only_outputs: bool
) -> Bound:
    if isinstance(node, exp.Literal) and not node.is_string:
        position = int(node.this)
        if not 1 <= position <= len(columns):
            raise SqlServerError(
                108,
                f"The ORDER BY position number {position} is out of range of the number of items in the "
                "select list.",
            )
        return columns[position - 1]
    if isinstance(node, exp.Column) and not node.table:
        named = next((column for column in columns if column.name.lower() == node.name.lower()), None)
        if named is not None:
            return named
    value = binder.expression(node, scope)
    if only_outputs and value.sql not in [column.sql for column in columns]:
        raise SqlServerError(
            145,
            "ORDER BY items must appear in the select list if SELECT DISTINCT is specified, or if "
            "the statement "
            "contains a UNION, INTERSECT or EXCEPT operator.",
        )
    return value


def _limit(binder: Binder, node: exp.Expr, scope: Scope, query: str) -> str:
    """TOP, or OFFSET and FETCH, of a bound query; a percentage of its rows is rounded up."""
    sql = ""
    limit = node.args.get("limit")
    if limit is not None:
        options = limit.args.get("limit_options")
        if options is not None and options.args.get("with_ties"):
            raise not_modelled("TOP … WITH TIES")
        count = limit.args["count"] if isinstance(limit, exp.Fetch) else limit.expression
        most = binder.expression(count, Scope(parent=scope)).sql
        if options is not None and options.args.get("percent"):
            most = f"(SELECT CAST(ceil(count(*) * {most} / 100.0) AS BIGINT) FROM ({query}))"
        sql = f" LIMIT {most}"
    offset = node.args.get("offset")
    if offset is not None:
        if node.args.get("order") is None:
            raise SqlServerError(102, "Incorrect syntax near 'OFFSET'.", severity=15)
        sql += f" OFFSET {binder.expression(offset.expression, Scope(parent=scope)).sql}"
    return sql
