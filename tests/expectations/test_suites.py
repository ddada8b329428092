"""Every suite lets good data through, and every rule of every suite stops what breaks it."""

from __future__ import annotations

import pytest
from snowflake.connector import SnowflakeConnection

from expectations.gate import Gate, suites_of
from expectations.gate.catalog import LAYERS
from expectations.gate.needs import answerable
from snowpark_models.runner import plan
from tests.expectations.contracts import contract_of_table, suite_of
from tests.expectations.corruption import (
    CHANGED_OF_LATE,
    change_that_breaks,
    is_over_time,
    needs_a_copy,
    takes_rows_away,
)
from tests.expectations.good_data import ROWS
from tests.expectations.replicated import compared

TABLES = [(layer, table) for layer in LAYERS for table in suites_of(layer)]
HAS_ROWS = "The table has at least one row"


def test_every_mirror_and_every_model_has_a_suite() -> None:
    assert set(suites_of("raw")) == set(ROWS)
    assert {(layer, table) for layer, table in TABLES if layer != "raw"} == {
        (model.layer, model.name) for model in plan()
    }


@pytest.mark.parametrize(("layer", "table"), TABLES)
def test_good_data_pass(gate: Gate, layer: str, table: str) -> None:
    result = gate.check(layer, table, contract=contract_of_table(layer, table))
    assert result.failures == ()
    assert result.outcome == "open"
    assert result.allows_publishing


@pytest.mark.parametrize(("layer", "table"), TABLES)
def test_every_rule_stops_what_breaks_it(
    gate: Gate, connection: SnowflakeConnection, layer: str, table: str
) -> None:
    suite = answerable(connection, suite_of(layer, table))
    location = broken_copy(connection, layer, table)
    connection.cursor().execute(compared(table, "different"))
    result = gate.check(layer, table, location, contract=contract_of_table(layer, table))
    connection.cursor().execute(compared(table, "equal"))
    assert {check.expectation for check in result.checks if check.success} == {
        HAS_ROWS,
        *(rule.sentence for rule in suite.rules if is_over_time(rule)),
    }
    assert [check.error for check in result.checks if check.error] == []
    assert result.outcome == "closed"
    key = suite.key[0]
    for check in result.failures:
        assert check.failing_rows, check
        assert check.sample_keys, check
        assert all(sample.startswith(f"{key}=") for sample in check.sample_keys), check
    assert rows_that_break(connection, layer, table, location) == {
        rule.sentence: check.failing_rows
        for rule, check in zip(suite.rules, result.checks, strict=True)
        if rule.is_row_local
    }


@pytest.mark.parametrize(("layer", "severity"), [("raw", "warning"), ("staging", "critical")])
def test_an_empty_table_is_told(
    gate: Gate, connection: SnowflakeConnection, layer: str, severity: str
) -> None:
    table = {"raw": "products", "staging": "stg_products"}[layer]
    location = f"{layer}.{table}__EMPTY"
    connection.cursor().execute(
        f"CREATE OR REPLACE TABLE {location} AS SELECT * FROM {layer}.{table} WHERE FALSE"
    )
    told = {check.expectation: check.severity for check in gate.check(layer, table, location).failures}
    assert told[HAS_ROWS] == severity
    assert {*told} <= {HAS_ROWS, CHANGED_OF_LATE}, "a mirror may be empty, unless its log has changes"


BREAKAGES = [
    (
        "raw",
        "customers",
        "SET EMAIL = REPLACE(EMAIL, '@', ' at ') WHERE CUSTOMER_ID = 1",
        ["EMAIL has the form something@something", CHANGED_OF_LATE],
        "CUSTOMER_ID=1",
    ),
    (
        "raw",
        "orders",
        "SET CURRENCY_CODE = 'XXX' WHERE ORDER_ID = 3",
        ["CURRENCY_CODE is one of EUR, USD, GBP, DKK, SEK", CHANGED_OF_LATE],
        "ORDER_ID=3",
    ),
    (
        "staging",
        "stg_activities",
        "SET STATUS = 'teleported' WHERE ACTIVITY_ID = 2",
        [
            "STATUS is one of planned, open, completed, cancelled",
            "What comes from RAW.ACTIVITIES is as it is there",
        ],
        "ACTIVITY_ID=2",
    ),
    (
        "staging",
        "stg_order_lines",
        "SET QUANTITY = -QUANTITY WHERE ORDER_ID = 2 AND LINE_NUMBER = 2",
        [
            "QUANTITY is from 1 to 1,000",
            "LINE_AMOUNT is quantity times unit price less the discount",
            "What comes from RAW.ORDER_LINES is as it is there",
            "LIST_AMOUNT is QUANTITY * UNIT_PRICE",
        ],
        "ORDER_ID=2, LINE_NUMBER=2",
    ),
    (
        "marts",
        "order_facts",
        "SET TOTAL_AMOUNT = TOTAL_AMOUNT + 100 WHERE ORDER_ID = 3",
        [
            "The total of an order is the sum of its lines, and there is at least one",
            "What comes from STG_ORDERS is as it is there",
            "LINES_DIFFERENCE is TOTAL_AMOUNT - LINES_AMOUNT",
            "ORDER_TOTAL_MATCHES_LINES is LINE_COUNT > 0 AND LINES_AMOUNT = TOTAL_AMOUNT",
            "OUTSTANDING_AMOUNT is IFF(IS_CANCELLED, 0, TOTAL_AMOUNT - CAPTURED_AMOUNT)",
            "PAYMENTS_FIT_STATUS is whether what is captured fits the status",
        ],
        "ORDER_ID=3",
    ),
    (
        "features",
        "customer_churn_features",
        "SET EVENT_TS = AS_OF WHERE CUSTOMER_ID = 2",
        [
            "No event that is counted happened at AS_OF or later",
            "What is counted and summed up is what STAGING comes to",
        ],
        "CUSTOMER_ID=2",
    ),
]


