"""Two runs of one namespace at once, in any order: readers see whole tables, and no row is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from copy import copy

import pytest
from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings
from snowpark_models.errors import ConcurrentRunError
from snowpark_models.runner import Options, materialise
from tests.models.interleaving import Turns, interleaved, one_statement_at_a_time
from tests.models.replica import Replica, database, open_gate
from tests.models.test_batches import MODELS, House, order, other_session

SEED = 0
NAMES = [model.name for model in MODELS]
READ = "SELECT ORDER_ID, TOTAL_AMOUNT::INT AS AMOUNT FROM STAGING.STG_ORDERS ORDER BY 1"
BEFORE = [(number, 10) for number in range(1, 6)]
AFTER = [(1, 11), *BEFORE[1:]]
"""The mirror before and after a change, which comes while both runs are going on."""


@pytest.fixture
def house(session: Session, snowflake: SnowflakeSettings) -> Iterator[House]:
    with database(session, snowflake) as opened:
        house = House(opened)
        house.orders(*(order(number, number % 2, amount) for number, amount in BEFORE))
        house.run()
        yield house


def reads(session: Session) -> list[list[tuple[object, ...]]]:
    """What a reader sees who looks again and again."""
    return [[tuple(row) for row in session.sql(READ).collect()] for _ in range(15)]


def changes(replica: Replica, session: Session) -> None:
    """One order changes, as replication brings it: in one transaction."""
    source = copy(replica)
    source.session = session
    session.sql("BEGIN").collect()
    source.deliver("raw_orders", [{**order(1, 1, 11), "_committed_at": "2026-01-02", "_deleted": False}])
    session.sql("COMMIT").collect()


def build(session: Session, run_id: str, rebuilt: list[str]) -> None:
    materialise(session, MODELS, open_gate, run_id, options=Options(rebuilt=rebuilt))


@pytest.mark.parametrize(
    "rebuilt", [([], []), (NAMES, []), (NAMES, NAMES)], ids=["batches", "one rebuilds", "both rebuild"]
)
def test_in_any_order_of_statements_readers_see_whole_tables_and_nothing_is_lost(
    house: House,
    snowflake: SnowflakeSettings,
    monkeypatch: pytest.MonkeyPatch,
    rebuilt: tuple[list[str], list[str]],
) -> None:
    house.orders(order(2, 0, 10, status="paid"))
    turns = Turns(SEED)
    with ExitStack() as stack:
        one, two, reader, source = (stack.enter_context(other_session(house, snowflake)) for _ in range(4))
        stack.enter_context(one_statement_at_a_time(monkeypatch, turns))
        ended = interleaved(
            turns,
            {
                "one": lambda: build(one, "one", rebuilt[0]),
                "two": lambda: build(two, "two", rebuilt[1]),
                "reader": lambda: reads(reader),
                "source": lambda: changes(house.replica, source),
            },
        )
    seen = ended["reader"]
    assert isinstance(seen, list), seen
    assert [each for each in seen if each not in (BEFORE, AFTER)] == []
    assert isinstance(ended["one"], ConcurrentRunError | None), ended
    assert isinstance(ended["two"], ConcurrentRunError | None), ended
    house.run()
    assert house.rows(READ) == AFTER
    assert house.spending() == [(0, 2, 20), (1, 3, 31)]
