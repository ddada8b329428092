"""Gates look at what has changed alone, say what they would say of the whole, and let nothing past them."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

from deployments.connections import snowpark_session
from deployments.settings import SnowflakeSettings
from expectations.gate import Gate, GateResult, Partition
from expectations.raw import orders
from expectations.rules import (
    LIVE_ROWS,
    Suite,
    always,
    between,
    has_rows,
    never_null,
    one_of,
    refers_to,
    unique,
)
from flows.raw_gates import RawGates
from flows.transform import transform
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.sql.intake import HOLD_MIRRORS
from snowpark_models.runner.warehouse import Warehouse
from tests.expectations.small import database
from tests.flows.arrivals import Arrivals


@dataclass
class Judge:
    """Passes gates and tells nobody."""

    gate: Gate

    def judge(self, layer: str, table: str, *, since: Partition | None = None) -> GateResult:
        return self.gate.check(layer, table, since=since)


RULES = (
    has_rows("warning"),
    unique("ORDER_ID"),
    never_null("STATUS"),
    one_of("STATUS", "placed", "paid"),
    between("TOTAL", low=0, severity="warning"),
    always("What is paid costs something", "STATUS <> 'paid' OR TOTAL > 0"),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID"),
    unique("REFERENCE", severity="warning"),
)
GOOD = ("STATUS = 'placed'", "TOTAL = 5", "CUSTOMER_ID = 2", "_DELETED = TRUE", "_DELETED = FALSE")
BAD = ("STATUS = 'lost'", "STATUS = NULL", "TOTAL = -1", "CUSTOMER_ID = 9", "REFERENCE = 'same'")
MENDED = "STATUS = 'placed', TOTAL = 5, CUSTOMER_ID = 1, REFERENCE = ORDER_ID::VARCHAR"


@pytest.mark.parametrize("seed", range(3))
def test_the_verdict_on_what_changed_is_the_verdict_on_the_whole(
    seed: int, snowflake: SnowflakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    rules = tuple(rule for phrase in RULES for rule in phrase)
    monkeypatch.setattr(orders, "SUITE", Suite(("ORDER_ID",), rules, rows=LIVE_ROWS))
    partitions = 0
    with database(snowflake, f"PARTITIONS_{seed}") as (settings, connection), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE RAW.CUSTOMERS AS SELECT 1 AS CUSTOMER_ID UNION ALL SELECT 2")
        cursor.execute(
            "CREATE TABLE RAW.ORDERS AS SELECT SEQ4() AS ORDER_ID, 'placed'::VARCHAR AS STATUS, 5 AS TOTAL, "
            "1 AS CUSTOMER_ID, SEQ4()::VARCHAR AS REFERENCE, FALSE AS _DELETED "
            "FROM TABLE(GENERATOR(ROWCOUNT => 40))"
        )
        arrivals = Arrivals(cursor, "ORDERS", "ORDER_ID")
        warehouse = Warehouse(snowpark_session(connection), Namespace())
        with Gate(settings, "partition", tmp_path) as gate, Gate(settings, "whole", tmp_path) as other:
            raw = RawGates(Judge(gate), warehouse, ["raw_orders"])
            for step in range(8):
                raw.seen = {"raw_orders": newest} if (newest := step + 1) else {}
                found, whole = raw.pass_gate("ORDERS"), other.check("raw", "orders")
                partitions += not found.is_whole
                assert said(found) == said(whole), f"seed {seed}, step {step}"
                some = f"ORDER_ID IN ({', '.join(str(chance.randrange(40)) for _ in range(3))})"
                change = MENDED if whole.failures else chance.choice([*GOOD, *BAD])
                arrivals.land(change, "TRUE" if whole.failures else some)
    assert partitions >= 2, f"seed {seed}: what changed was hardly ever looked at alone"


def said(verdict: GateResult) -> Any:
    """All that a verdict says but how many rows were looked at."""
    return verdict.outcome, [(c.expectation, c.failing_rows, set(c.sample_keys)) for c in verdict.failures]


def gates_of(cursor: SnowflakeCursor, run: str) -> dict[str, tuple[str, bool, int]]:
    """Outcome, whether row-local rules looked at the whole table, and rows, by table."""
    cursor.execute(
        "SELECT TABLE_NAME, OUTCOME, IS_WHOLE, ROWS_CHECKED FROM QUALITY.GATE_RUNS WHERE RUN_ID = %s", (run,)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}


def test_what_lands_between_gate_and_intake_is_gated_before_anything_reads_it(
    cursor: SnowflakeCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrivals = Arrivals(cursor, "SUPPORT_TICKETS", "TICKET_ID")
    state = transform(run_id="first", select=["stg_support_tickets"], return_state=True)
    assert state.is_completed(), state.message
    cursor.execute("SELECT * FROM STAGING.STG_SUPPORT_TICKETS ORDER BY 1")
    before = cursor.fetchall()

    def land(*_: object) -> Mapping[str, str]:
        arrivals.land("_POSITION = 'no position', SATISFACTION = 1", "TICKET_ID = 1")
        return {}

    is_held = []

    def send(*_: object) -> None:
        """Replication goes on while an alert is sent: it can set the cursor."""
        try:
            cursor.execute(HOLD_MIRRORS)
        except ProgrammingError as error:
            is_held.append(str(error))
        else:
            is_held.append("")

    monkeypatch.setattr("flows.transform.changed_without_version", land)
    monkeypatch.setattr("flows.mail.send", send)
    cursor.execute("ALTER SESSION SET LOCK_TIMEOUT = 0")
    state = transform(run_id="second", select=["stg_support_tickets"], return_state=True)
    assert state.is_failed()
    assert "RAW.SUPPORT_TICKETS: closed" in str(state.message)
    assert is_held == [""]
    assert gates_of(cursor, "second") == {"SUPPORT_TICKETS": ("closed", False, len(before))}
    cursor.execute("SELECT * FROM STAGING.STG_SUPPORT_TICKETS ORDER BY 1")
    assert cursor.fetchall() == before


@pytest.mark.parametrize(
    ("moved", "again"),
    [
        ([], []),
        (["raw_products"], ["PRODUCTS", "ORDER_LINES"]),
        (["raw_customers"], ["CUSTOMERS", "ORDERS"]),
        (["raw_orders"], ["ORDERS", "ORDER_LINES"]),
    ],
)
def test_while_mirrors_are_held_only_what_looks_at_news_is_gated_again(
    moved: list[str], again: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ["raw_customers", "raw_orders", "raw_products", "raw_order_lines"]
    asked: list[str] = []
    arrivals: dict[str, int | None] = dict.fromkeys(sources, 1)

    def check_source(_: object, table: str) -> GateResult:
        asked.append(table)
        return GateResult("RAW", table, ())

    monkeypatch.setattr("flows.raw_gates.check_source", check_source)
    monkeypatch.setattr("flows.raw_gates.get_run_logger", logging.getLogger)
    monkeypatch.setattr("flows.raw_gates.newest_arrivals", lambda *_: dict(arrivals))
    raw = RawGates(MagicMock(), MagicMock(), sources)
    raw.check()
    assert asked == ["CUSTOMERS", "ORDERS", "PRODUCTS", "ORDER_LINES"]
    asked.clear()
    arrivals.update(dict.fromkeys(moved, 2))
    for _ in range(2):
        assert raw.admit(arrivals) == set()
        assert sorted(asked) == sorted(again)


def test_a_run_after_a_spotless_one_looks_at_what_changed_and_after_a_failure_at_all(
    cursor: SnowflakeCursor,
) -> None:
    arrivals = Arrivals(cursor, "ORDERS", "ORDER_ID")

    def run(name: str) -> dict[str, tuple[str, bool, int]]:
        transform(run_id=name, select=["stg_orders"], return_state=True)
        return gates_of(cursor, name)

    assert {outcome: whole for outcome, whole, _ in run("1").values()} == {"open": True}
    arrivals.land("TOTAL_AMOUNT = TOTAL_AMOUNT + 1", "ORDER_ID = 1")
    second = run("2")
    assert {(outcome, whole) for outcome, whole, _ in second.values()} == {("open", False)}
    arrivals.land("STATUS = 'shipped', SHIPPED_AT = NULL", "ORDER_ID = 1")
    assert run("3")["STG_ORDERS"][:2] == ("closed", False)
    arrivals.land("STATUS = 'placed', TOTAL_AMOUNT = TOTAL_AMOUNT + 1", "ORDER_ID = 1")
    assert run("4")["STG_ORDERS"][:2] == ("open", True)
    arrivals.land("TOTAL_AMOUNT = TOTAL_AMOUNT + 1", "ORDER_ID = 2")
    assert run("5")["STG_ORDERS"][:2] == ("open", False)
