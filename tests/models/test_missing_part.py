"""Rows without the part by which a model is incremental: a batch refuses them by name, as a rebuild does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col

from deployments.settings import SnowflakeSettings
from snowpark_models import Model
from snowpark_models.runner import ModelOutcome, Options, materialise
from snowpark_models.runner.sieve import Sieve, Sift
from tests.models.quarantined import CONTRACT, Row
from tests.models.replica import Replica, database, open_gate

ORDERED_BY_SOMEBODY = Sieve((Sift("Somebody ordered", "CUSTOMER_ID IS NULL"),))


def stg_orders(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ORDER_ID", "CUSTOMER_ID", "TOTAL_AMOUNT", "CURRENCY_CODE")


def kept(stg_orders: DataFrame) -> DataFrame:
    return stg_orders


def sifted(stg_orders: DataFrame) -> DataFrame:
    return stg_orders


def left_out(stg_orders: DataFrame) -> DataFrame:
    return stg_orders.filter(~col("CUSTOMER_ID").is_null())


def declared(layer: str, function: Callable[..., DataFrame], by: str) -> Model:
    parts = (by,) if layer == "marts" else ()
    contract = (
        CONTRACT if layer == "marts" else (CONTRACT[0], replace(CONTRACT[1], nullable=True), *CONTRACT[2:])
    )
    return Model(function, layer, ("order_id",), contract, "me", "Orders.", "an order", "incremental", parts)


MODELS = [
    declared("staging", stg_orders, "order_id"),
    *(declared("marts", function, "customer_id") for function in (kept, sifted, left_out)),
]


class House:
    """Orders of customers, and of nobody."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.replica = Replica(session, ["raw_orders"])
        self.runs = 0

    def orders(self, *orders: tuple[int, int | None]) -> None:
        moment = {"_committed_at": "2026-01-02 03:04:05", "_deleted": False}
        rows = [{"order_id": order, "customer_id": customer, **moment} for order, customer in orders]
        self.replica.deliver("raw_orders", rows)

    def run(self, *rebuilt: str) -> dict[str, ModelOutcome]:
        self.runs += 1
        options = Options(rebuilt=rebuilt, sieves={"sifted": ORDERED_BY_SOMEBODY})
        outcomes = materialise(self.session, MODELS, open_gate, f"run-{self.runs}", options=options)
        return {outcome.model.name: outcome for outcome in outcomes[1:]}

    def shown(self, table: str) -> Counter[Row]:
        rows = self.session.sql(f"SELECT ORDER_ID, CUSTOMER_ID FROM {table}").collect()
        return Counter(tuple(row) for row in rows)


@pytest.fixture
def house(session: Session, snowflake: SnowflakeSettings) -> Iterator[House]:
    """Three orders of two customers, built."""
    with database(session, snowflake) as opened:
        house = House(opened)
        house.orders((1, 1), (2, 1), (3, 2))
        house.run()
        yield house


def test_no_row_without_its_part_is_missed(house: House) -> None:
    names = ("kept", "sifted", "left_out")
    before = house.shown("MARTS.KEPT")
    house.orders((2, None), (4, 2), (5, None))
    for rebuilt in ((), names):
        outcomes = house.run(*rebuilt)
        assert [outcomes[name].outcome for name in names] == [
            "contract broken",
            "contract broken",
            "published",
        ]
        assert "CUSTOMER_ID" in outcomes["kept"].reason.upper()
        assert "CUSTOMER_ID" in outcomes["sifted"].reason.upper()
        assert house.shown("MARTS.KEPT") == house.shown("MARTS.SIFTED") == before
        assert house.shown("QUALITY.MARTS__SIFTED") == Counter()
        assert house.shown("MARTS.LEFT_OUT") == Counter([(1, 1), (3, 2), (4, 2)])
    house.orders((2, 2), (5, 1))
    assert {outcome.outcome for outcome in house.run().values()} == {"published"}
    for name in names:
        assert house.shown(f"MARTS.{name}") == house.shown("RAW.ORDERS")
