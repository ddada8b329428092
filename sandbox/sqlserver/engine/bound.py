"""What binding makes of a T-SQL expression or query: DuckDB's SQL and SQL Server's type."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.sqlserver.engine.types import NULL, duckdb_type
from sandbox.sqlserver.results import Column, SqlServerError, SqlType

NOT_CONSTANT = object()


@dataclass(frozen=True)
class Bound:
    """A bound expression. `constant` is its value where it is a literal or a variable."""

    sql: str
    type: SqlType
    nullable: bool = True
    name: str = ""
    collation: str | None = None
    identity: bool = False
    constant: Any = NOT_CONSTANT
    denied: SqlServerError | None = None
    """What using the column raises, where the login may not select it."""

    @property
    def is_constant(self) -> bool:
        """True when the value is known while binding."""
        return self.constant is not NOT_CONSTANT

    def named(self, name: str) -> Bound:
        """The same under another name."""
        return replace(self, name=name)

    def typed(self, sql: str, sql_type: SqlType) -> Bound:
        """Another SQL and type, as nullable as this one, and no constant any more."""
        return Bound(sql, sql_type, self.nullable, self.name, self.collation)

    def column(self) -> Column:
        """As a column of a result set."""
        sql_type = SqlType("int", precision=10) if self.type == NULL else self.type
        return Column(self.name, sql_type, self.nullable, self.identity)


@dataclass(frozen=True)
class BoundQuery:
    """A bound query: its output columns are called `names` inside DuckDB, unique and never empty."""

    sql: str
    columns: tuple[Bound, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A table in FROM: its alias and columns; `qualifiers` are the other names it goes by."""

    alias: str
    columns: tuple[Bound, ...]
    qualifiers: tuple[tuple[str, ...], ...] = ()

    def column(self, name: str) -> Bound | None:
        """A column by name in any letter case."""
        wanted = name.lower()
        return next((column for column in self.columns if column.name.lower() == wanted), None)

    def is_called(self, qualifier: tuple[str, ...]) -> bool:
        """Whether a qualifier such as (`dbo`, `t`) or (`t`,) means this source."""
        lower = tuple(part.lower() for part in qualifier)
        return lower == (self.alias.lower(),) or lower in self.qualifiers


@dataclass
class Scope:
    """The sources that names are looked up in, innermost first, and the common table expressions."""

    sources: list[Source] = field(default_factory=list)
    parent: Scope | None = None
    ctes: dict[str, BoundQuery] = field(default_factory=dict)
    group_keys: dict[str, Bound] | None = None
    """By T-SQL text of the GROUP BY expression, where the query groups."""
    in_aggregate: bool = False

    def child(self) -> Scope:
        """An inner query's scope: it sees the outer sources (correlation) and CTEs."""
        return Scope(parent=self, ctes=self.ctes)

    def beside(self) -> Scope:
        """The same sources, outside of grouping: what an aggregate's argument sees."""
        return Scope(self.sources, self.parent, self.ctes, None, in_aggregate=True)

    def resolve(self, qualifier: tuple[str, ...], name: str) -> Bound:
        """Find a column.

        Raises:
            SqlServerError: 207 no such column, 209 ambiguous, 4104 the qualifier means nothing here.
        """
        scope: Scope | None = self
        while scope is not None:
            candidates = [s for s in scope.sources if not qualifier or s.is_called(qualifier)]
            found = [column for source in candidates if (column := source.column(name)) is not None]
            if len(found) > 1:
                raise SqlServerError(209, f"Ambiguous column name '{name}'.")
            if found:
                return usable(found[0])
            if qualifier and candidates:
                raise SqlServerError(207, f"Invalid column name '{name}'.")
            scope = scope.parent
        if qualifier:
            text = ".".join((*qualifier, name))
            raise SqlServerError(4104, f'The multi-part identifier "{text}" could not be bound.')
        raise SqlServerError(207, f"Invalid column name '{name}'.")


def usable(column: Bound) -> Bound:
    """The column; raises SqlServerError 229 or 230 where the login may not select it."""
    if column.denied is not None:
        raise column.denied
    return column


def quote(name: str) -> str:
    """An identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def string(text: str) -> str:
    """A string literal for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def null(sql_type: SqlType = NULL) -> Bound:
    """A typed NULL."""
    return Bound(f"CAST(NULL AS {duckdb_type(sql_type)})", sql_type, constant=None)


def not_modelled(what: str) -> SqlServerError:
    """The error for T-SQL that the stand-in does not know: it never guesses."""
    return SqlServerError(40517, f"not modelled by the stand-in: {what}")
