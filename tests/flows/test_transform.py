"""The flows `transform` and `report` on a small Shellcorp: what is published, kept, and mailed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from prefect import flow
from prefect.client.schemas.objects import State
from snowflake.connector.cursor import SnowflakeCursor

from deployments.settings import SnowflakeSettings, load_settings
from flows.digest import digest
from flows.failures import failed
from flows.ingest.errors import TablesStandError
from flows.pipeline import pipeline
from flows.report import report
from flows.transform import main, selected, transform
from sandbox.process import Service
from snowpark_models.runner import plan
from tests.flows.answers import last_mail, model_outcomes, rows, text_of

SOURCE_TABLES = 9


def test_good_data_are_published_bad_data_are_not_and_the_mails_say_so(
    cursor: SnowflakeCursor, mailbox: Service
) -> None:
    state = transform(run_id="good", return_state=True)

    assert state.is_completed(), state.message
    assert model_outcomes(cursor, "good") == {model.name: "published" for model in plan()}
    checked = "SELECT DISTINCT layer, table_name FROM QUALITY.CHECK_RESULTS WHERE run_id = 'good'"
    assert len(rows(cursor, checked)) == SOURCE_TABLES + len(plan())
    assert selected(load_settings(), ["state:modified"]) == []
    assert report(run_id="good", run_name="small Shellcorp", return_state=True).is_completed()
    assert str(last_mail(mailbox)["subject"]).startswith("Shellcorp: published")

    before = rows(cursor, "SELECT * FROM MARTS.ORDER_FACTS ORDER BY order_id")
    cursor.execute("UPDATE RAW.ORDERS SET total_amount = total_amount + 1")
    state = transform(run_id="bad", return_state=True)

    assert state.is_failed()
    assert "MARTS.ORDER_FACTS: closed" in str(state.message)
    assert rows(cursor, "SELECT * FROM MARTS.ORDER_FACTS ORDER BY order_id") == before
    outcomes = model_outcomes(cursor, "bad")
    assert outcomes["order_facts"] == "gate closed"
    assert outcomes["customer_360"] == "upstream closed"
    assert outcomes["support_load"] == "published"
    assert str(last_mail(mailbox)["subject"]).startswith("Shellcorp: gate closed on MARTS.ORDER_FACTS")
    assert report(run_id="bad", run_name="broken", return_state=True).is_completed()
    assert str(last_mail(mailbox)["subject"]).startswith("Shellcorp: NOT published")
    assert "ORDER_FACTS" in str(last_mail(mailbox)["subject"])
    text = text_of(last_mail(mailbox))
    assert "Owner: sales-analytics@shellcorp.example" in text
    assert "Fails now: MARTS.ORDER_FACTS" in text
    assert digest(return_state=True).is_completed()
    assert "gates closed in 1 of 2 runs" in str(last_mail(mailbox)["subject"])


def test_a_closed_gate_on_raw_stops_all_that_reads_that_mirror(cursor: SnowflakeCursor) -> None:
    cursor.execute("UPDATE RAW.SUPPORT_TICKETS SET _position = 'no position'")
    state = transform(run_id="raw", return_state=True)
    assert state.is_failed()
    outcomes = model_outcomes(cursor, "raw")
    assert outcomes["stg_support_tickets"] == "upstream closed"
    assert outcomes["support_load"] == "upstream closed"
    assert outcomes["order_facts"] == "published"


def test_a_selection_gates_and_builds_what_it_names_alone(
    cursor: SnowflakeCursor, capsys: pytest.CaptureFixture[str]
) -> None:
    cursor.execute("UPDATE RAW.ORDERS SET _position = 'no position'")  # would close its gate
    assert main(["--select", "+support_load"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "2 models published"
    built = rows(cursor, "SELECT model, outcome FROM OPS.MODEL_RUNS ORDER BY model")
    assert built == [("stg_support_tickets", "published"), ("support_load", "published")]
    gated = rows(cursor, "SELECT DISTINCT table_name FROM QUALITY.CHECK_RESULTS ORDER BY table_name")
    assert [table for (table,) in gated] == ["STG_SUPPORT_TICKETS", "SUPPORT_LOAD", "SUPPORT_TICKETS"]

    assert main(["--select", "suport_load"]) == 1
    assert "perhaps support_load?" in capsys.readouterr().err.splitlines()[-1]


def test_tables_that_stand_keep_only_what_reads_them_from_being_published(
    cursor: SnowflakeCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for statement in (
        "CREATE SCHEMA IF NOT EXISTS OPS",
        "CREATE TABLE OPS.CURSORS (PIPELINE VARCHAR, UPDATED_AT TIMESTAMP_NTZ, COMMITTED_AT TIMESTAMP_NTZ)",
        "CREATE TABLE OPS.ARRIVALS (ARRIVAL NUMBER, TABLE_NAME VARCHAR, BATCH VARCHAR)",
        "CREATE TABLE OPS.REPLICATED_TABLES (TABLE_NAME VARCHAR, STATE VARCHAR)",
        "INSERT INTO OPS.REPLICATED_TABLES VALUES ('SUPPORT_TICKETS', 'stopped')",
    ):
        cursor.execute(statement)

    @flow(name="replicate")
    def tables_stand(run_id: str) -> State[None]:
        return failed(TablesStandError(f"Table dbo.support_tickets is frozen (run {run_id})."))

    monkeypatch.setattr("flows.pipeline.replicate", tables_stand)
    state = pipeline(return_state=True)
    assert state.is_failed()
    assert "Table dbo.support_tickets is frozen" in str(state.message)
    assert "raw_support_tickets is not up to date: replicate has it in state 'stopped'" in str(state.message)
    published = rows(cursor, "SELECT model FROM OPS.MODEL_RUNS WHERE outcome = 'published'")
    assert ("order_facts",) in published
    assert ("support_load",) not in published

    cursor.execute("UPDATE RAW.PRODUCTS SET _committed_at = '2026-03-17'")
    state = transform(select=["stg_products"], return_state=True)
    assert state.name == "Warned"
    assert str(state.message).startswith("raw_products is stale: ")
    assert str(state.message).endswith(". 1 model published")
    assert main(["--select", "stg_products"]) == 0


def test_a_mail_server_that_is_down_is_a_warning(
    warehouse: SnowflakeSettings,  # noqa: ARG001 - the settings
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAIL_PORT", "1")
    for state in (report(run_id="nobody's", return_state=True), digest(return_state=True)):
        assert state.is_completed()
        assert state.name == "Warned"
        assert "did not take the message in 3 tries" in str(state.message)


def test_a_wrong_password_is_one_line_that_names_the_setting(
    warehouse: SnowflakeSettings,  # noqa: ARG001 - the settings
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "wrong-and-secret")
    state = transform(return_state=True)
    assert state.is_failed()
    assert "SNOWFLAKE_USER" in str(state.message)
    assert "wrong-and-secret" not in str(state.message)


def test_data_docs_that_cannot_be_written_are_a_warning(
    cursor: SnowflakeCursor, mailbox: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("PLATFORM_DATA_DOCS_FOLDER", str(tmp_path / "file" / "docs"))
    load_settings.cache_clear()
    state = transform(run_id="1", select=["stg_support_tickets"], return_state=True)
    assert (state.is_completed(), state.name) == (True, "Warned")
    assert "check PLATFORM_DATA_DOCS_FOLDER" in str(state.message)
    assert model_outcomes(cursor, "1") == {"stg_support_tickets": "published"}
    report(run_id="1", return_state=True)
    assert str(last_mail(mailbox)["Subject"]).startswith("Shellcorp: published")


def test_what_prefect_does_not_take_keeps_no_data_back(
    cursor: SnowflakeCursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise httpx.ConnectError("All connection attempts failed")

    monkeypatch.setattr("flows.shown.create_table_artifact", refused)
    assert transform(run_id="1", select=["stg_support_tickets"], return_state=True).is_completed()
    assert model_outcomes(cursor, "1") == {"stg_support_tickets": "published"}
