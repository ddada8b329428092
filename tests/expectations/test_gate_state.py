"""What is kept of a table while several runs look at it: no row is in order that nobody found so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.settings import SnowflakeSettings
from expectations.gate import Gate, Partition
from expectations.gate import state as gate_state
from expectations.gate.state import (
    CREATE_GATE_STATE,
    TableState,
    forget_position,
    keep_position,
    read_state,
)
from expectations.rules import between, has_rows
from tests.expectations.small import database, suite_of_orders

SUITES = ("lenient", "strict")


@dataclass
class Row:
    """A row of the mirror: how good it is (0 breaks both suites, 1 the strict one), and when it arrived.

    `seen` has by suite the moment when the last look that found it good began, for this arrival;
    `broken` the moment when it was last told to be broken.
    """

    quality: int
    arrival: int
    seen: dict[str, int] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)


@dataclass
class World:
    """A mirror, whose rows change with an arrival and, by hand, without one; and runs that pass its gate."""

    connection: SnowflakeConnection
    chance: random.Random
    rows: list[Row] = field(default_factory=lambda: [Row(2, 1) for _ in range(4)])
    newest: int = 1
    moment: int = 0
    kept: int = 0

    def change(self) -> None:
        row = self.chance.choice(self.rows)
        row.quality = self.chance.choice([0, 1, 2])
        if self.chance.random() < 0.3:
            self.newest += 1
            row.arrival = self.newest
            row.seen.clear()

    def mend(self) -> None:
        self.newest += 1
        for row in self.rows:
            if row.quality < 2:
                row.quality, row.arrival = 2, self.newest
                row.seen.clear()

    def run(self, name: str) -> Iterator[None]:
        """One gate, in steps between which others take theirs: read, look, keep or forget."""
        suite = self.chance.choice(SUITES)
        newest = self.newest
        state = read_state(self.connection, "RAW", "ORDERS")
        position = state.position_under(suite) if state else None
        yield
        began = self.moment
        looked_at = [row for row in self.rows if position is None or position < row.arrival]
        found = {id(row): row.quality >= (2 if suite == "strict" else 1) for row in looked_at}
        arrivals = {id(row): row.arrival for row in looked_at}
        yield
        if not all(found.values()):
            forget_position(self.connection, "RAW", "ORDERS", name)
        for row in looked_at:
            if found[id(row)] and arrivals[id(row)] == row.arrival:
                row.seen[suite] = max(began, row.seen.get(suite, 0))
            elif not found[id(row)]:
                row.broken[suite] = self.moment
        yield
        if all(found.values()):
            is_whole = position is None
            keep_position(
                self.connection, "RAW", "ORDERS", suite, newest, name, is_whole=is_whole, began_from=state
            )
            kept = read_state(self.connection, "RAW", "ORDERS")
            if kept is not None and kept.run_id == name:
                self.kept += 1
                self.hold(kept)

    def hold(self, state: TableState) -> None:
        """What is kept was found: each row as it arrived, and after it was last told to be broken."""
        for row in self.rows:
            if row.arrival <= state.position:
                assert state.suite in row.seen, f"{row} was not looked at: {state}"
                assert row.seen[state.suite] > row.broken.get(state.suite, -1), f"{row} was broken: {state}"


@pytest.fixture(scope="module")
def connection(snowflake: SnowflakeSettings) -> Iterator[SnowflakeConnection]:
    with database(snowflake, "GATE_STATES") as (_, connection):
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS QUALITY")
        yield connection


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_runs_do_at_once_what_is_kept_was_found(connection: SnowflakeConnection, seed: int) -> None:
    connection.cursor().execute(CREATE_GATE_STATE.replace("TABLE IF NOT EXISTS", "OR REPLACE TABLE"))
    world = World(connection, random.Random(seed))
    runs: list[Iterator[None]] = []
    for step in range(150):
        world.moment = step + 1
        if len(runs) < 4:
            runs.append(world.run(f"run {step}"))
        if world.chance.random() < 0.3:
            world.chance.choice([world.change, world.mend])()
        if runs:
            run = world.chance.choice(runs)
            if next(run, "over") == "over":
                runs.remove(run)
    assert world.kept >= 5, "hardly anything was ever kept"


def test_a_run_that_is_alone_keeps_what_it_found_after_a_failure_and_under_another_suite(
    connection: SnowflakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.cursor().execute(CREATE_GATE_STATE.replace("TABLE IF NOT EXISTS", "OR REPLACE TABLE"))

    def state() -> TableState | None:
        return read_state(connection, "raw", "orders")

    def keep(suite: str, position: int, *, is_whole: bool) -> TableState:
        keep_position(
            connection, "raw", "orders", suite, position, "run", is_whole=is_whole, began_from=state()
        )
        kept = state()
        assert kept is not None
        return kept

    first = keep("one", 1, is_whole=True)
    later = keep("one", 5, is_whole=False)
    assert (later.position_under("one"), later.position_under("two")) == (5, None)
    assert later.whole_at == first.whole_at < later.updated_at
    forget_position(connection, "raw", "orders", "run")
    forgotten = state()
    assert forgotten is not None
    assert forgotten.position_under("one") is None
    assert keep("one", 6, is_whole=False) == forgotten, "a part says nothing of what is forgotten"
    assert keep("two", 7, is_whole=True).position_under("two") == 7
    assert keep("one", 8, is_whole=False).position_under("two") == 7, "nor under another suite"
    last = keep("one", 9, is_whole=True)
    assert last.position_under("one") == 9
    monkeypatch.setattr(gate_state, "_now", lambda: last.whole_at + gate_state.WHOLE_AGAIN_AFTER)
    assert last.position_under("one") is None, "the look at the whole is old"


@pytest.mark.parametrize("is_part", [True, False])
def test_what_one_run_found_broken_another_that_looks_meanwhile_does_not_take_for_good(
    is_part: bool, snowflake: SnowflakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite_of_orders(monkeypatch, has_rows(), between("N", low=0))
    with database(snowflake, f"LOOKS_AT_{is_part}") as (settings, connection), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE RAW.ORDERS AS SELECT 1 AS ID, 1 AS N UNION ALL SELECT 2, 2")
        with Gate(settings, "one", tmp_path) as one, Gate(settings, "two", tmp_path) as two:
            one.remember(one.check("raw", "orders"), 1)
            assert one.position("raw", "orders") == 1
            found = one.check("raw", "orders", since=Partition("RAW.ORDERS", "ID = 2") if is_part else None)
            cursor.execute("UPDATE RAW.ORDERS SET N = -1 WHERE ID = 1")
            assert two.check("raw", "orders").outcome == "closed"
            one.remember(found, 2)
            assert one.position("raw", "orders") is None
            cursor.execute("UPDATE RAW.ORDERS SET N = 1")
            one.remember(one.check("raw", "orders"), 3)
            assert two.position("raw", "orders") == 3
