"""The status, as a person and as a machine reads it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from flows.ingest.health import LastGate, LastProof, TableHealth, lag_seconds
from flows.ingest.warehouse.ledger import Cursor
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


def test_the_lines_are_aligned_and_say_what_is_not_there_yet() -> None:
    assert as_text([ORDERS, NEW]).splitlines() == [
        "table      state        rows  cursor                  lag s  last gate              last proof",
        "ORDERS     streaming  12,345  00000000000000000007      0.0  open 2026-01-01 12:00  " + PROVED,
        "CUSTOMERS  snapshot        0  00000000000000000007  3,600.5  –                      –",
    ]


def test_nothing_replicated_says_what_to_do() -> None:
    assert "python -m flows.replicate" in as_text([])
    assert json.loads(as_json([])) == {"tables": []}


def test_machines_get_every_field() -> None:
    (orders, new) = json.loads(as_json([ORDERS, NEW]))["tables"]
    assert orders["last_gate"]["outcome"] == "open"
    assert orders["last_proof"]["differences"] == 0
    assert (new["last_gate"], new["last_proof"]) == (None, None)


def test_lag_is_the_age_of_the_cursor_only_when_cdc_has_something_newer() -> None:
    cursor = Cursor(lsn(7), NOW - timedelta(seconds=90))
    assert lag_seconds(cursor, lsn(7), NOW) == 0
    assert lag_seconds(cursor, lsn(8), NOW) == 90
