"""From T-SQL to DuckDB's SQL: the one object that the parts of binding share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from sandbox.sqlserver.engine import expressions, functions, queries, windows
from sandbox.sqlserver.engine.bound import Bound, BoundQuery, Scope, Source
from sandbox.sqlserver.engine.names import called

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.clock import Clock


class Environment(Protocol):
    """What binding asks of the session: names, variables, and the moment the statement began."""

    @property
    def clock(self) -> Clock:
        """The statement's moment."""

    def variable(self, name: str) -> Bound:
        """@name. Raises SqlServerError 137 where it was not declared."""

    def global_variable(self, name: str) -> Bound:
        """@@name."""

    def table(self, parts: tuple[str, ...], alias: str) -> tuple[str, Source]:
        """A table or view as (DuckDB name, source). Raises SqlServerError 208."""

    def table_function(
        self, parts: tuple[str, ...], arguments: list[Bound], alias: str
    ) -> tuple[str, Source]:
        """A table function's call and columns. Raises SqlServerError 208."""

    def scalar_function(self, parts: tuple[str, ...], arguments: list[Bound]) -> Bound:
        """A schema-qualified function's call. Raises SqlServerError 208, 4121."""

    def session_function(self, name: str, arguments: list[Bound]) -> Bound | None:
        """A function about the session or the catalog (DB_NAME, OBJECT_ID, …), None for others."""


class Binder:
    """Binds names to columns and gives every expression its SQL Server type."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def query(self, node: exp.Expr, scope: Scope | None = None) -> BoundQuery:
        """Bind a SELECT, UNION or VALUES."""
        return queries.bind_query(self, node, scope or Scope())

    def expression(self, node: exp.Expr, scope: Scope | None = None) -> Bound:
        """Bind a scalar expression."""
        return expressions.bind_expression(self, node, scope or Scope())

    def condition(self, node: exp.Expr, scope: Scope | None = None) -> str:
        """Bind a search condition."""
        return expressions.bind_condition(self, node, scope or Scope())

    def column(self, node: exp.Column, scope: Scope) -> Bound:
        """Find the column that a name means."""
        qualifier = tuple(part.name for part in node.parts[:-1])
        if not qualifier and not node.this.quoted:
            constant = functions.without_parentheses(self, node.name)
            if constant is not None:
                return constant
        return scope.resolve(qualifier, node.name).named(node.name)

    def ungrouped(self, scope: Scope) -> set[str]:
        """The SQL of the columns that a grouped query may only use inside aggregates."""
        return {column.sql for source in scope.sources for column in source.columns}

    def function(self, node: exp.Expr, scope: Scope) -> Bound:
        """Bind a call of a built-in function."""
        return functions.bind_function(self, node, scope)

    def qualified_function(self, node: exp.Dot, scope: Scope) -> Bound:
        """Bind `[db].schema.function(…)`."""
        parts: list[str] = []
        call: exp.Expr = node
        while isinstance(call, exp.Dot):
            if isinstance(call.expression, exp.Anonymous):
                parts.insert(0, called(call.expression))
                arguments = [self.expression(item, scope) for item in call.expression.expressions]
            else:
                parts.insert(0, call.expression.name)
            call = call.this
        parts.insert(0, call.name)
        return self.environment.scalar_function(tuple(parts), arguments)

    def window(self, node: exp.Window, scope: Scope) -> Bound:
        """Bind `f(…) OVER (…)`."""
        return windows.bind_window(self, node, scope)
