"""Replication while SQL Server and the network fail at chosen moments: one clear message, then it heals."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from flows.ingest.errors import SourceError
from flows.ingest.source import messages
from tests.ingest.world import PATIENCE_SECONDS, PRODUCTS, World
from tests.places import Places

CHANGE = "UPDATE dbo.products SET list_price = list_price + 1"


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("faults")) as world:
        world.capture(*PRODUCTS)
        world.driver = "pymssql"  # the other end-to-end tests read with mssql-python
        yield world


@pytest.fixture(autouse=True)
def no_fault_stays(world: World) -> Iterator[None]:
    yield
    world.execute("EXEC sandbox.clear_faults")


def failure(world: World) -> str:
    """The message of the first run that fails: the capture job needs a moment to harvest a change."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            world.replicate()
        except SourceError as error:
            return str(error)
    raise AssertionError("no run failed")


def test_a_snapshot_and_a_window_outlive_a_few_deadlocks(world: World) -> None:
    """The victim's transaction is gone already when the platform wants to end it."""
    for pattern, times in (("SELECT%FROM%products%", 1), ("SELECT%dbo[_]products[_]CT%", 2)):
        world.execute(CHANGE, f"EXEC sandbox.deadlock N'platform_reader', N'{pattern}', {times}")
        assert world.differences() == {}
        assert world.query("EXEC sandbox.help_faults") == []


def test_deadlocks_without_end_fail_the_run_and_the_next_one_heals(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "DEADLOCK_ATTEMPTS", 2)
    world.execute(CHANGE, "EXEC sandbox.deadlock N'platform_reader', N'SELECT%dbo[_]products[_]CT%', 1000")
    assert re.fullmatch(
        r"SQL Server, while reading \S+: deadlock victim 2 times: run again\.", failure(world)
    )
    world.execute("EXEC sandbox.clear_faults")
    assert world.differences() == {}


def test_a_cut_connection_fails_the_run_and_the_next_one_heals(world: World) -> None:
    world.execute(CHANGE, "EXEC sandbox.cut_connection N'platform_reader', 8000")
    assert re.fullmatch(
        r"SQL Server.*: check that SQL Server runs and is reachable, then run again\.", failure(world)
    )
    assert world.differences() == {}
