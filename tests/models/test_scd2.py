"""SCD2 models: the versions of what runs see one after the other, held against dbt's snapshots."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, iff, lit, sql_expr
from snowflake.snowpark.types import BinaryType

from deployments.settings import SnowflakeSettings
from snowpark_models import Column, Model
from snowpark_models.contract import VERSION_COLUMNS
from snowpark_models.runner import ModelOutcome, Options, materialise, plan
from tests.models.dbt_snapshots import State, Version, snapshots
from tests.models.replica import Replica, database, open_gate

BEGIN = datetime(2026, 1, 1)
ID = Column("order_id", "NUMBER(10,0)", "Number of the order.")
VALUE = Column("value", "NUMBER(10,0)", "What it costs; NULL: nothing.", nullable=True)
MARK = Column("mark", "VARCHAR(1)", "Was not there at first.", nullable=True)


def amounts(stg_orders: DataFrame) -> DataFrame:
    value = iff(col("TOTAL_AMOUNT") == 0, lit(None), col("TOTAL_AMOUNT")).cast("NUMBER(10,0)")
    return stg_orders.select("ORDER_ID", value.alias("VALUE"))


def amounts_by_parts(stg_orders: DataFrame) -> DataFrame:
    return amounts(stg_orders)


def amounts_compared(amounts: DataFrame) -> DataFrame:
    return amounts


def of_orders(function: object, kind: str = "scd2", *more: Column) -> Model:
    contract, key, parts = (ID, VALUE, *more), ("order_id",), ()
    if kind == "scd2":
        contract, key, parts = (*contract, *VERSION_COLUMNS), ("order_id", "valid_from"), ("order_id",)
    return Model(function, "marts", key, contract, "me", "Amounts.", "an order", kind, parts)  # type: ignore[arg-type]


BY_PARTS = of_orders(amounts_by_parts)
MODELS = [*plan(["stg_orders"]), BY_PARTS, of_orders(amounts, "table"), of_orders(amounts_compared)]


class Watched:
    """Orders in a mirror, and runs that look at them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.replica = Replica(session, ["raw_orders"])
        self.began: list[datetime] = []
        self.state: State = {}

    def becomes(self, state: State) -> None:
        """Bring the changes in that lead to a state."""
        changed = [(key, value, False) for key, value in state.items() if self.state.get(key, -1) != value]
        gone = [(key, 0, True) for key in self.state.keys() - state.keys()]
        self.replica.deliver(
            "raw_orders",
            [
                {
                    "order_id": key,
                    "total_amount": value or 0,
                    "_committed_at": str(BEGIN),
                    "_deleted": is_deleted,
                }
                for key, value, is_deleted in (*changed, *gone)
            ],
        )
        self.state = state

    def run(self, models: list[Model] = MODELS, options: Options | None = None) -> dict[str, ModelOutcome]:
        self.began.append(datetime.now(UTC).replace(tzinfo=None))
        run_id = f"run-{len(self.began)}"
        outcomes = materialise(self.session, models, open_gate, run_id, options=options)
        assert {each.reason for each in outcomes if not each.is_published} == set()
        return {each.model.name: each for each in outcomes}

    def versions(self, table: str) -> list[Version]:
        """What is published, with the run's place among all runs for the time at which it looked."""
        rows = self.session.sql(
            f"SELECT ORDER_ID, VALUE, VALID_FROM, VALID_TO, IS_CURRENT FROM MARTS.{table} ORDER BY 1, 3"
        ).collect()
        assert all(current == (end is None) for *_, end, current in rows)
        return [
            (key, value, self.moment(begin), end and self.moment(end)) for key, value, begin, end, _ in rows
        ]

    def moment(self, seen_at: datetime) -> datetime:
        return BEGIN + timedelta(seconds=bisect_right(self.began, seen_at))


@pytest.fixture
def watched(session: Session, snowflake: SnowflakeSettings) -> Iterator[Watched]:
    with database(session, snowflake) as opened:
        yield Watched(opened)


def test_versions_are_those_of_dbt_snapshots_of_the_same_states(watched: Watched, tmp_path: Path) -> None:
    """Random states, with deletes, returns and NULLs; one model follows changes, one compares a table."""
    chance = random.Random(20261123)
    states: list[State] = []
    modes: dict[str, set[str]] = {"amounts_by_parts": set(), "amounts_compared": set()}
    for _ in range(6):
        there = chance.sample(range(1, 41), k=30)
        states.append({key: chance.choice((None, 1, 1, 2)) for key in sorted(there)})
        watched.becomes(states[-1])
        outcomes = watched.run()
        for name, found in modes.items():
            found.add(outcomes[name].decision.mode)
    times = [BEGIN + timedelta(seconds=number) for number in range(1, len(states) + 1)]
    expected = snapshots(tmp_path, list(zip(times, states, strict=True)))
    assert len(expected) > 90
    assert watched.versions("AMOUNTS_BY_PARTS") == expected
    assert watched.versions("AMOUNTS_COMPARED") == expected
    assert modes == {"amounts_by_parts": {"rebuild", "incremental"}, "amounts_compared": {"rebuild"}}


