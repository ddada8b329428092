"""The status, as a person and as a machine reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from flows.ingest.health.run import LastRun
from flows.ingest.health.status import (
    Health,
    LastGate,
    LastProof,
    TableHealth,
    judged,
    lag_seconds,
    table_lag,
)
from flows.ingest.source.condition import Condition
from flows.ingest.warehouse.ledger import Cursor, ReplicatedTable
from flows.status import as_json, as_text
from tests.ingest.given import lsn

NOW = datetime(2026, 1, 1, 12)
ORDERS = TableHealth(
    table="ORDERS",
    source="dbo.orders",
    state="streaming",
    rows=12345,
    cursor=lsn(7).hex,
    lag_seconds=0.0,
    snapshot_rows=12000,
    changes=400,
    last_gate=LastGate("open", "run-1", NOW),
    last_proof=LastProof(0, NOW),
)
PROVED = "0 differences 2026-01-01 12:00"
NEW = TableHealth("CUSTOMERS", "dbo.customers", "snapshot", 0, lsn(7).hex, 3600.5, 0, 0, None, None)


SOURCE = Condition(
    "not permitted", "running", timedelta(days=3), None, None, 65536, NOW, ("GRANT VIEW DATABASE STATE",)
)
RUN = LastRun("run-1", NOW, 12, 3456, 7800, 40, 3400, 1_200_000, ("dbo.orders has a gap.",))
HEALTH = Health((ORDERS, NEW), SOURCE, 71.9, RUN)
CURSOR = Cursor(lsn(7), NOW)


def test_the_lines_say_how_the_source_is_what_the_run_cost_and_where_each_table_is() -> None:
    assert as_text(HEALTH).splitlines() == [
        "Nothing needs you.",
        "source    capture job not permitted, Agent running, CDC errors not permitted",
        "          71.9 h to CDC's retention, max text repl size 65536, last restore 2026-01-01 12:00",
        "          a stopped capture job is seen only 11 minutes after its last harvest",
        "          what the login may not see, it sees after: GRANT VIEW DATABASE STATE",
        "last run  2026-01-01 12:00 UTC, run-1",
        "          source: 12 queries, 3,456 rows, 7.8 s",
        "          Snowflake: 40 statements, 3,400 rows, 1.2 MB staged",
        "",
        "table      state        rows  cursor                  lag s  last gate              last proof",
        "ORDERS     streaming  12,345  00000000000000000007      0.0  open 2026-01-01 12:00  " + PROVED,
        "CUSTOMERS  snapshot        0  00000000000000000007  3,600.5  –                      –",
    ]


def test_a_copy_has_its_age_and_a_table_that_stands_no_lag() -> None:
    before = {"stopped_at": None, "copied_at": NOW - timedelta(hours=2)}
    copied = ReplicatedTable("A", "dbo", "a", "dbo_a", "copied", lsn(1), None, **before)
    stopped = ReplicatedTable("B", "dbo", "b", "dbo_b", "stopped", lsn(1), None, stopped_at=lsn(3))
    assert [table_lag(table, 5.0, NOW) for table in (copied, stopped)] == [7200, None]
    shown = replace(ORDERS, state="copied", copied_at=NOW, lag_seconds=7200.0)
    assert "copied  12,345  copy of 2026-01-01 12:00  7,200.0  open" in as_text(Health((shown,), SOURCE))
    gone = replace(ORDERS, state="dropped", lag_seconds=None)
    assert "00000000000000000007      –  open" in as_text(Health((gone,), SOURCE))
    assert not judged(Health((gone,), SOURCE), CURSOR, NOW).problems


@pytest.mark.parametrize(
    ("health", "hours", "problem"),
    [
        (HEALTH, 0, "dbo.orders has a gap."),
        (HEALTH, 61, "In 11.0 hours CDC's cleanup passes the cursor"),
        (HEALTH, 27, "The last run ended 2026-01-01 12:00 UTC: is the schedule on"),
        (replace(HEALTH, source=replace(SOURCE, agent="stopped")), 0, "Agent is stopped"),
        (replace(HEALTH, source=replace(SOURCE, errors=2, last_error="22859: x")), 0, "2 errors"),
        (replace(HEALTH, tables=(replace(ORDERS, state="gap"),)), 0, "ORDERS is not followed (state gap)"),
        (
            replace(HEALTH, tables=(replace(ORDERS, state="filling", lag_seconds=None),)),
            0,
            "ORDERS is not followed (state filling)",
        ),
        (
            replace(HEALTH, tables=(replace(ORDERS, state="stopped", lag_seconds=None, hours_left=5.25),)),
            0,
            "warnings; in 5.2 hours CDC's cleanup passes it, and it must be read anew.",
        ),
        (replace(HEALTH, tables=(replace(ORDERS, last_proof=LastProof(3, NOW)),)), 0, "3 differences"),
        (
            replace(HEALTH, tables=(replace(ORDERS, last_gate=LastGate("closed", "r", NOW)),)),
            0,
            "gate closed",
        ),
    ],
)
def test_what_needs_somebody_comes_first(health: Health, hours: int, problem: str) -> None:
    found = judged(health, CURSOR, NOW + timedelta(hours=hours))
    assert [line for line in found.problems if problem in line]
    assert as_text(found).startswith("! ")


def test_nothing_needs_anybody_where_all_is_well() -> None:
    well = replace(HEALTH, last_run=replace(RUN, warnings=()))
    assert judged(well, CURSOR, NOW + timedelta(hours=1)).problems == ()


def test_nothing_replicated_says_what_to_do() -> None:
    assert "python -m flows.replicate" in as_text(Health())
    assert json.loads(as_json(Health())) == {"tables": []}


def test_machines_get_every_field() -> None:
    told = json.loads(as_json(HEALTH))
    (orders, new) = told["tables"]
    assert orders["last_gate"]["outcome"] == "open"
    assert orders["last_proof"]["differences"] == 0
    assert (new["last_gate"], new["last_proof"]) == (None, None)
    assert told["source"]["capture_job"] == "not permitted"
    assert told["last_run"]["warehouse_bytes"] == 1_200_000


def test_lag_is_the_age_of_the_cursor_only_when_cdc_has_something_newer() -> None:
    cursor = Cursor(lsn(7), NOW - timedelta(seconds=90))
    assert lag_seconds(cursor, lsn(7), NOW) == 0
    assert lag_seconds(cursor, lsn(8), NOW) == 90
