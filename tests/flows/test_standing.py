"""A table that a run leaves as it is passes its gate, too: rules, time and upstreams go on without it."""

from __future__ import annotations

import pytest
from snowflake.connector.cursor import SnowflakeCursor

from expectations.rules import always, suite
from flows.failures import FAILED_BY_GATE
from flows.report import report
from flows.transform import transform
from sandbox.process import Service
from tests.flows.answers import last_mail, model_outcomes, rows
from tests.flows.arrivals import Arrivals
from tests.flows.test_quarantine import staging_has

TICKETS = ["stg_support_tickets"]
GATE = "staging.stg_support_tickets"
WITHOUT_THE_FIRST = suite("TICKET_ID", always("No ticket is number 1", "TICKET_ID <> 1"))
LOOKED_AT = "SELECT IS_WHOLE FROM QUALITY.GATE_RUNS WHERE LAYER = 'STAGING' AND RUN_ID = "


def test_what_one_run_let_through_closes_the_gate_of_the_next(
    cursor: SnowflakeCursor, mailbox: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrivals = Arrivals(cursor, "SUPPORT_TICKETS", "TICKET_ID")
    staging_has(WITHOUT_THE_FIRST, monkeypatch)
    first = transform(run_id="1", select=TICKETS, override=[GATE], because="today only", return_state=True)
    assert first.name == "Warned"
    published = rows(cursor, "SELECT * FROM STAGING.STG_SUPPORT_TICKETS ORDER BY 1")

    second = transform(run_id="2", select=TICKETS, return_state=True)
    assert second.name == FAILED_BY_GATE
    assert "STAGING.STG_SUPPORT_TICKETS: closed" in str(second.message)
    assert model_outcomes(cursor, "2") == {"stg_support_tickets": "gate closed"}
    assert rows(cursor, "SELECT * FROM STAGING.STG_SUPPORT_TICKETS ORDER BY 1") == published
    report(run_id="2", return_state=True)
    assert "NOT published" in str(last_mail(mailbox)["Subject"])

    arrivals.land("_DELETED = TRUE", "TICKET_ID = 1")
    assert transform(run_id="3", select=TICKETS, return_state=True).is_completed()


def test_a_stricter_suite_judges_what_is_published_once_and_then_only_what_may_have_changed(
    cursor: SnowflakeCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    Arrivals(cursor, "SUPPORT_TICKETS", "TICKET_ID")
    for run in ("1", "2"):
        assert transform(run_id=run, select=TICKETS, return_state=True).is_completed()
    assert rows(cursor, f"{LOOKED_AT}'2'") == [(False,)], "no row is looked at again"
    assert model_outcomes(cursor, "2") == {"stg_support_tickets": "unchanged"}

    other = suite("TICKET_ID", always("Tickets are numbered from 1", "TICKET_ID >= 1"))
    staging_has(other, monkeypatch)
    assert transform(run_id="3", select=TICKETS, return_state=True).is_completed()
    assert rows(cursor, f"{LOOKED_AT}'3'") == [(True,)]
    assert transform(run_id="4", select=TICKETS, return_state=True).is_completed()
    assert rows(cursor, f"{LOOKED_AT}'4'") == [(False,)]

    staging_has(WITHOUT_THE_FIRST, monkeypatch)
    assert transform(run_id="5", select=TICKETS, return_state=True).name == FAILED_BY_GATE
