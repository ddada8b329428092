"""Temporary tables live in a schema in Snowflake, and in one namespace of the session in the engine.

fakesnow 0.12.1 passes CREATE TEMPORARY TABLE schema.t on as it is, and finds schema.t nowhere. To be
dropped when fakesnow's `TableStages` or a transform of its own leads both to DuckDB's `temp.main`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlglot import Expr, exp

from sandbox.snowflake.names import Name

DATABASE, SCHEMA = "temp", "main"


def created(expression: Expr) -> exp.Table | None:
    """The table that the statement creates as a temporary one."""
    properties = expression.args.get("properties")
    if (
        isinstance(expression, exp.Create)
        and expression.args.get("kind") == "TABLE"
        and isinstance(properties, exp.Properties)
        and properties.find(exp.TemporaryProperty)
    ):
        target = expression.this
        table: exp.Table = target.this if isinstance(target, exp.Schema) else target
        return table
    return None


def without_schema(expression: Expr) -> Expr:
    """CREATE TEMPORARY TABLE without the schema, which the engine does not know there."""
    if table := created(expression):
        table.set("db", None)
        table.set("catalog", None)
    return expression


def into_session(
    expression: Expr, known: AbstractSet[Name], database: str | None, schema: str | None
) -> Expr:
    """A reference to one of the session's temporary tables, where the engine has it."""
    if (
        known
        and isinstance(expression, exp.Table)
        and isinstance(expression.this, exp.Identifier)
        and Name.of(expression, database, schema) in known
        and expression.name not in {cte.alias for cte in expression.root().find_all(exp.CTE)}
    ):
        expression.set("db", exp.to_identifier(SCHEMA, quoted=True))
        expression.set("catalog", exp.to_identifier(DATABASE, quoted=True))
    return expression
