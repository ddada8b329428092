"""Sources that have not changed for too long: said by every run, and built on only up to a point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings
from snowpark_models.runner import materialise, plan
from snowpark_models.runner.freshness import stale_sources
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.sources import SOURCES, Freshness
from tests.models.replica import Replica, database, open_gate

MODELS = plan(["stg_orders", "stg_payments"])
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def house(session: Session, snowflake: SnowflakeSettings) -> Iterator[Warehouse]:
    """The newest order came three days ago; no payment ever came."""
    with database(session, snowflake) as opened:
        replica = Replica(opened, ["raw_orders", "raw_payments"])
        now = datetime.now(UTC).replace(tzinfo=None)
        for number, age in enumerate((90 * DAY, 3 * DAY), 1):
            order = {"order_id": number, "_committed_at": str(now - age), "_deleted": False}
            replica.deliver("raw_orders", [order])
        yield Warehouse(opened, Namespace())


def allow(monkeypatch: pytest.MonkeyPatch, freshness: Freshness) -> None:
    monkeypatch.setitem(SOURCES, "raw_orders", replace(SOURCES["raw_orders"], freshness=freshness))


@pytest.mark.parametrize(
    ("freshness", "found"),
    [
        (Freshness(4 * DAY), []),
        (Freshness(None), []),
        (Freshness(DAY), ["raw_orders is stale: its newest change is 3 days old, 24 hours at most"]),
        (Freshness(DAY, 2 * DAY), ["raw_orders is stale: its newest change is 3 days old, 2 days at most"]),
        (Freshness(DAY, 4 * DAY), ["raw_orders is stale: its newest change is 3 days old, 24 hours at most"]),
    ],
)
def test_a_source_is_held_to_the_age_of_its_newest_change(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch, freshness: Freshness, found: list[str]
) -> None:
    allow(monkeypatch, freshness)
    assert [str(each) for each in stale_sources(house, house.kinds(), MODELS)] == found
    assert stale_sources(house, house.kinds(), plan(["stg_payments"])) == [], "nobody reads orders"
    assert stale_sources(house, {("RAW", "ORDERS")}, MODELS) == [], "nobody numbers arrivals"


def test_a_run_builds_on_what_is_old_and_not_on_what_is_too_old(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcomes(run_id: str) -> dict[str, tuple[str, str]]:
        built = materialise(house.session, MODELS, open_gate, run_id)
        return {each.model.name: (each.outcome, each.reason) for each in built}

    allow(monkeypatch, Freshness(DAY, 2 * DAY))
    closed = outcomes("too old")
    assert closed["stg_orders"] == (
        "upstream closed",
        "not built, because raw_orders is stale: its newest change is 3 days old, 2 days at most",
    )
    assert closed["stg_payments"][0] == "published"
    allow(monkeypatch, Freshness(DAY))
    assert outcomes("old")["stg_orders"][0] == "published"