@pytest.mark.parametrize(("layer", "table", "update", "broken", "key"), BREAKAGES)
def test_one_bad_row_closes_the_gate_for_reasons_of_its_own_alone(
    gate: Gate,
    connection: SnowflakeConnection,
    layer: str,
    table: str,
    update: str,
    broken: list[str],
    key: str,
) -> None:
    location = f"{layer}.{table}__CANDIDATE".upper()
    connection.cursor().execute(f"CREATE OR REPLACE TABLE {location} AS SELECT * FROM {layer}.{table}")
    connection.cursor().execute(f"UPDATE {location} {update}")
    result = gate.check(layer, table, location)
    assert [check.expectation for check in result.failures] == broken
    assert {(check.failing_rows, check.sample_keys) for check in result.failures} == {(1, (key,))}
    assert not result.allows_publishing
    assert gate.check(layer, table).allows_publishing, "the published table is as good as it was"


def rows_that_break(connection: SnowflakeConnection, layer: str, table: str, location: str) -> dict[str, int]:
    """How many rows break each row-local rule, by the rule's own condition; none leaves it unknown."""
    local = [rule for rule in suite_of(layer, table).rules if rule.breaks]
    counts = ", ".join(f"COUNT_IF({rule.breaks}), COUNT_IF(({rule.breaks}) IS NULL)" for rule in local)
    found = connection.cursor().execute(f"SELECT {counts} FROM {location}").fetchone()
    assert not any(found[1::2])
    return dict(zip((rule.sentence for rule in local), found[::2], strict=True))


def broken_copy(connection: SnowflakeConnection, layer: str, table: str) -> str:
    """A copy of a good table in which every rule but one is broken; gives its location.

    The good rows are repeated, but for those of the last key, so that each rule finds a row of its own.
    """
    location = f"{layer}.{table}__BROKEN".upper()
    suite = suite_of(layer, table)
    copies = len(suite.rules) + 1
    good = f"SELECT * FROM {layer}.{table}" + (f" WHERE {suite.rows}" if suite.rows else "")
    cursor = connection.cursor()
    numbered = f"ROW_NUMBER() OVER (ORDER BY {', '.join(suite.key)}) AS N"
    cursor.execute(
        f"CREATE OR REPLACE TABLE {location} AS "
        f"SELECT t.*, {numbered} FROM ({' UNION ALL '.join([good] * copies)}) AS t"
    )
    cursor.execute(f"DELETE FROM {location} WHERE N > (SELECT COUNT(*) FROM {location}) - {copies}")
    assert cursor.execute(f"SELECT 1 FROM {location} LIMIT 1").fetchone(), (
        f"{layer}.{table} has a single row of good data: let tests/expectations/good_data.py make two or more"
    )
    cases: dict[str, list[str]] = {}
    for number, rule in enumerate(suite.rules):
        change = change_that_breaks(table, rule)
        if change is None:
            is_by_rows = needs_a_copy(rule) or takes_rows_away(rule) or rule.sentence == HAS_ROWS
            is_by_rows = is_by_rows or is_over_time(rule)
            assert is_by_rows, f"say in tests/expectations/corruption.py what breaks: {rule.sentence}"
        for column, value in (change or {}).items():
            cases.setdefault(column, []).append(f"WHEN {number} THEN {value}")
    changes = ", ".join(f"{name} = CASE N {' '.join(when)} ELSE {name} END" for name, when in cases.items())
    cursor.execute(f"UPDATE {location} SET {changes}")
    return location
