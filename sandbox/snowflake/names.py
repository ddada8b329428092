"""Full names of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session


@dataclass(frozen=True)
class Name:
    """Database, schema and name of a table, as stored."""

    database: str
    schema: str
    table: str

    @classmethod
    def of(cls, table: exp.Table, database: str | None, schema: str | None) -> Name:
        """The full name of a reference, completed with the session's current database and schema."""
        return cls(table.catalog or database or "", table.db or schema or "", table.name)

    def in_temporary(self) -> Name:
        """The same table where the engine has the session's temporary tables."""
        return Name("temp", "main", self.table)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Database, schema and name."""
        return self.database, self.schema, self.table

    def __str__(self) -> str:
        return ".".join(self.parts)

    def expression(self) -> exp.Table:
        """The reference, every part quoted."""
        parts = (self.table, self.schema, self.database)
        this, db, catalog = (exp.to_identifier(part, quoted=True) for part in parts)
        return exp.Table(this=this, db=db, catalog=catalog)

    @property
    def sql(self) -> str:
        """The reference as SQL of the engine."""
        return self.expression().sql("duckdb")


def completed(parts: Sequence[str], session: Session, length: int = 3) -> list[str]:
    """Database, schema and name (2: database and schema); the session's where the name leaves them out."""
    current = [session.database or "", session.schema or "PUBLIC"]
    return [*current[: max(length - len(parts), 0)], *parts]


def upper_case(table: exp.Table) -> exp.Table:
    """A copy of the reference with its unquoted parts in upper case, as Snowflake stores them."""
    copy = table.copy()
    for identifier in copy.find_all(exp.Identifier):
        if not identifier.quoted:
            identifier.set("this", identifier.name.upper())
    return copy
