"""A quarantine while others work: two runs of one namespace at once, and a developer who reads production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from copy import copy

import pytest
from snowflake.snowpark import DataFrame, Session

from deployments.settings import SnowflakeSettings
from snowpark_models import Column, Model
from snowpark_models.errors import ConcurrentRunError
from snowpark_models.model import Materialisation
from snowpark_models.runner import Options, materialise
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.sieve import Sieve, Sift
from tests.models.interleaving import Turns, interleaved, one_statement_at_a_time
from tests.models.quarantined import KNOWN, SIEVE, Row, World, four_orders, model, other_rules, split
from tests.models.replica import open_gate

SEED = 3
EVE = Namespace("EVE")


@pytest.fixture
def world(session: Session, snowflake: SnowflakeSettings) -> Iterator[World]:
    with four_orders(session, snowflake) as opened:
        yield opened


@pytest.mark.parametrize(
    ("way", "is_rebuilt"),
    [("incremental", False), ("incremental", True), ("table", False)],
    ids=["batches", "one rebuilds", "tables"],
)
def test_two_runs_at_once_publish_and_set_aside_each_row_once(
    world: World, way: Materialisation, is_rebuilt: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before both, rows change sides; while they go on, others do; a reader looks all the time."""
    built = model(way)
    world.run(built)
    states = [split(world.source())]
    world.orders((1, 1, -10), (2, 1, 20), (5, 5, 5))
    states.append(split(world.source()))

    def build(session: Session, run_id: str, rebuilt: list[str]) -> None:
        options = Options(rebuilt=rebuilt, sieves={built.name: SIEVE})
        materialise(session, [built], open_gate, run_id, options=options)

    def deliver(session: Session) -> None:
        source = copy(world)
        source.replica = copy(world.replica)
        source.replica.session = session
        session.sql("BEGIN").collect()
        source.orders((1, 1, 11), (3, 13, 30), (6, 6, -6))
        session.sql("COMMIT").collect()

    turns = Turns(SEED)
    with ExitStack() as stack:
        one, two, source = (stack.enter_context(world.another_session()) for _ in range(3))
        stack.enter_context(one_statement_at_a_time(monkeypatch, turns))
        ended = interleaved(
            turns,
            {
                "one": lambda: build(one, "one", [built.name] if is_rebuilt else []),
                "two": lambda: build(two, "two", []),
                "reader": lambda: [world.seen() for _ in range(12)],
                "source": lambda: deliver(source),
            },
        )
    states.append(split(world.source()))
    assert isinstance(ended["reader"], list), ended["reader"]
    assert [seen for seen in ended["reader"] if seen not in states] == []
    assert isinstance(ended["one"], ConcurrentRunError | None), ended
    assert isinstance(ended["two"], ConcurrentRunError | None), ended
    assert None in (ended["one"], ended["two"]), "neither has published"
    assert world.seen() in states[1:]
    world.run(built)
    assert world.seen() == states[2]


def spent(checked: DataFrame) -> DataFrame:
    return checked.group_by("CUSTOMER_ID").count().with_column_renamed("COUNT", "ORDERS")


def of_production(world: World) -> dict[str, list[Row]]:
    """Every row of every table but a developer's, as another session reads it."""
    listed = "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES"
    tables = [f"{schema}.{name}" for schema, name in world.rows(listed) if not str(schema).startswith("EVE_")]
    own = [table for table in tables if not table.startswith("INFORMATION_SCHEMA")]
    return {table: sorted(world.rows(f"SELECT * FROM {table}"), key=repr) for table in sorted(own)}


def test_a_developers_quarantine_is_her_own_and_nothing_of_productions_changes(world: World) -> None:
    contract = (
        Column("customer_id", "NUMBER(10,0)", "Who ordered."),
        Column("orders", "NUMBER(18,0)", "How many."),
    )
    mart = Model(spent, "marts", ("customer_id",), contract, "me", "Sums.", "a customer", "table")
    production = model("incremental")
    world.run(production)
    before = of_production(world)
    assert before["QUALITY.MARTS__CHECKED"]

    def eve(models: list[Model], **sieves: Sieve) -> None:
        options = Options(EVE, known=[production], sieves=sieves)
        outcomes = materialise(world.session, models, open_gate, "eve", options=options)
        assert {outcome.outcome for outcome in outcomes} == {"published"}

    second = Sieve((Sift("Not the second", "CUSTOMER_ID = 2"),))
    eve([mart], spent=second)
    assert world.rows("SELECT CUSTOMER_ID FROM EVE_MARTS.SPENT") == [(1,)], "of production's good orders"
    assert world.rows("SELECT CUSTOMER_ID FROM EVE_QUALITY.MARTS__SPENT") == [(2,)]
    known = other_rules(KNOWN)
    eve([production, mart], checked=known, spent=second)
    assert world.seen(namespace=EVE) == split(world.source(), known)
    assert world.rows("SELECT SUM(ORDERS) FROM EVE_MARTS.SPENT") == [(2,)], "of her own"
    assert of_production(world) == before
