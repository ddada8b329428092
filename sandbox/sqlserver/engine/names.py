"""Names of tables and columns, shared by the parts of query binding."""

from __future__ import annotations

from sqlglot import exp

from sandbox.sqlserver.engine.bound import BoundQuery
from sandbox.sqlserver.engine.lexer import tokenize, unquote
from sandbox.sqlserver.results import SqlServerError


def parts_of(node: exp.Table) -> tuple[str, ...]:
    """A table's name as (database, schema, table), as far as given; `db..t` gives an empty schema.

    Temporary tables keep their `#`, table variables their `@`.
    """
    parts = [
        part.name if isinstance(part, exp.Expr) else ""
        for part in (node.args.get("catalog"), node.args.get("db"))
    ]
    while parts and not parts[0]:
        parts.pop(0)
    name = node.this.name
    if isinstance(node.this, exp.Parameter):
        name = f"@{name}"
    elif isinstance(node.this, exp.Identifier):
        name = {"temporary": "#", "global_": "##"}.get(_mark(node.this), "") + name
    return (*parts, name)


def _mark(identifier: exp.Identifier) -> str:
    return next((mark for mark in ("temporary", "global_") if identifier.args.get(mark)), "")


def called(call: exp.Anonymous) -> str:
    """The name of a called function, which can be quoted."""
    return call.this.name if isinstance(call.this, exp.Identifier) else str(call.this)


def renamed_columns(query: BoundQuery, names: list[str]) -> BoundQuery:
    """The query with the column names that its alias lists."""
    if not names:
        return query
    if len(names) != len(query.columns):
        raise SqlServerError(
            8158, "The number of columns in the alias list does not match the query's columns."
        )
    columns = tuple(column.named(name) for column, name in zip(query.columns, names, strict=True))
    return BoundQuery(query.sql, columns, tuple(names))


def name_parts(text: str) -> tuple[str, ...]:
    """A name in a string, such as `[db].dbo.t`, as its parts; none where it is no name."""
    parts: list[str] = []
    for token in tokenize(text):
        if token.kind in ("word", "name"):
            parts.append(unquote(token.text))
        elif token.key != ".":
            return ()
    return tuple(parts)
