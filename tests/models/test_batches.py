"""What an incremental run changes, what it leaves alone, and when it does not run at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count as counted_from

import pytest
from snowflake.snowpark import DataFrame, Session, Window
from snowflake.snowpark.functions import col, count, iff, lit, row_number
from snowflake.snowpark.functions import sum as sum_

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models import Column, Model
from snowpark_models.clock import as_of
from snowpark_models.errors import ConcurrentRunError
from snowpark_models.runner import Candidate, ModelOutcome, Options, begin, materialise, plan
from snowpark_models.runner.sql import intake as intake_sql
from snowpark_models.runner.sql import tables as tables_sql
from snowpark_models.sources import SOURCES
from tests.models.given import Value
from tests.models.replica import Replica, database, open_gate

CUSTOMER = Column("customer_id", "NUMBER(10,0)", "Who ordered.")


def spending(stg_orders: DataFrame) -> DataFrame:
    return stg_orders.group_by("CUSTOMER_ID").agg(
        count(lit(1)).alias("ORDERS"), sum_("TOTAL_AMOUNT").cast("NUMBER(38,4)").alias("AMOUNT")
    )


def spending_as_of(stg_orders: DataFrame) -> DataFrame:
    return spending(stg_orders).cross_join(as_of(stg_orders))


def mart(function: object, *more: Column) -> Model:
    contract = (
        CUSTOMER,
        Column("orders", "NUMBER(18,0)", "How many."),
        Column("amount", "NUMBER(38,4)", "How much."),
        *more,
    )
    return Model(function, "marts", ("customer_id",), contract, "me", "Sums.", "a customer", "incremental")  # type: ignore[arg-type]


STAGED = plan(["stg_orders"])
SPENDING = mart(spending)
AS_OF = mart(spending_as_of, Column("as_of", "TIMESTAMP_NTZ", "When."))
MODELS = [*STAGED, SPENDING]


class House:
    """A warehouse with a mirror of orders, and what is built on it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.replica = Replica(session, ["raw_orders"])
        self.runs = 0

    def orders(self, *rows: dict[str, Value]) -> None:
        moment = "2026-01-02 03:04:05"
        self.replica.deliver(
            "raw_orders", [{"_committed_at": moment, "_deleted": False, **row} for row in rows]
        )

    def run(self, models: list[Model] = MODELS, audit: object = open_gate) -> dict[str, ModelOutcome]:
        self.runs += 1
        outcomes = materialise(self.session, models, audit, f"run-{self.runs}")  # type: ignore[arg-type]
        return {outcome.model.name: outcome for outcome in outcomes}

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.session.sql(query).collect()]

    def spending(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT CUSTOMER_ID, ORDERS, AMOUNT::INT AS AMOUNT FROM MARTS.SPENDING ORDER BY 1")


@pytest.fixture
def house(session: Session, snowflake: SnowflakeSettings) -> Iterator[House]:
    """Three orders of two customers, built."""
    with database(session, snowflake) as opened:
        house = House(opened)
        house.orders(*(order(number, customer, 10) for number, customer in ((1, 1), (2, 1), (3, 2))))
        house.run()
        yield house


@contextmanager
def other_session(house: House, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session of another run in the same database."""
    ((name,),) = house.rows("SELECT CURRENT_DATABASE()")
    settings = snowflake.model_copy(update={"database": str(name)})
    with connect_snowflake(settings, "the other run") as connection:
        yield snowpark_session(connection)


def order(order_id: int, customer_id: int, amount: int, **more: Value) -> dict[str, Value]:
    return {"order_id": order_id, "customer_id": customer_id, "total_amount": amount, **more}


def test_an_order_that_moves_changes_both_customers_and_no_third(house: House) -> None:
    house.orders(order(4, 3, 5))
    house.run()
    house.orders(order(2, 2, 10))
    outcomes = house.run()
    assert house.spending() == [(1, 1, 10), (2, 2, 20), (3, 1, 5)]
    assert outcomes["stg_orders"].rows_changed == 2, "one row went, one came"
    assert outcomes["spending"].rows_changed == 4
    assert outcomes["spending"].row_count == 3
    log = "SELECT CUSTOMER_ID, _IS_GONE FROM MARTS.SPENDING__CHANGES WHERE _VERSION = 3 ORDER BY 1, 2"
    assert house.rows(log) == [(1, False), (1, True), (2, False), (2, True)]


def test_the_last_row_of_a_part_takes_the_part_with_it(house: House) -> None:
    house.orders(order(3, 2, 10, _deleted=True))
    assert house.run()["spending"].rows_changed == 1
    assert house.spending() == [(1, 2, 20)]


def test_what_comes_out_as_it_was_is_not_new_downstream(house: House) -> None:
    house.orders(order(1, 1, 10, updated_at="2026-03-04 05:06:07"))
    outcomes = house.run()
    assert outcomes["stg_orders"].outcome == "published"
    assert (outcomes["spending"].outcome, outcomes["spending"].rows_changed) == ("unchanged", 0)
    assert {outcome.decision.mode for outcome in house.run().values()} == {"nothing"}


def test_a_closed_gate_leaves_what_readers_have_and_the_next_run_catches_up(house: House) -> None:
    before = house.rows("SELECT * FROM STAGING.STG_ORDERS ORDER BY ORDER_ID")
    house.orders(order(1, 1, 99))
    asked: list[tuple[str, int]] = []

    def closed(candidate: Candidate) -> bool:
        location = candidate.location
        ((found,),) = house.rows(f"SELECT COUNT(*) FROM {location} WHERE TOTAL_AMOUNT = 99")
        asked.append((location, int(str(found))))
        return False

    outcomes = house.run(audit=closed)
    ((location, found),) = asked
    assert location.startswith("STAGING.STG_ORDERS__AUDIT_")
    assert found == 1, "the gate sees the whole table with the batch"
    assert outcomes["stg_orders"].outcome == "gate closed"
    assert outcomes["spending"].outcome == "upstream closed"
    assert house.rows("SELECT * FROM STAGING.STG_ORDERS ORDER BY ORDER_ID") == before
    house.orders(order(5, 2, 1))
    assert house.run()["stg_orders"].rows_changed == 3
    assert house.spending() == [(1, 2, 109), (2, 2, 11)]


def test_a_model_that_asks_for_the_time_of_all_rows_is_refused_also_while_they_have_one(house: House) -> None:
    outcome = house.run([*STAGED, AS_OF])["spending_as_of"]
    assert outcome.outcome == "contract broken"
    assert outcome.reason.startswith("as_of looks at all rows, not at some parts")


def test_a_model_whose_rows_depend_on_all_others_is_refused_with_its_columns_wherever_they_lie(
    house: House,
) -> None:
    def numbered(stg_orders: DataFrame) -> DataFrame:
        place = row_number().over(Window.order_by("ORDER_ID")).cast("NUMBER(10,0)")
        return stg_orders.select("ORDER_ID", iff(col("ORDER_ID") > 1000, place, lit(0)).alias("PLACE"))

    contract = (Column("order_id", "NUMBER(10,0)", "Order."), Column("place", "NUMBER(10,0)", "Place."))
    late = Model(numbered, "marts", ("order_id",), contract, "me", "Places.", "an order", "incremental")
    house.orders(*(order(number, 1, 1) for number in (*range(10, 250), *range(1001, 1021))))
    outcome = house.run([*STAGED, late])["numbered"]
    assert outcome.outcome == "contract broken"
    assert re.fullmatch(
        r"model numbered cannot be incremental: computed for some order_id alone, \d+ rows are not what they "
        r"are in the whole, such as order_id = 10\d\d.* \(in place\)\. Let each row depend on rows of its "
        r'own order_id only, or make it materialized="table"\.',
        outcome.reason,
    )
    made = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = 'NUMBERED'"
    assert house.rows(made) == [(0,)]


def test_arrivals_that_begin_anew_are_not_taken_for_nothing_new(house: House) -> None:
    for amount in (20, 21, 22):
        house.orders(order(1, 1, amount))
    house.run()
    house.session.sql("DELETE FROM OPS.ARRIVALS").collect()
    house.replica.arrivals = counted_from(1)
    house.orders(order(1, 1, 99))
    house.orders(order(2, 1, 99))
    house.run()
    assert house.spending() == [(1, 2, 198), (2, 1, 10)]


def test_a_change_log_that_somebody_dropped_is_begun_anew(house: House) -> None:
    house.session.sql("DROP TABLE STAGING.STG_ORDERS__CHANGES").collect()
    house.orders(order(1, 1, 50))
    outcomes = house.run()
    assert outcomes["stg_orders"].reason == "its change log is not there"
    assert house.spending() == [(1, 2, 60), (2, 1, 10)]
    house.orders(order(1, 1, 51))
    assert {each.decision.mode for each in house.run().values()} == {"incremental"}


def test_a_table_over_a_view_is_built_when_what_the_view_reads_is_new(house: House) -> None:
    def latest(stg_orders: DataFrame) -> DataFrame:
        return stg_orders.select("ORDER_ID")

    def top(latest: DataFrame) -> DataFrame:
        return latest.select("ORDER_ID")

    contract = (Column("order_id", "NUMBER(10,0)", "Number of the order."),)
    view = Model(latest, "marts", ("order_id",), contract, "me", "Latest.", "an order", "view")
    table = Model(top, "marts", ("order_id",), contract, "me", "Top.", "an order", "table")
    house.run([*STAGED, view, table])
    house.orders(order(9, 1, 1))
    house.run(STAGED)
    alone = Options(known=[*STAGED, view])
    (outcome,) = materialise(house.session, [table], open_gate, "alone", options=alone)
    assert (outcome.reason, outcome.row_count) == ("new in latest", 4)
    house.run([*STAGED, view, table])
    (outcome,) = materialise(house.session, [table], open_gate, "again", options=alone)
    assert outcome.outcome == "unchanged"


def test_a_run_that_another_one_overtakes_publishes_nothing(
    house: House, snowflake: SnowflakeSettings
) -> None:
    house.orders(order(1, 1, 50))

    def overtaken(_candidate: Candidate) -> bool:
        with other_session(house, snowflake) as session:
            other = materialise(session, STAGED, open_gate, "other")
        assert [outcome.outcome for outcome in other] == ["published"]
        return True

    with pytest.raises(ConcurrentRunError, match="model stg_orders: another run has begun to build it since"):
        house.run(audit=overtaken)
    log = "SELECT COUNT(*) FROM STAGING.STG_ORDERS__CHANGES WHERE NOT _IS_GONE AND ORDER_ID = 1"
    assert house.rows(log) == [(1,)], "once, by the other one"
    house.run()
    assert house.spending() == [(1, 2, 60), (2, 1, 10)]


def test_a_rebuild_that_died_while_it_was_swapped_in_is_done_again_and_so_is_what_reads_it(
    house: House,
) -> None:
    house.session.sql("UPDATE OPS.MODEL_STATES SET IS_REBUILDING = TRUE WHERE MODEL = 'stg_orders'").collect()
    outcomes = house.run()
    assert outcomes["stg_orders"].reason == "a rebuild of it did not end"
    assert outcomes["spending"].reason == "stg_orders was rebuilt, or keeps no log that reaches back"


def test_a_mirror_that_is_not_finished_stops_what_reads_it(house: House) -> None:
    house.session.sql("INSERT INTO OPS.REPLICATED_TABLES VALUES ('ORDERS', 'snapshot')").collect()
    house.orders(order(7, 7, 7))
    outcomes = house.run()
    assert outcomes["stg_orders"].reason == (
        "not built, because raw_orders is not up to date: replicate has it in state 'snapshot'"
    )
    assert outcomes["spending"].outcome == "upstream closed"


def test_a_view_shows_what_is_there_and_can_become_a_table(house: House) -> None:
    def latest(stg_orders: DataFrame) -> DataFrame:
        return stg_orders.filter(col("ORDER_ID") > 1).select("ORDER_ID")

    contract = (Column("order_id", "NUMBER(10,0)", "Number of the order."),)
    as_view = Model(latest, "marts", ("order_id",), contract, "me", "Latest.", "an order", "view")
    as_table = Model(latest, "marts", ("order_id",), contract, "me", "Latest.", "an order", "table")
    assert house.run([*MODELS, as_view])["latest"].outcome == "published"
    house.orders(order(8, 1, 1))
    house.run(MODELS)
    assert house.rows("SELECT ORDER_ID FROM MARTS.LATEST ORDER BY 1") == [(2,), (3,), (8,)]
    for model, kind in ((as_table, "BASE TABLE"), (as_view, "VIEW")):
        assert house.run([*MODELS, model])["latest"].outcome == "published"
        kinds = "SELECT TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = 'LATEST'"
        assert house.rows(kinds) == [(kind,)]


def test_what_arrives_while_a_run_is_going_on_waits_for_the_next_one(house: House) -> None:
    house.orders(order(1, 1, 11))
    run = begin(house.session, MODELS, open_gate, "going-on")
    house.orders(order(2, 1, 22))
    for model in MODELS:
        run.build(model)
    run.end()
    assert house.spending() == [(1, 2, 21), (2, 1, 10)]
    house.run()
    assert house.spending() == [(1, 2, 33), (2, 1, 10)]


def test_what_a_run_took_in_is_its_own(house: House, snowflake: SnowflakeSettings) -> None:
    house.orders(order(1, 1, 11))
    run = begin(house.session, STAGED, open_gate, "first")
    with other_session(house, snowflake) as other:
        other.sql(intake_sql.create_intake("OPS", SOURCES["raw_orders"])).collect()
        run.build(STAGED[0])
        run.end()
    with other_session(house, snowflake) as other:
        taken = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE STARTSWITH(TABLE_NAME, 'INTAKE__')"
        assert other.sql(taken).collect() == []
    assert house.rows("SELECT TOTAL_AMOUNT::INT FROM STAGING.STG_ORDERS WHERE ORDER_ID = 1") == [(11,)]


def test_a_run_does_not_begin_what_another_one_is_just_publishing(
    house: House, snowflake: SnowflakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one looked before the swap began; what it makes aside must not be swapped in."""
    late = begin(house.session, STAGED, open_gate, "late", Options(rebuilt=["stg_orders"]))
    swap = tables_sql.swap

    def meanwhile(published: str, candidate: str) -> str:
        with pytest.raises(ConcurrentRunError, match="another run has begun to build it"):
            late.build(STAGED[0])
        return swap(published, candidate)

    monkeypatch.setattr(tables_sql, "swap", meanwhile)
    with other_session(house, snowflake) as other:
        options = Options(rebuilt=["stg_orders"])
        (outcome,) = materialise(other, STAGED, open_gate, "publishing", options=options)
    assert outcome.outcome == "published"
    assert house.rows("SELECT COUNT(*) FROM STAGING.STG_ORDERS") == [(3,)]


def test_the_ledger_says_what_was_made_of_what(house: House) -> None:
    house.orders(order(9, 9, 9))
    house.run()
    told = "MODEL, MODE, REASON, ROWS_CHANGED, INPUTS"
    spent, staged = house.rows(f"SELECT {told} FROM OPS.MODEL_RUNS WHERE RUN_ID = 'run-2' ORDER BY MODEL")
    assert spent[:4] == ("spending", "incremental", "new in stg_orders", 1)
    assert json.loads(str(spent[4])) == {"STAGING.STG_ORDERS": 2}
    assert json.loads(str(staged[4])) == {"RAW.ORDERS": 2}


def test_one_run_can_be_asked_to_rebuild(house: House) -> None:
    outcomes = materialise(house.session, MODELS, open_gate, "asked", options=Options(rebuilt=["stg_orders"]))
    assert [outcome.decision.mode for outcome in outcomes] == ["rebuild", "rebuild"]


def test_a_model_that_began_with_one_part_is_tried_by_parts_once_it_has_more(
    session: Session, snowflake: SnowflakeSettings
) -> None:
    def ranked(stg_orders: DataFrame) -> DataFrame:
        rank = row_number().over(Window.order_by("ORDER_ID")).cast("NUMBER(10,0)")
        return stg_orders.select("ORDER_ID", rank.alias("RANK"))

    contract = (Column("order_id", "NUMBER(10,0)", "Number."), Column("rank", "NUMBER(10,0)", "Place."))
    model = Model(ranked, "marts", ("order_id",), contract, "me", "Ranks.", "an order", "incremental")
    with database(session, snowflake) as opened:
        house = House(opened)
        house.orders(order(1, 1, 10))
        assert house.run([*STAGED, model])["ranked"].outcome == "published"
        house.orders(order(2, 1, 10))
        assert "cannot be incremental" in house.run([*STAGED, model])["ranked"].reason


def test_a_model_that_moves_to_another_layer_is_built_there(house: House) -> None:
    assert house.run([*STAGED, replace(SPENDING, layer="features")])["spending"].outcome == "published"
    assert house.rows("SELECT COUNT(*) FROM FEATURES.SPENDING") == [(2,)]
    house.orders(order(1, 1, 11))
    assert house.run([*STAGED, replace(SPENDING, layer="features")])["spending"].rows_changed == 2
