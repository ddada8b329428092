"""What is there, as SHOW and DESCRIBE tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from snowflake.connector import DictCursor, SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from deployments.quoting import snowflake_name

Row = dict[str, Any]
MISSING: Final = (2003, 2043)
"""Errors that say that an object does not exist, or that one may not see it."""


@dataclass(frozen=True)
class Account:
    """An account, looked at in one session.

    Attributes:
        role: that looks; it has to see everything.
        seen: keeps what was asked, where nothing changes meanwhile.
    """

    connection: SnowflakeConnection
    role: str = "ACCOUNTADMIN"
    seen: dict[str, list[Row]] | None = None

    def rows(self, statement: str) -> list[Row]:
        """The rows of a statement that reads, by lower-case column; none where its object is not there."""
        if self.seen is None:
            return self._ask(statement)
        if statement not in self.seen:
            self.seen[statement] = self._ask(statement)
        return self.seen[statement]

    def _ask(self, statement: str) -> list[Row]:
        with self.connection.cursor(DictCursor) as cursor:
            try:
                cursor.execute(statement)
            except ProgrammingError as error:
                if error.errno in MISSING:
                    return []
                raise
            return [{name.lower(): value for name, value in row.items()} for row in cursor.fetchall()]

    def by_name(self, statement: str) -> dict[str, Row]:
        """The rows of a SHOW by the names that it lists."""
        return {row["name"]: row for row in self.rows(statement)}

    def run(self, statement: str) -> None:
        """Run a statement that changes something."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)


@dataclass(frozen=True)
class Held:
    """A privilege that a role has; the kind with blanks, the name as SHOW writes it."""

    privilege: str
    kind: str
    name: str


def held_by(account: Account, role: str) -> set[Held]:
    """What was granted to a role on objects that are there, other roles among them."""
    return _held(account.rows(f"SHOW GRANTS TO ROLE {snowflake_name(role)}"), "granted_on")


def held_in_future_by(account: Account, role: str) -> set[Held]:
    """What a role gets on objects that will be made: the name is that of the schema."""
    found = _held(account.rows(f"SHOW FUTURE GRANTS TO ROLE {snowflake_name(role)}"), "grant_on")
    return {Held(each.privilege, each.kind, each.name.rpartition(".<")[0]) for each in found}


def _held(rows: Iterable[Row], kind: str) -> set[Held]:
    return {Held(row["privilege"], row[kind].replace("_", " "), row["name"].replace('"', "")) for row in rows}
