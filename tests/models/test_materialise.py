"""Write, audit, publish: what readers see, whatever happens in between."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from snowpark_models import Column, Model
from snowpark_models.errors import MissingTableError
from snowpark_models.runner import ModelOutcome, Options, materialise, plan
from tests.models.five_models import (
    CONTRACT,
    MODELS,
    Gate,
    content,
    declared,
    one_more_order,
    rows,
    tables,
    without_token,
)


def outcomes(results: list[ModelOutcome]) -> dict[str, str]:
    return {result.model.name: result.outcome for result in results}


def test_all_is_published_in_order_and_nothing_is_left_aside(warehouse: Session) -> None:
    gate = Gate()
    results = materialise(warehouse, MODELS, gate, "run-1")
    assert outcomes(results) == dict.fromkeys((model.name for model in MODELS), "published")
    assert [result.row_count for result in results] == [2, 2, 2, 2, 4]
    asked = [(layer, table, without_token(location)) for layer, table, location in gate.asked]
    assert asked == [(m.layer, m.table, f"{m.schema}.{m.table}__CANDIDATE") for m in MODELS]
    assert tables(warehouse) == {model.table for model in MODELS}
    assert [row[0] for row in rows(warehouse, "SELECT ID FROM FEATURES.SCORES ORDER BY ID")] == [
        1,
        2,
        1001,
        1002,
    ]


def test_the_ledger_and_the_query_tag_name_run_and_model(warehouse: Session) -> None:
    materialise(warehouse, MODELS[:1], Gate(), "run-'1'")
    ledger = rows(warehouse, "SELECT RUN_ID, LAYER, MODEL, OUTCOME, ROW_COUNT FROM OPS.MODEL_RUNS")
    assert ledger == [("run-'1'", "staging", "stg_orders", "published", 2)]
    assert rows(warehouse, "SELECT COUNT(*) AS N FROM OPS.MODEL_RUNS WHERE STARTED_AT <= ENDED_AT") == [(1,)]
    assert warehouse.query_tag == '{"flow": "transform", "model": "stg_orders", "run": "run-\'1\'"}'


def test_progress_is_told_before_and_after_each_model(warehouse: Session) -> None:
    heard: list[str] = []

    class Ear:
        def warned(self, message: str) -> None:
            heard.append(message)

        def started(self, model: Model, number: int, total: int) -> None:
            heard.append(f"{number}/{total} {model.name}")

        def ended(self, outcome: ModelOutcome) -> None:
            heard.append(f"{outcome.model.name} {outcome.outcome}")

    materialise(warehouse, plan(["sales", "stg_orders"], MODELS), Gate({"STG_ORDERS"}), "run-1", Ear())
    assert heard == ["1/2 stg_orders", "stg_orders gate closed", "2/2 sales", "sales upstream closed"]


def test_a_second_run_replaces_what_the_first_published(warehouse: Session) -> None:
    materialise(warehouse, MODELS, Gate(), "run-1")
    one_more_order(warehouse)
    results = materialise(warehouse, MODELS, Gate(), "run-2")
    assert [result.row_count for result in results] == [3, 2, 2, 3, 5]
    assert len(content(warehouse, MODELS[0])["stg_orders"]) == 3
    assert tables(warehouse) == {model.table for model in MODELS}


def test_the_contract_makes_the_published_columns(warehouse: Session) -> None:
    materialise(warehouse, MODELS, Gate(), "run-1")
    columns = rows(
        warehouse,
        "SELECT COLUMN_NAME, DATA_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE "
        "FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'SALES' ORDER BY ORDINAL_POSITION",
    )
    assert columns == [("ID", "NUMBER", 10, 0), ("AMOUNT", "NUMBER", 19, 4)]


def test_a_changed_contract_changes_the_published_columns(warehouse: Session) -> None:
    materialise(warehouse, MODELS[:1], Gate(), "run-1")
    wider = Column("doubled", "NUMBER(38,4)", "Twice the amount.")

    def stg_orders(raw_orders: DataFrame) -> DataFrame:
        return raw_orders.select("ID", "AMOUNT", (col("AMOUNT") + col("AMOUNT")).alias("DOUBLED"))

    changed = dataclasses.replace(declared("staging", stg_orders), contract=(*CONTRACT, wider))
    (result,) = materialise(warehouse, [changed], Gate(), "run-2")
    assert result.is_published
    assert rows(warehouse, "SELECT ID, DOUBLED FROM STAGING.STG_ORDERS ORDER BY ID") == [
        (1, Decimal("3.0000")),
        (2, Decimal("4.5000")),
    ]


def test_a_closed_gate_keeps_the_last_good_table_and_all_that_reads_it(warehouse: Session) -> None:
    materialise(warehouse, MODELS, Gate(), "run-1")
    before = content(warehouse, *MODELS)
    one_more_order(warehouse)
    warehouse.sql("INSERT INTO RAW.PAYMENTS VALUES (3, 3)").collect()

    gate = Gate(closed={"STG_ORDERS"})
    results = materialise(warehouse, MODELS, gate, "run-2")

    assert outcomes(results) == {
        "stg_orders": "gate closed",
        "stg_payments": "published",
        "receipts": "published",
        "sales": "upstream closed",
        "scores": "upstream closed",
    }
    after = content(warehouse, *MODELS)
    assert {name for name in before if before[name] != after[name]} == {"stg_payments", "receipts"}
    assert {table for _, table, _ in gate.asked} == {"STG_ORDERS", "STG_PAYMENTS", "RECEIPTS"}
    by_model = {result.model.name: result for result in results}
    shown = re.search(r"(STAGING\.STG_ORDERS__CANDIDATE_\w+) shows what was", by_model["stg_orders"].reason)
    assert shown is not None
    assert rows(warehouse, f"SELECT ID FROM {shown[1]} ORDER BY ID") == [(1,), (2,), (3,)]
    assert by_model["scores"].reason == "not built, because sales did not pass"
    closed = rows(warehouse, "SELECT MODEL, ROW_COUNT FROM OPS.MODEL_RUNS WHERE OUTCOME = 'gate closed'")
    assert closed == [("stg_orders", 3)]


def test_a_gate_that_closes_at_the_first_run_publishes_nothing_below_it(warehouse: Session) -> None:
    results = materialise(warehouse, MODELS, Gate(closed={"SALES"}), "run-1")
    assert outcomes(results)["scores"] == "upstream closed"
    assert tables(warehouse) == {"STG_ORDERS", "STG_PAYMENTS", "RECEIPTS", "SALES__CANDIDATE"}


def test_the_next_run_after_the_repair_publishes_and_takes_the_refused_candidate_away(
    warehouse: Session,
) -> None:
    materialise(warehouse, MODELS, Gate(closed={"SALES"}), "run-1")
    results = materialise(warehouse, MODELS, Gate(), "run-2")
    assert set(outcomes(results).values()) == {"published"}
    assert tables(warehouse) == {model.table for model in MODELS}


def test_a_source_whose_gate_is_closed_stops_what_reads_it(warehouse: Session) -> None:
    results = materialise(warehouse, MODELS, Gate(), "run-1", options=Options(closed_sources={"raw_orders"}))
    assert [name for name, outcome in outcomes(results).items() if outcome == "published"] == [
        "stg_payments",
        "receipts",
    ]


def other_columns(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ID", col("AMOUNT").alias("AMUONT"))


def other_type(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ID", col("AMOUNT").cast("FLOAT").alias("AMOUNT"))


def finer_scale(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ID", col("AMOUNT").cast("NUMBER(19,6)").alias("AMOUNT"))


def local_time(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ID", lit("2026-01-01").cast("TIMESTAMP_TZ").alias("AMOUNT"))


def with_nulls(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ID", lit(None).cast("NUMBER(19,4)").alias("AMOUNT"))


def twice(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.union_all(raw_orders)


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (other_columns, "AMOUNT is missing, AMUONT is not in the contract"),
        (other_type, "AMOUNT is FLOAT, not NUMBER(19,4)"),
        (finer_scale, "AMOUNT is NUMBER(19,6), not NUMBER(19,4)"),
        (local_time, "AMOUNT is TIMESTAMP_TZ, not NUMBER(19,4)"),
        (with_nulls, "AMOUNT is NULL in 2 rows"),
        (twice, "2 keys (id) occur more than once, such as 1; 2"),
    ],
)
def test_a_result_that_breaks_its_contract_is_not_published(
    warehouse: Session, function: Callable[..., DataFrame], problem: str
) -> None:
    broken = declared("staging", function)
    gate = Gate()
    (result,) = materialise(warehouse, [broken], gate, "run-1")
    assert result.outcome == "contract broken"
    assert result.reason == f"STAGING.{broken.table} breaks its contract: {problem}"
    assert gate.asked == []
    assert broken.table not in tables(warehouse)


def test_a_table_that_is_not_there_is_named_before_anything_is_built(warehouse: Session) -> None:
    warehouse.sql("DROP TABLE RAW.PAYMENTS").collect()
    with pytest.raises(
        MissingTableError, match="model stg_payments: raw_payments has no table yet: let the flow"
    ):
        materialise(warehouse, MODELS, Gate(), "run-1")
    with pytest.raises(
        MissingTableError, match="model scores: sales has no table yet: build the model sales"
    ):
        materialise(warehouse, MODELS[-1:], Gate(), "run-1")
    assert tables(warehouse) == set()


def test_a_part_of_the_models_reads_what_was_published_earlier(warehouse: Session) -> None:
    materialise(warehouse, MODELS, Gate(), "run-1")
    one_more_order(warehouse)
    results = materialise(warehouse, plan(["features"], MODELS), Gate(), "run-2")
    assert [(result.outcome, result.reason) for result in results] == [
        ("unchanged", "nothing is new upstream")
    ]
    options = Options(rebuilt={"scores"})
    results = materialise(warehouse, plan(["features"], MODELS), Gate(), "run-3", options=options)
    assert [(result.row_count, result.reason) for result in results] == [(4, "a rebuild was asked for")]


def test_what_fails_in_a_models_function_is_told_of_that_model_and_the_others_are_built(
    warehouse: Session,
) -> None:
    def sales(stg_orders: DataFrame) -> DataFrame:
        return stg_orders.selekt("ID")

    def receipts(stg_payments: DataFrame) -> DataFrame:
        stg_payments.select("ID", "AMOUNT")  # the return is forgotten

    models = plan([], [*MODELS[:2], declared("marts", sales), declared("marts", receipts)])
    outcomes = {each.model.name: each for each in materialise(warehouse, models, Gate(), "run-1")}
    assert outcomes["stg_orders"].outcome == outcomes["stg_payments"].outcome == "published"
    assert "no attribute selekt (sales, line " in outcomes["sales"].reason
    assert outcomes["receipts"].reason == "model receipts returned None: return a DataFrame"


def test_a_view_with_a_value_that_cannot_be_read_is_not_published(warehouse: Session) -> None:
    def sales(stg_orders: DataFrame) -> DataFrame:
        return stg_orders.select("ID", lit("ABCDEF").alias("MARK"))

    contract = (CONTRACT[0], Column("mark", "VARCHAR(3)", "A mark.", nullable=True))
    view = dataclasses.replace(declared("marts", sales), contract=contract, materialized="view")
    outcome = materialise(warehouse, [*MODELS[:2], view], Gate(), "run-1")[-1]
    assert outcome.outcome == "contract broken"
    assert "a text is too long for its column" in outcome.reason


def test_a_value_that_does_not_fit_breaks_the_contract_and_leaves_what_is_published(
    warehouse: Session,
) -> None:
    materialise(warehouse, MODELS, Gate(), "run-1")
    before = content(warehouse, *MODELS)

    def sales(stg_orders: DataFrame) -> DataFrame:
        return stg_orders.select("ID", (col("AMOUNT").cast("NUMBER(38,4)") * 10**15).alias("AMOUNT"))

    (outcome,) = materialise(warehouse, [declared("marts", sales)], Gate(), "run-2")
    assert outcome.outcome == "contract broken"
    assert "MARTS.SALES breaks its contract" in outcome.reason
    assert content(warehouse, *MODELS) == before


def test_what_the_warehouse_quotes_of_a_row_is_told_to_nobody(warehouse: Session) -> None:
    warehouse.sql("CREATE TABLE RAW.CUSTOMERS AS SELECT 1 AS ID, 'ann@x.example' AS EMAIL").collect()

    def stg_customers(raw_customers: DataFrame) -> DataFrame:
        return raw_customers.select("ID", col("EMAIL").cast("NUMBER(19,4)").alias("AMOUNT"))

    def emails(raw_customers: DataFrame) -> DataFrame:
        return raw_customers.union_all(raw_customers)

    email = Column("email", "VARCHAR", "Where to write to.", personal=True)
    keyed = dataclasses.replace(declared("marts", emails), contract=(CONTRACT[0], email), key=("id", "email"))
    models = [declared("staging", stg_customers), keyed]
    reasons = [each.reason for each in materialise(warehouse, models, Gate(), "run-1")]
    assert "a value is of another type for its column" in reasons[0]
    assert "'…'" in reasons[0]
    assert reasons[1].endswith("1 keys (id, email) occur more than once, such as 1, •••")
    assert "ann@" not in str(rows(warehouse, "SELECT * FROM OPS.MODEL_RUNS"))
