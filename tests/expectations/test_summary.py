"""A run's summary, read from what the other rooms leave in OPS and QUALITY."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.gate import Gate
from expectations.report import ModelRun, ReplicatedTable, RunSummary, load_summary
from flows.ingest.warehouse.ops_sql import SCHEMAS_AND_LEDGER
from snowpark_models.runner import plan
from tests.expectations.conftest import BUILD

EARLY = datetime(2026, 3, 10, 6, 57, tzinfo=UTC)
LATE = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)


def summary_of(connection: SnowflakeConnection, run_id: str) -> RunSummary:
    return load_summary(connection, run_id, run_name="wise-heron", started_at=EARLY, ended_at=LATE)


@pytest.fixture(scope="session")
def ledger(connection: SnowflakeConnection) -> SnowflakeConnection:
    cursor = connection.cursor()
    for statement in SCHEMAS_AND_LEDGER:
        cursor.execute(statement)
    for run, table, lag in (
        (BUILD, "ORDERS", "2.500"),
        (BUILD, "CUSTOMERS", "NULL"),
        ("another", "ORDERS", "9"),
    ):
        cursor.execute(
            "INSERT INTO OPS.REPLICATION_RUNS SELECT "
            f"'{run}', '{table}', SYSDATE(), SYSDATE(), 1200, 34, 'F', {lag}, 7, 1234, 4500"
        )
    for table, state in (("ORDERS", "streaming"), ("PRODUCTS", "gap")):
        cursor.execute(
            "INSERT INTO OPS.REPLICATED_TABLES "
            "(TABLE_NAME, SOURCE_SCHEMA, SOURCE_TABLE, CAPTURE_INSTANCE, STATE, START_LSN, UPDATED_AT) "
            f"SELECT '{table}', 'dbo', LOWER('{table}'), 'dbo', '{state}', '0', SYSDATE()"
        )
    return connection


def test_a_run_is_told_from_what_it_left(
    ledger: SnowflakeConnection, warehouse: SnowflakeSettings, tmp_path: Path
) -> None:
    with Gate(warehouse, BUILD, tmp_path) as gate:
        verdict = gate.check("features", "customer_churn_features")
    summary = summary_of(ledger, BUILD)
    assert summary.tables == (
        ReplicatedTable("CUSTOMERS", 1200, 34, None, 7, 1234, 4500),
        ReplicatedTable("ORDERS", 1200, 34, 2.5, 7, 1234, 4500),
    )
    assert summary.gaps == ("PRODUCTS",)
    assert ModelRun("marts", "order_facts", "published", 5) in summary.models
    assert len(summary.models) == len(plan())
    (found,) = summary.gates
    assert found.name == verdict.name
    assert set(found.checks) == set(verdict.checks)
    assert (summary.run_name, summary.started_at, summary.ended_at) == ("wise-heron", EARLY, LATE)
    assert summary.verdict == "published with warnings"


def test_a_run_that_left_nothing_has_an_empty_summary(ledger: SnowflakeConnection) -> None:
    summary = summary_of(ledger, "never ran")
    assert (summary.tables, summary.models, summary.gates) == ((), (), ())
    assert summary.verdict == "not published"


def test_a_run_that_died_before_any_table_was_made(snowflake: SnowflakeSettings) -> None:
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute("CREATE DATABASE IF NOT EXISTS NOTHING_YET")
    settings = snowflake.model_copy(update={"database": "NOTHING_YET"})
    with connect_snowflake(settings, "tests") as connection:
        summary = summary_of(connection, BUILD)
    assert summary == RunSummary(BUILD, "wise-heron", EARLY, LATE)


def test_the_gate_makes_what_it_writes(snowflake: SnowflakeSettings, tmp_path: Path) -> None:
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute("CREATE DATABASE IF NOT EXISTS NOTHING_YET")
    settings = snowflake.model_copy(update={"database": "NOTHING_YET"})
    with Gate(settings, "first", tmp_path) as gate:
        assert gate.check("raw", "orders").outcome == "closed", "there is no such table yet"
    with connect_snowflake(settings, "tests") as connection:
        summary = summary_of(connection, "first")
    assert [each.name for each in summary.closed] == ["RAW.ORDERS"]
    assert summary.verdict == "not published"
