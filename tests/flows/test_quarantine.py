"""The flow `transform` sets rows aside, replays them, and lets a gate through that somebody overrides."""

from __future__ import annotations

import pytest
from snowflake.connector.cursor import SnowflakeCursor

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.gate import load_suite
from expectations.gate.overrides import read_overrides
from expectations.rules import Limit, Suite, always, between, mirror, never_null, set_aside, suite
from flows.failures import FAILED_BY_GATE
from flows.overrides import OverrideRefused, Overrides
from flows.quarantine import sieves
from flows.report import report
from flows.transform import main, transform
from sandbox.process import Service
from snowpark_models.runner import discover
from snowpark_models.runner.sieve import HAVE_ROWS, check_sieves
from tests.flows.answers import last_mail, rows, text_of
from tests.flows.arrivals import Arrivals

PORTAL = ["stg_portal_sessions"]
QUARANTINE = "QUALITY.STAGING__STG_PORTAL_SESSIONS"


def keys(cursor: SnowflakeCursor, table: str) -> list[object]:
    return [key for (key,) in rows(cursor, f"SELECT SESSION_ID FROM {table} ORDER BY 1")]


def staging_has(other: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another suite be that of all staging models."""

    def load(layer: str, table: str) -> Suite:
        return other if layer == "staging" else load_suite(layer, table)

    for place in ("flows.quarantine", "expectations.gate.gate"):
        monkeypatch.setattr(f"{place}.load_suite", load)


def test_impossible_visits_are_set_aside_and_come_back_when_the_rule_is_mended(
    cursor: SnowflakeCursor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = keys(cursor, "RAW.PORTAL_SESSIONS WHERE NOT _DELETED")
    ((bad,),) = rows(cursor, "SELECT MIN_BY(SESSION_ID, _COMMITTED_AT) FROM RAW.PORTAL_SESSIONS")
    cursor.execute(f"UPDATE RAW.PORTAL_SESSIONS SET PAGES_VIEWED = 0 WHERE SESSION_ID = {bad}")
    state = transform(run_id="first", select=PORTAL, return_state=True)
    assert state.is_completed(), state.message
    assert str(state.message).startswith("1 model published")
    assert "1 row set aside" in str(state.message)
    assert keys(cursor, "STAGING.STG_PORTAL_SESSIONS") == [key for key in sessions if key != bad]
    assert keys(cursor, QUARANTINE) == [bad]
    reasons = f"SELECT _REASONS, _RUN_ID FROM {QUARANTINE}"
    assert rows(cursor, reasons) == [("PAGES_VIEWED is at least 1", "first")]

    assert main(["--select", *PORTAL, "--replay", "stg_portal_sessions"]) == 0
    assert keys(cursor, QUARANTINE) == [bad], "neither the row nor the rule was mended"
    mended = suite("SESSION_ID", set_aside(between("PAGES_VIEWED", low=0)))
    staging_has(mended, monkeypatch)
    assert main(["--select", *PORTAL, "--replay", "stg_portal_sessions"]) == 0
    assert keys(cursor, "STAGING.STG_PORTAL_SESSIONS") == sessions
    assert keys(cursor, QUARANTINE) == []
    assert main(["--select", *PORTAL, "--replay", "order_facts"]) == 1
    assert "order_facts cannot be replayed" in capsys.readouterr().err.splitlines()[-1]


def test_too_many_bad_rows_close_the_gate_until_somebody_lets_them_be_set_aside(
    cursor: SnowflakeCursor,
    mailbox: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    strict = suite("SESSION_ID", set_aside(between("PAGES_VIEWED", low=1)), limit=Limit(rows=0, share=0.1))
    staging_has(strict, monkeypatch)
    assert transform(select=PORTAL, return_state=True).is_completed()
    before = rows(cursor, "SELECT * FROM STAGING.STG_PORTAL_SESSIONS ORDER BY 1")
    good = before[0][0]
    cursor.execute(f"UPDATE RAW.PORTAL_SESSIONS SET PAGES_VIEWED = 0 WHERE SESSION_ID <> {good}")

    state = transform(run_id="closed", select=PORTAL, return_state=True)
    assert state.is_failed()
    assert "STAGING.STG_PORTAL_SESSIONS: closed" in str(state.message)
    assert rows(cursor, "SELECT * FROM STAGING.STG_PORTAL_SESSIONS ORDER BY 1") == before
    reason = "SELECT REASON FROM OPS.MODEL_RUNS WHERE RUN_ID = 'closed'"
    assert "no more than 0 rows or 10.00% may be" in str(rows(cursor, reason))

    gate = ["--override", "staging.stg_portal_sessions"]
    assert main(["--select", *PORTAL, *gate]) == 1
    assert "an override needs a reason" in capsys.readouterr().err.splitlines()[-1]
    assert main(["--select", *PORTAL, *gate, "--because", "the portal was down"]) == 0
    told = capsys.readouterr().err.splitlines()[-1]
    assert "overridden: STAGING.STG_PORTAL_SESSIONS (because the portal was down)" in told
    assert keys(cursor, "STAGING.STG_PORTAL_SESSIONS") == [good]
    assert len(keys(cursor, QUARANTINE)) == len(before) - 1
    report(run_id=str(rows(cursor, "SELECT RUN_ID FROM QUALITY.OVERRIDES")[0][0]), return_state=True)
    assert "the portal was down" in text_of(last_mail(mailbox))
    recorded = rows(cursor, "SELECT LAYER, TABLE_NAME, REASON, FAILED FROM QUALITY.OVERRIDES")
    assert [row[:3] for row in recorded] == [("STAGING", "STG_PORTAL_SESSIONS", "the portal was down")]
    assert "rows break rules that set rows aside" in str(recorded[0][3])


def test_a_closed_gate_is_let_through_for_one_run_and_recorded(
    cursor: SnowflakeCursor, warehouse: SnowflakeSettings
) -> None:
    cursor.execute("UPDATE RAW.SUPPORT_TICKETS SET _position = 'no position'")
    select, why = ["stg_support_tickets"], "  the source\n is known to be bad "
    gates = ["raw.support_tickets", "staging.stg_support_tickets"]
    state = transform(run_id="over", select=select, override=gates, because=why, return_state=True)
    assert state.name == "Warned"
    assert "overridden: RAW.SUPPORT_TICKETS (because the source is known to be bad)" in str(state.message)
    assert "no override was needed: STAGING.STG_SUPPORT_TICKETS" in str(state.message)
    with connect_snowflake(warehouse, "tests") as connection:
        (override,) = read_overrides(connection, "over")
    assert (override.layer, override.table) == ("RAW", "SUPPORT_TICKETS")
    assert override.reason == "the source is known to be bad"
    assert "RAW.SUPPORT_TICKETS: closed" in override.failed
    assert override.started_by
    state = transform(run_id="next", select=select, return_state=True)
    assert state.is_failed(), "an override is for one run"


def test_an_override_of_nothing_or_for_no_reason_is_refused() -> None:
    gates = ["RAW.ORDERS", "MARTS.ORDER_FACTS"]
    with pytest.raises(
        OverrideRefused, match=r"'marts\.order_fact' cannot be overridden.*perhaps marts\.order_facts"
    ):
        Overrides.asked_for(["marts.order_fact"], "because", gates)
    with pytest.raises(OverrideRefused, match=r"marts\.order_facts: an override needs a reason"):
        Overrides.asked_for(["marts.order_facts"], " ", gates)
    with pytest.raises(OverrideRefused, match="say which"):
        Overrides.asked_for([], "because", gates)
    assert str(Overrides.asked_for([], "", gates)) == ""


def test_every_suite_that_sets_rows_aside_belongs_to_a_model_that_can() -> None:
    models = discover()
    found = sieves(models)
    assert found, "no suite of Shellcorp sets rows aside"
    check_sieves(models, found, found)
    aside = [model for model in models if model.name in found]
    assert {model.materialized for model in aside} <= set(HAVE_ROWS)


def test_what_is_set_aside_is_critical_and_never_of_a_mirror() -> None:
    (rule,) = set_aside(always("A is no B", "A <> B", severity="warning"))
    assert rule.severity == "critical"
    with pytest.raises(ValueError, match="A is never NULL: no row of a mirror can be set aside"):
        mirror("ID", set_aside(never_null("A")))
    assert load_suite("staging", "stg_orders").limit == Limit()


def test_rows_that_become_too_many_as_good_ones_go_close_the_gate_for_all_who_look(
    cursor: SnowflakeCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrivals = Arrivals(cursor, "PORTAL_SESSIONS", "SESSION_ID")
    strict = suite("SESSION_ID", set_aside(between("PAGES_VIEWED", low=1)), limit=Limit(rows=0, share=0.4))
    staging_has(strict, monkeypatch)
    first, *others, _ = keys(cursor, "RAW.PORTAL_SESSIONS WHERE NOT _DELETED")
    arrivals.land("PAGES_VIEWED = 0", f"SESSION_ID = {first}")
    assert transform(run_id="1", select=PORTAL, return_state=True).is_completed()
    arrivals.land("_DELETED = TRUE", f"SESSION_ID IN ({', '.join(map(str, others))})")
    state = transform(run_id="2", select=PORTAL, return_state=True)
    assert state.name == FAILED_BY_GATE
    told = "SELECT OUTCOME, IS_WHOLE FROM QUALITY.GATE_RUNS WHERE RUN_ID = '2' AND LAYER = 'STAGING'"
    assert rows(cursor, told) == [("closed", True)]
