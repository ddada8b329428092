"""A range computed again: what it repairs and leaves alone, what the ledger keeps, who is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import count, lit

from deployments.settings import SnowflakeSettings
from snowpark_models import Column, Model
from snowpark_models.errors import BackfillError
from snowpark_models.runner import ModelOutcome, Options, materialise, plan
from snowpark_models.runner.backfill import Backfill
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.warehouse import Warehouse
from tests.models.replica import Replica, database, open_gate

CONTRACT = (
    Column("placed_on", "DATE", "Day."),
    Column("orders", "NUMBER(18,0)", "How many."),
)
JANUARY = Backfill("placed_on", "2026-01-01", "2026-02-01")
REASON = "a backfill of placed_on from 2026-01-01 to before 2026-02-01 was asked for"


def daily_orders(stg_orders: DataFrame) -> DataFrame:
    return stg_orders.group_by("PLACED_ON").agg(count(lit(1)).alias("ORDERS"))


def mart(kind: str = "incremental") -> Model:
    return Model(daily_orders, "marts", ("placed_on",), CONTRACT, "me", "Days.", "a day", kind)  # type: ignore[arg-type]


MODELS = [*plan(["stg_orders"]), mart()]


class House:
    """Orders of January and February, built."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.replica = Replica(session, ["raw_orders"])
        self.runs = 0
        self.order(1, "2026-01-01")
        self.order(2, "2026-01-31")
        self.order(3, "2026-02-01")
        self.run()

    def order(self, number: int, day: str) -> None:
        row = {"order_id": number, "placed_at": f"{day} 12:00:00", "total_amount": 10}
        self.replica.deliver("raw_orders", [{**row, "_committed_at": "2026-03-01", "_deleted": False}])

    def run(self, backfill: Backfill | None = None) -> dict[str, ModelOutcome]:
        self.runs += 1
        options = Options(backfill=backfill)
        outcomes = materialise(self.session, MODELS, open_gate, f"run-{self.runs}", options=options)
        return {outcome.model.name: outcome for outcome in outcomes}

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.session.sql(query).collect()]

    def amounts(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT ORDER_ID, TOTAL_AMOUNT::INT AS A FROM STAGING.STG_ORDERS ORDER BY 1")

    def days(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT PLACED_ON::VARCHAR AS DAY, ORDERS FROM MARTS.DAILY_ORDERS ORDER BY 1")


@pytest.fixture(scope="module")
def house(session: Session, snowflake: SnowflakeSettings) -> Iterator[House]:
    with database(session, snowflake) as opened:
        yield House(opened)


def test_a_backfill_repairs_its_range_and_nothing_else(house: House) -> None:
    for damage in (
        "UPDATE STAGING.STG_ORDERS SET TOTAL_AMOUNT = 99 WHERE ORDER_ID > 1",
        "UPDATE MARTS.DAILY_ORDERS SET ORDERS = 99",
        "DELETE FROM MARTS.DAILY_ORDERS WHERE PLACED_ON = '2026-01-01'",
        "INSERT INTO MARTS.DAILY_ORDERS SELECT '2026-01-15'::DATE, 99",
    ):
        house.session.sql(damage).collect()
    assert {each.outcome for each in house.run().values()} == {"unchanged"}

    outcomes = house.run(JANUARY)
    assert house.amounts() == [(1, 10), (2, 10), (3, 99)]
    assert house.days() == [("2026-01-01", 1), ("2026-01-31", 1), ("2026-02-01", 99)]
    assert outcomes["daily_orders"].rows_changed == 4, "two rows went, two came"
    ledger = house.rows(
        f"SELECT MODEL, MODE, REASON FROM OPS.MODEL_RUNS WHERE RUN_ID = 'run-{house.runs}' ORDER BY 1"
    )
    assert ledger == [
        ("daily_orders", "incremental", f"new in stg_orders; {REASON}"),
        ("stg_orders", "incremental", REASON),
    ]
    logged = house.rows(
        "SELECT PLACED_ON::VARCHAR AS DAY, _IS_GONE FROM MARTS.DAILY_ORDERS__CHANGES ORDER BY 1, 2"
    )
    first, middle, last = "2026-01-01", "2026-01-15", "2026-01-31"
    assert logged == [(first, False), (middle, True), (last, False), (last, True)]


def test_a_backfill_takes_what_is_new_with_it_and_changes_nothing_twice(house: House) -> None:
    house.order(4, "2026-03-01")
    house.run(JANUARY)
    assert ("2026-03-01", 1) in house.days()
    again = house.run(JANUARY)
    assert {each.outcome for each in again.values()} == {"unchanged"}
    assert {each.decision.mode for each in again.values()} == {"incremental"}


@pytest.mark.parametrize(
    ("kind", "column", "message"),
    [
        ("table", "placed_on", "daily_orders cannot be backfilled: it is a table"),
        ("view", "placed_on", "daily_orders cannot be backfilled: it is a view"),
        ("incremental", "shipped_on", "has no column shipped_on; there are placed_on, orders"),
    ],
)
def test_what_cannot_be_backfilled_is_refused_by_name(
    house: House, kind: str, column: str, message: str
) -> None:
    warehouse = Warehouse(house.session, Namespace())
    with pytest.raises(BackfillError, match=message):
        Backfill(column, "2026-01-01", "2026-02-01").check(warehouse, [mart(kind)])


@pytest.mark.parametrize("end", ["2026-01-01", "2025-02-01"])
def test_a_range_in_which_nothing_can_lie_is_refused(house: House, end: str) -> None:
    with pytest.raises(BackfillError, match="write the earlier first"):
        house.run(Backfill("placed_on", "2026-01-01", end))


@pytest.mark.parametrize("text", ["2026-01-01..2026-02-01", "placed_on=2026-01-01", "placed_on=..2026-02-01"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(BackfillError, match="COLUMN=BEGIN"):
        Backfill.parsed(text)
    assert Backfill.parsed("placed_on=2026-01-01..2026-02-01") == JANUARY
