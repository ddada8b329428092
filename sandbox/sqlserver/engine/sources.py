"""Bind FROM: tables, derived tables, table functions, joins and APPLY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.sqlserver.engine.bound import Bound, BoundQuery, Scope, Source, not_modelled, quote
from sandbox.sqlserver.engine.conversion import common_type, convert
from sandbox.sqlserver.engine.names import called, parts_of, renamed_columns
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

_HARMLESS = {
    "NOLOCK",
    "READUNCOMMITTED",
    "READCOMMITTED",
    "READCOMMITTEDLOCK",
    "ROWLOCK",
    "PAGLOCK",
    "TABLOCK",
    "TABLOCKX",
    "UPDLOCK",
    "XLOCK",
    "HOLDLOCK",
    "SERIALIZABLE",
    "REPEATABLEREAD",
    "NOWAIT",
    "READPAST",
    "SNAPSHOT",
    "KEEPIDENTITY",
    "FORCESEEK",
    "FORCESCAN",
    "INDEX",
    "KEEPDEFAULTS",
}


def bind_from(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    """Bind FROM and its joins into `scope`; the clause as DuckDB's SQL, empty without FROM."""
    clause = node.args.get("from_")
    joins = node.args.get("joins") or []
    if clause is None:
        return ""
    return f" FROM {bind_tables(binder, clause.this, joins, scope)}"


def bind_tables(binder: Binder, first: exp.Expr, joins: list[exp.Join], scope: Scope) -> str:
    """A first table and the joins after it."""
    sql = _source(binder, first, scope)
    for join in [*(first.args.get("joins") or []), *joins]:
        sql += _join(binder, join, scope)
    return sql


def _join(binder: Binder, join: exp.Join, scope: Scope) -> str:
    if isinstance(join.this, exp.Lateral):
        return _apply(binder, join.this, scope)
    if join.args.get("method") or join.args.get("using"):
        raise not_modelled(join.sql(dialect="tsql")[:60])
    side, kind = (join.side or "").upper(), (join.kind or "").upper()
    source = _source(binder, join.this, scope)
    on = join.args.get("on")
    if on is None:
        return f" CROSS JOIN {source}"
    condition = binder.condition(on, scope)
    word = {"LEFT": "LEFT JOIN", "RIGHT": "RIGHT JOIN", "FULL": "FULL JOIN", "": "JOIN"}.get(side)
    if word is None or kind not in ("", "INNER", "OUTER"):
        raise not_modelled(f"{side} {kind} JOIN")
    if side:
        _make_nullable(scope, side)
    return f" {word} {source} ON {condition}"


def _make_nullable(scope: Scope, side: str) -> None:
    """Outer joins make columns nullable: the new table's, the earlier ones', or both."""
    last = len(scope.sources) - 1
    for index, source in enumerate(scope.sources):
        if side == "FULL" or (side == "LEFT") == (index == last):
            columns = tuple(
                Bound(c.sql, c.type, True, c.name, c.collation, c.identity) for c in source.columns
            )
            scope.sources[index] = Source(source.alias, columns, source.qualifiers)


def _apply(binder: Binder, lateral: exp.Lateral, scope: Scope) -> str:
    outer = not lateral.args.get("cross_apply")
    inner = lateral.this
    alias = lateral.alias
    if isinstance(inner, exp.Subquery):
        query = binder.query(inner.this, scope.child())
        column_names = [c.name for c in (lateral.args["alias"].args.get("columns") or [])]
        sql, source = derived(query, alias, column_names)
    else:
        raise not_modelled(f"APPLY of {inner.sql(dialect='tsql')[:60]}")
    scope.sources.append(source)
    if outer:
        _make_nullable(scope, "LEFT")
    return f" {'LEFT' if outer else 'INNER'} JOIN LATERAL {sql} ON true"


