"""Following: commits arrive soon, an idle source is asked little, an idle Snowflake is left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from flows.ingest import pipeline
from flows.ingest.context import Context
from flows.ingest.follow import Watch, follow
from flows.ingest.health.report import ReplicationReport
from flows.ingest.policies.policy import Policies, TablePolicy
from tests.ingest.world import PRODUCTS, World
from tests.places import Places

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.1

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("follow")) as world:
        world.capture(*PRODUCTS)
        yield world


@contextmanager
def following(
    context: Context, read_policies: Callable[[], Policies] | None = None
) -> Iterator[tuple[Watch, Future[ReplicationReport]]]:
    """A run that follows in a thread of its own, once it has caught up."""
    watch = Watch(seconds=120, poll_seconds=POLL_SECONDS)
    with ThreadPoolExecutor(1) as pool:
        report = pool.submit(follow, context, watch, read_policies)
        try:
            wait_for_polls(watch, report, 1)
            yield watch, report
        finally:
            watch.stop.set()


def wait_for_polls(watch: Watch, report: Future[ReplicationReport], polls: int) -> None:
    polls += watch.polls
    deadline = time.monotonic() + PATIENCE_SECONDS
    while watch.polls < polls and not report.done():
        assert time.monotonic() < deadline, "it does not poll"
        time.sleep(POLL_SECONDS)


def test_an_idle_poll_is_one_query_and_no_statement_then_a_commit_is_visible_soon(world: World) -> None:
    with world.context("follow") as context, following(context) as (watch, report):
        asked, sent, polled = (
            context.source.meter.total().queries,
            context.warehouse.cost.statements,
            watch.polls,
        )
        wait_for_polls(watch, report, 10)
        polls = watch.polls - polled
        assert context.source.meter.total().queries - asked <= 3 * polls
        assert context.warehouse.cost.statements == sent, "Snowflake's warehouse could not sleep"
        world.execute("UPDATE dbo.products SET list_price = 4711.5")
        began = time.monotonic()
        while world.warehouse_rows("SELECT DISTINCT LIST_PRICE FROM RAW.PRODUCTS") != [(4711.5,)]:
            assert time.monotonic() - began < 5, "a commit is not visible after 5 s"
            time.sleep(POLL_SECONDS)
        watch.stop.set()
        assert report.result(PATIENCE_SECONDS).changes > 0
    assert world.differences("PRODUCTS") == {}


def test_a_table_that_is_captured_meanwhile_is_taken_up(world: World) -> None:
    with world.context("follow") as context, following(context) as (_, report):
        world.capture(
            "shells", "id int NOT NULL PRIMARY KEY, name nvarchar(20) NOT NULL", "VALUES (1, N'conch')"
        )
        began = time.monotonic()
        state = "SELECT STATE FROM OPS.REPLICATED_TABLES WHERE TABLE_NAME = 'SHELLS'"
        while world.warehouse_rows(state) != [("streaming",)]:
            assert not report.done(), report.result()
            assert time.monotonic() - began < PATIENCE_SECONDS, "the new table is not followed"
            time.sleep(POLL_SECONDS)
    assert report.result().snapshot_rows == 1


def test_a_policy_that_changes_meanwhile_is_gone_by(world: World) -> None:
    world.capture("noted", "id int NOT NULL PRIMARY KEY, note varchar(9)", "VALUES (1, 'a')")
    decided = [Policies()]
    columns = "SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'NOTED'"
    with world.context("follow") as context, following(context, lambda: decided[-1]) as (_, report):
        assert ("NOTE",) in world.warehouse_rows(columns)
        decided.append(Policies(tables={"dbo.noted": TablePolicy(exclude=frozenset({"note"}))}))
        began = time.monotonic()
        while ("NOTE",) in world.warehouse_rows(columns):
            assert not report.done(), report.result()
            assert time.monotonic() - began < PATIENCE_SECONDS, "the column is still there"
            time.sleep(POLL_SECONDS)
    assert any("NOTE is excluded now" in warning for warning in report.result().warnings)


def test_another_run_that_is_faster_does_not_end_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    in_time, was_late = pipeline.apply_window, threading.Event()

    def too_late(*arguments: object) -> None:
        monkeypatch.setattr(pipeline, "apply_window", in_time)
        world.replicate()
        was_late.set()
        in_time(*arguments)  # type: ignore[arg-type]

    with world.context("follow") as context, following(context) as (watch, report):
        monkeypatch.setattr(pipeline, "apply_window", too_late)
        world.execute("UPDATE dbo.products SET list_price = 1")
        assert was_late.wait(PATIENCE_SECONDS)
        wait_for_polls(watch, report, 2)
    report.result()
    assert world.differences("PRODUCTS") == {}
