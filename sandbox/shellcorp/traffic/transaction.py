"""What a kind of transaction has at hand: a session inside a transaction, a clock, and a die."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pymssql

from sandbox.shellcorp.traffic.moment import Moment

Value = str | int | float | Decimal | bytes | None
IDENTITY = "SELECT CAST(SCOPE_IDENTITY() AS int)"


class NothingToDo(Exception):  # noqa: N818 - reads as what happened
    """No row is in the state that this kind of transaction needs; nothing is written."""


class Abandoned(Exception):  # noqa: N818 - reads as what happened
    """The application gave up in the middle: everything is rolled back."""


@dataclass(frozen=True)
class Transaction:
    """One transaction of the traffic. Values reach the server as parameters only."""

    cursor: pymssql.Cursor
    random: random.Random
    at: Moment

    def execute(self, statement: str, *values: Value) -> int:
        """Run a statement; returns the number of rows it wrote."""
        self.cursor.execute(statement, _parameters(values))
        return int(self.cursor.rowcount)

    def insert_many(self, statement: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """Run one INSERT that ends in VALUES, for all rows at once."""
        row = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
        self.execute(f"{statement} {', '.join([row] * len(rows))}", *(value for row in rows for value in row))

    def rows(self, query: str, *values: Value) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        self.cursor.execute(query, _parameters(values))
        return list(self.cursor.fetchall())

    def first(self, query: str, *values: Value) -> tuple[Any, ...]:
        """The first row of a query.

        Raises:
            NothingToDo: there is none.
        """
        found = self.rows(query, *values)
        if not found:
            raise NothingToDo
        return found[0]

    def new_identity(self) -> int:
        """The identity of the row just inserted."""
        return int(self.first(IDENTITY)[0])

    def draw(self, highest: str, query: str, *values: Value) -> tuple[Any, ...]:
        """A row drawn by its whole-number key: the first at or after a random key, or the first of all.

        Args:
            highest: a query for the highest key.
            query: its first parameter is the key to start at; `values` are the others.

        Raises:
            NothingToDo: no row qualifies.
        """
        top = self.first(highest)[0] or 0
        found = self.rows(query, self.random.randint(0, top), *values)
        return found[0] if found else self.first(query, 0, *values)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random.random() < probability


def _parameters(values: tuple[Value, ...]) -> tuple[Any, ...]:
    """As pymssql needs them: it writes `bytes` that happen to be ASCII as text, a `bytearray` never."""
    return tuple(bytearray(value) if isinstance(value, bytes) else value for value in values)