def _source(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    if isinstance(node, exp.Table):
        return _table(binder, node, scope)
    if isinstance(node, exp.Subquery | exp.Values):
        inner = node.this if isinstance(node, exp.Subquery) else node
        alias = node.args.get("alias")
        if alias is None or not alias.name:
            raise SqlServerError(102, "Incorrect syntax near ')'.", severity=15)
        if isinstance(inner, exp.Table):
            raise not_modelled("joins in parentheses")
        query = binder.query(inner, Scope(parent=scope.parent, ctes=scope.ctes))
        names = [] if isinstance(node, exp.Values) else [c.name for c in alias.args.get("columns") or []]
        sql, source = derived(query, alias.name, names)
        scope.sources.append(source)
        return sql
    raise not_modelled(f"{type(node).__name__} in FROM")


def derived(query: BoundQuery, alias: str, names: list[str]) -> tuple[str, Source]:
    """A query as a table of FROM."""
    final = renamed_columns(query, names)
    if any(
        not name or (name.startswith("_c") and not column.name)
        for name, column in zip(final.names, final.columns, strict=True)
    ):
        at = next(i for i, c in enumerate(final.columns) if not c.name)
        raise SqlServerError(8155, f"No column name was specified for column {at + 1} of '{alias}'.")
    listed = ", ".join(quote(name) for name in final.names)
    columns = tuple(
        Bound(f"{quote(alias)}.{quote(name)}", column.type, column.nullable, column.name, column.collation)
        for name, column in zip(final.names, final.columns, strict=True)
    )
    return f"({final.sql}) AS {quote(alias)}({listed})", Source(alias, columns)


def _table(binder: Binder, node: exp.Table, scope: Scope) -> str:
    for hint in node.args.get("hints") or []:
        for item in hint.expressions:
            if item.name.upper() not in _HARMLESS and str(item.this).upper() not in _HARMLESS:
                raise not_modelled(f"hint {item.sql(dialect='tsql')}")
    unknown = [
        k for k, v in node.args.items() if v and k not in {"this", "db", "catalog", "alias", "hints", "joins"}
    ]
    if unknown:
        raise not_modelled(f"{unknown[0].upper()} in FROM")
    alias_node = node.args.get("alias")
    wanted = [c.name for c in alias_node.args.get("columns") or []] if alias_node is not None else []
    if isinstance(node.this, exp.Anonymous):
        return _function(binder, node, scope, wanted)
    parts = parts_of(node)
    alias = node.alias or parts[-1]
    cte = scope.ctes.get(parts[0].lower()) if len(parts) == 1 else None
    if cte is not None:
        columns = tuple(
            Bound(
                f"{quote(alias)}.{quote(name)}", column.type, column.nullable, column.name, column.collation
            )
            for name, column in zip(cte.names, cte.columns, strict=True)
        )
        sql, source = quote(parts[0]), Source(alias, columns)
    else:
        sql, source = binder.environment.table(parts, alias)
    _check_exposed(scope, source)
    scope.sources.append(source)
    return f"{sql} AS {quote(alias)}"


def _check_exposed(scope: Scope, source: Source) -> None:
    for other in scope.sources:
        if other.alias.lower() == source.alias.lower() and other.qualifiers == source.qualifiers:
            raise SqlServerError(
                1013,
                f'The objects "{source.alias}" and "{other.alias}" in the FROM clause have the '
                "same exposed names. "
                "Use correlation names to distinguish them.",
            )


def _function(binder: Binder, node: exp.Table, scope: Scope, wanted: list[str]) -> str:
    call = node.this
    name = called(call)
    arguments = [binder.expression(item, scope) for item in call.expressions]
    alias = node.alias or name
    if not node.args.get("db"):
        if name.upper() != "GENERATE_SERIES":
            raise SqlServerError(208, f"Invalid object name '{name}'.")
        sql, source = _series(arguments, alias, wanted)
    else:
        parts = (*[p.name for p in (node.args.get("catalog"), node.args["db"]) if p is not None], name)
        sql, source = binder.environment.table_function(parts, arguments, alias)
    scope.sources.append(source)
    return sql


def _series(arguments: list[Bound], alias: str, wanted: list[str]) -> tuple[str, Source]:
    """GENERATE_SERIES(start, stop [, step]) of SQL Server 2022: one column `value`."""
    if len(arguments) not in (2, 3):
        raise SqlServerError(
            313,
            "An insufficient number of arguments were supplied for the procedure or function "
            "generate_series.",
        )
    kind = common_type([argument.type for argument in arguments])
    if kind.name not in ("tinyint", "smallint", "int", "bigint"):
        raise not_modelled(f"GENERATE_SERIES of {kind.name}")
    start, stop, *step = [convert(argument, kind).sql for argument in arguments]
    by = step[0] if step else f"CASE WHEN {start} <= {stop} THEN 1 ELSE -1 END"
    name = wanted[0] if wanted else "value"
    column = quote(name)
    stored = {"tinyint": "UTINYINT", "smallint": "SMALLINT", "int": "INTEGER", "bigint": "BIGINT"}[kind.name]
    call = f"generate_series(CAST({start} AS BIGINT), CAST({stop} AS BIGINT), CAST({by} AS BIGINT))"
    sql = f'(SELECT CAST("g"."n" AS {stored}) AS {column} FROM {call} AS "g"("n")) AS {quote(alias)}'
    return sql, Source(alias, (Bound(f"{quote(alias)}.{column}", kind, False, name),))
