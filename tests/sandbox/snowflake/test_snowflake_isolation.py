"""Random interleavings of three sessions against a model of Snowflake: READ COMMITTED, locks of tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Connect

Rows = list[int]
TABLES = ("A", "B")
SESSIONS = 3
LOCKED, DIVISION_BY_ZERO, REFUSED, OVER = 625, 100051, 2, 90230

tables = st.sampled_from(TABLES)
endings = st.tuples(st.sampled_from(["BEGIN", "COMMIT", "ROLLBACK"]))
statements = st.tuples(
    st.sampled_from(["insert", "insert", "raise all", "delete", "copy", "fail", "read"]), tables
)
actions = st.integers(0, 4).flatmap(lambda dice: statements if dice else endings)


def other_of(table: str) -> str:
    return TABLES[1 - TABLES.index(table)]


@dataclass
class Party:
    """What the model knows of one session."""

    is_open: bool = False
    is_over: bool = False
    own: dict[str, Rows] = field(default_factory=dict)
    """The tables it has written, and so locked, as it sees them."""
    copied: dict[str, list[Rows]] = field(default_factory=dict)
    """The tables that it has read for writing, as they were then."""
    seen: dict[str, Rows] = field(default_factory=dict)

    def end(self) -> None:
        self.is_open = self.is_over = False
        self.own, self.copied = {}, {}


class Model:
    """Snowflake with two tables of one column; `run` gives rows, or the number of the error."""

    def __init__(self) -> None:
        self.committed: dict[str, Rows] = {table: [] for table in TABLES}
        self.parties = [Party() for _ in range(SESSIONS)]

    def run(self, number: int, action: tuple[str, ...]) -> Rows | int | None:
        party = self.parties[number]
        match action:
            case ("BEGIN",) if not party.is_over:
                party.is_open = True
            case ("BEGIN",):
                pass
            case ("COMMIT",):
                is_over = party.is_over
                self.committed |= {} if is_over else party.own
                party.end()
                return OVER if is_over else None
            case ("ROLLBACK",):
                party.end()
            case (kind, table):
                return OVER if party.is_over else self._statement(party, kind, table)
        return None

    def _statement(self, party: Party, kind: str, table: str) -> Rows | int | None:
        if kind == "read":
            return sorted(self._visible(party, table))
        if any(table in other.own for other in self.parties if other is not party):
            return LOCKED
        if kind == "fail":
            party.is_over = party.is_open and bool(party.own) and self._cannot_repeat(party)
            if party.is_over:
                party.own = {}
            return DIVISION_BY_ZERO
        rows = list(self._visible(party, table))
        if kind == "insert":
            rows.append(len(rows))
        elif kind == "raise all":
            rows = [row + 10 for row in rows]
        elif kind == "delete":
            rows = [row for row in rows if row % 2]
        else:
            source = other_of(table)
            rows += self._visible(party, source)
            party.copied.setdefault(source, []).append(self.committed[source])
        party.own[table] = rows
        if not party.is_open:
            self.committed |= party.own
            party.end()
        return None

    def _visible(self, party: Party, table: str) -> Rows:
        return party.own.get(table, self.committed[table])

    def _cannot_repeat(self, party: Party) -> bool:
        """Whether the stand-in, which repeats a transaction after a failure, has to end it: see work.py."""
        return any(
            version is not self.committed[table]
            for table, versions in party.copied.items()
            if table not in party.own
            for version in versions
        )


SQL = {
    "insert": "INSERT INTO {0} SELECT COUNT(*) FROM {0}",
    "raise all": "UPDATE {0} SET n = n + 10",
    "delete": "DELETE FROM {0} WHERE MOD(n, 2) = 0",
    "fail": "INSERT INTO {0} SELECT 1 / 0",
    "read": "SELECT n FROM {0} ORDER BY n",
    "copy": "INSERT INTO {0} SELECT n FROM {1}",
}


def run(session: SnowflakeConnection, action: tuple[str, ...]) -> Rows | int | None:
    sql = SQL[action[0]].format(action[1], other_of(action[1])) if len(action) == 2 else action[0]
    try:
        found = session.cursor().execute(sql).fetchall()
    except ProgrammingError as error:
        return error.errno
    return [int(row[0]) for row in found] if action[0] == "read" else None


@pytest.fixture
def sessions(connect: Connect) -> list[SnowflakeConnection]:
    return [connect(session_parameters={"LOCK_TIMEOUT": 0}) for _ in range(SESSIONS)]


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(st.integers(0, SESSIONS - 1), actions), min_size=25, max_size=30))
def test_sessions_see_and_wait_as_in_snowflake(
    sessions: list[SnowflakeConnection], steps: list[tuple[int, tuple[str, ...]]]
) -> None:
    for session in sessions:
        run(session, ("ROLLBACK",))
    for table in TABLES:
        sessions[0].cursor().execute(f"CREATE OR REPLACE TABLE {table} (n NUMBER)")
    model = Model()
    begun: list[tuple[int, tuple[str, ...]]] = [(number, ("BEGIN",)) for number in range(SESSIONS - 1)]
    for place, (number, action) in enumerate(begun + steps):
        expected = model.run(number, action)
        found = run(sessions[number], action)
        if found == REFUSED and model._cannot_repeat(model.parties[number]):
            return  # it says so instead of showing an older state
        assert found == expected, (place, number, action)
    for session in sessions:
        run(session, ("ROLLBACK",))
    for table in TABLES:
        assert run(sessions[0], ("read", table)) == sorted(model.committed[table])