def test_a_rebuild_keeps_the_past_and_a_new_column_is_null_in_it(watched: Watched) -> None:
    models = [*plan(["stg_orders"]), BY_PARTS]
    watched.becomes({1: 5, 2: 6})
    watched.run(models)
    watched.becomes({1: 7})
    watched.run(models)
    past = watched.versions("AMOUNTS_BY_PARTS")
    assert len(past) == 3
    watched.run(models, Options(rebuilt=["amounts_by_parts"]))
    assert watched.versions("AMOUNTS_BY_PARTS") == past

    def amounts_by_parts(stg_orders: DataFrame) -> DataFrame:
        return amounts(stg_orders).with_column("MARK", lit("x"))

    watched.run([*plan(["stg_orders"]), of_orders(amounts_by_parts, "scd2", MARK)])
    rows = watched.session.sql(
        "SELECT ORDER_ID, VALUE, MARK, IS_CURRENT FROM MARTS.AMOUNTS_BY_PARTS ORDER BY 1, VALID_FROM"
    ).collect()
    assert [tuple(row) for row in rows] == [
        (1, 5, None, False),
        (1, 7, None, False),
        (1, 7, "x", True),
        (2, 6, None, False),
    ]


def test_what_a_function_returns_is_held_to_the_contract_without_the_columns_of_versions(
    watched: Watched,
) -> None:
    def amounts_by_parts(stg_orders: DataFrame) -> DataFrame:
        return amounts(stg_orders).with_column("VALID_FROM", lit("then"))

    watched.becomes({1: 5})
    outcomes = materialise(
        watched.session, [*plan(["stg_orders"]), of_orders(amounts_by_parts)], open_gate, "run"
    )
    assert "VALID_FROM is not in the contract" in outcomes[-1].reason


def test_a_key_that_has_two_rows_now_is_refused_even_where_both_are_alike(watched: Watched) -> None:
    def amounts_by_parts(stg_orders: DataFrame) -> DataFrame:
        return amounts(stg_orders).union_all(amounts(stg_orders))

    watched.becomes({1: 5})
    watched.run([*plan(["stg_orders"]), BY_PARTS])
    twice = replace(BY_PARTS, function=amounts_by_parts)
    outcome = materialise(watched.session, [*plan(["stg_orders"]), twice], open_gate, "twice")[-1]
    assert "it has more than one row of ORDER_ID = 1" in outcome.reason


def test_what_only_the_table_remembers_is_not_dropped_in_silence(watched: Watched) -> None:
    watched.becomes({1: 5, 2: 6})
    watched.run([*plan(["stg_orders"]), BY_PARTS])
    watched.becomes({1: 7})
    watched.run([*plan(["stg_orders"]), BY_PARTS])
    past = watched.versions("AMOUNTS_BY_PARTS")

    def amounts_by_parts(stg_orders: DataFrame) -> DataFrame:
        return amounts(stg_orders).select("ORDER_ID")

    fewer = replace(
        BY_PARTS,
        function=amounts_by_parts,
        contract=tuple(column for column in BY_PARTS.contract if column.name != "value"),
    )
    cut = tuple(
        replace(column, type="BOOLEAN") if column.name == "value" else column for column in BY_PARTS.contract
    )
    as_table = replace(of_orders(amounts_by_parts, "table"), contract=(ID,))
    for model, problem in (
        (fewer, "columns VALUE would be lost"),
        (as_table, "columns IS_CURRENT, VALID_FROM, VALID_TO, VALUE would be lost"),
        (replace(BY_PARTS, contract=cut), "in types that would be cut"),
    ):
        outcome = materialise(watched.session, [*plan(["stg_orders"]), model], open_gate, "less")[-1]
        assert outcome.outcome == "contract broken"
        assert problem in outcome.reason
    assert watched.versions("AMOUNTS_BY_PARTS") == past


def marked(stg_orders: DataFrame) -> DataFrame:
    mark = sql_expr("TO_BINARY(TO_VARCHAR(ORDER_ID), 'UTF-8')").cast(BinaryType()).alias("MARK")
    return amounts(stg_orders).join(stg_orders.select("ORDER_ID", mark), "ORDER_ID")


def test_a_version_may_have_bytes(watched: Watched) -> None:
    model = of_orders(marked, "scd2", Column("mark", "BINARY(8)", "Bytes."))
    for state in ({1: 5, 2: 6}, {1: 7, 2: 6}):
        watched.becomes(state)
        assert watched.run([*plan(["stg_orders"]), model])["marked"].outcome == "published"
    versions = watched.session.sql("SELECT ORDER_ID, VALUE, MARK FROM MARTS.MARKED ORDER BY 1, 2").collect()
    assert [tuple(row) for row in versions] == [(1, 5, b"1"), (1, 7, b"1"), (2, 6, b"2")]
