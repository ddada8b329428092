"""What the reports look back upon, read from tables with rows of known runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.gate.gate_runs import CREATE_GATE_RUNS
from expectations.gate.overrides import CREATE_OVERRIDES
from expectations.gate.store import create_check_results
from expectations.report import load_summary, load_week
from expectations.report.changes import Rule, changes_of
from expectations.report.history import RUNS, History, LastGood, load_history
from expectations.report.trends import failing_rules, runs_of
from flows.ingest.warehouse.ops_sql import SCHEMAS_AND_LEDGER
from snowpark_models.runner.sql.ledger import create_runs

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
THERE = {"QUALITY.CHECK_RESULTS", "OPS.MODEL_RUNS", "OPS.REPLICATION_HEALTH"}
DAYS = 40
LATE, BAD, STRAY = "ORDER_ID is unique", "the total is the sum of the lines", "STATUS is one of open, paid"


@pytest.fixture(scope="module")
def warehouse(snowflake: SnowflakeSettings) -> Iterator[SnowflakeConnection]:
    """Forty daily runs on two tables; the last failed its totals for the third time, and is checked twice."""
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute("CREATE DATABASE HISTORY")
    settings = snowflake.model_copy(update={"database": "HISTORY"})
    with connect_snowflake(settings, "tests") as connection, connection.cursor() as cursor:
        create_check_results(connection)
        for statement in EXCEPTIONS:
            cursor.execute(statement)
        for statement in (*SCHEMAS_AND_LEDGER, create_runs("OPS")):
            cursor.execute(statement)
        checks, models, health = [], [], []
        for ago in range(DAYS):
            at = NOW - timedelta(days=ago)
            failing = {BAD: ago < 3, STRAY: ago in (1, 2, 9), LATE: False}
            for rule, is_failing in failing.items():
                checks.append(check(ago, "MARTS", "ORDER_FACTS", rule, not is_failing, at))
            checks.append(check(ago, "RAW", "ORDERS", LATE, True, at - timedelta(minutes=1)))
            outcome = "gate closed" if ago < 3 else "published"
            models.append((f"run-{ago}", "marts", "order_facts", outcome, 1000 + ago, at, at))
            health.append((f"run-{ago}", at, 10 * ago, 7, 70, 700))
        checks.append(check(0, "MARTS", "ORDER_FACTS", BAD, True, NOW - timedelta(seconds=30)))
        insert(connection, "QUALITY.CHECK_RESULTS", CHECK, checks)
        insert(connection, "OPS.MODEL_RUNS", MODEL, models)
        insert(connection, "OPS.REPLICATION_HEALTH", HEALTH, health)
        yield connection


CHECK = "RUN_ID, LAYER, TABLE_NAME, EXPECTATION, SEVERITY, SUCCESS, FAILING_ROWS, CHECKED_ROWS, CHECKED_AT"
MODEL = "RUN_ID, LAYER, MODEL, OUTCOME, ROW_COUNT, STARTED_AT, ENDED_AT"
HEALTH = "RUN_ID, CHECKED_AT, LAG_SECONDS, SOURCE_QUERIES, SOURCE_ROWS, SOURCE_MILLISECONDS"
HEALTH_REST = {
    "PIPELINE": "'shellcorp'",
    "LSN": "'0'",
    "CAPTURE_JOB": "'running'",
    "AGENT": "'running'",
    "TABLES": "9",
    "TABLES_NOT_STREAMING": "0",
    "WAREHOUSE_STATEMENTS": "0",
    "WAREHOUSE_ROWS": "0",
    "WAREHOUSE_BYTES": "0",
    "WARNINGS": "'[]'",
}


EXCEPTIONS = (
    CREATE_OVERRIDES,
    CREATE_GATE_RUNS,
    """INSERT INTO QUALITY.OVERRIDES VALUES
        ('run-0', 'MARTS', 'ORDER_FACTS', 'we must', 'a rule', 'ana', 'wise-heron', NULL, '2026-03-10'),
        ('run-1', 'MARTS', 'ORDER_FACTS', 'we had to', 'a rule', 'bo', 'keen-carp', NULL, '2026-03-09')""",
    """INSERT INTO QUALITY.GATE_RUNS (
        RUN_ID, LAYER, TABLE_NAME, OUTCOME, CHECKS, FAILED, ROWS_SET_ASIDE, IS_OVERRIDDEN, IS_WHOLE, SECONDS,
        PAGE, CHECKED_AT)
    VALUES
        ('run-0', 'STAGING', 'STG_ORDERS', 'open', 1, 0, 12, FALSE, TRUE, 1, 'runs/0.html', '2026-03-10'),
        ('run-0', 'RAW', 'ORDERS', 'open', 1, 0, 0, FALSE, TRUE, 1, 'runs/0.html', '2026-03-10')""",
)


def check(ago: int, layer: str, table: str, rule: str, success: bool, at: datetime) -> tuple[object, ...]:
    severity = "warning" if rule == STRAY else "critical"
    return (f"run-{ago}", layer, table, rule, severity, success, 0 if success else 12, 1200, at)


def insert(connection: SnowflakeConnection, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    rest = HEALTH_REST if table.endswith("HEALTH") else {}
    row = "(" + ", ".join(["%s"] * len(rows[0]) + list(rest.values())) + ")"
    values = [v.replace(tzinfo=None) if isinstance(v, datetime) else v for each in rows for v in each]
    names = ", ".join([columns, *rest])
    connection.cursor().execute(
        f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * len(rows))}", values
    )


def test_the_last_thirty_runs_are_looked_back_upon(warehouse: SnowflakeConnection) -> None:
    history = load_history(warehouse, THERE, "run-0", NOW)
    runs = runs_of(history)
    assert [run.run_id for run in runs] == [f"run-{ago}" for ago in reversed(range(RUNS))]
    assert (runs[-1].tables, runs[-1].checks, runs[-1].passed, runs[-1].critical) == (2, 4, 3, 1)
    assert [run.tone for run in runs[-10:]] == ["fair", *["good"] * 6, "bad", "bad", "bad"]
    assert history.last_good == (LastGood("MARTS", "ORDER_FACTS", 1003, NOW - timedelta(days=3)),)
    worst = failing_rules(history)
    assert [(rule.rule.expectation, rule.failed, rule.checked, rule.is_failing) for rule in worst] == [
        (BAD, 3, 30, True),
        (STRAY, 3, 30, False),
    ]


def test_a_run_is_compared_with_what_was_before_it_and_not_after(warehouse: SnowflakeConnection) -> None:
    def changes(run: str) -> object:
        summary = load_summary(warehouse, run, run_name=run, started_at=NOW, ended_at=NOW)
        found = changes_of(summary)
        return [
            {rule.expectation for rule in found.newly_failing},
            {rule.expectation for rule in found.mended},
            {rule.expectation: (since.at.date().day, since.runs) for rule, since in found.lasting.items()},
        ]

    assert changes("run-0") == [set(), {STRAY}, {BAD: (8, 3)}]
    assert changes("run-1") == [set(), set(), {BAD: (8, 2), STRAY: (8, 2)}]
    assert changes("run-2") == [{BAD, STRAY}, set(), {}]
    assert changes("run-8") == [set(), {STRAY}, {}]


def test_a_first_run_and_an_empty_warehouse_have_no_history(warehouse: SnowflakeConnection) -> None:
    first = NOW - timedelta(days=DAYS - 1)
    summary = load_summary(warehouse, f"run-{DAYS - 1}", run_name="first", started_at=first, ended_at=first)
    assert changes_of(summary).is_first
    assert summary.history.last_good == ()
    assert load_history(warehouse, set(), "run-0", NOW) == History()
    assert load_history(warehouse, THERE, "none", NOW - timedelta(days=365)) == History()


def test_what_was_let_pass_is_read_where_it_is_kept(warehouse: SnowflakeConnection) -> None:
    summary = load_summary(warehouse, "run-0", run_name="last", started_at=NOW, ended_at=NOW)
    assert [(each.name, each.reason, each.started_by) for each in summary.overrides] == [
        ("MARTS.ORDER_FACTS", "we must", "ana")
    ]
    assert [(each.quarantine, each.rows) for each in summary.set_aside] == [
        ("QUALITY.STAGING__STG_ORDERS", 12)
    ]
    assert (summary.closed, len(summary.overridden)) == ((), 1)


def test_a_week_is_told_beside_the_one_before(warehouse: SnowflakeConnection) -> None:
    week = load_week(warehouse, NOW)
    assert [len(runs_of(history)) for history in (week.this_week, week.week_before)] == [7, 7]
    assert [(kept.name, kept.kept, kept.runs) for kept in week.kept_back] == [("MARTS.ORDER_FACTS", 3, 7)]
    assert week.source is not None
    assert (week.source.lag_seconds, week.source.worst_lag_seconds, week.source.queries) == (30, 60, 49)
    assert week.source_before is not None
    assert (week.source_before.lag_seconds, week.source_before.rows) == (100, 490)
    assert Rule("MARTS.ORDER_FACTS", BAD) in {trend.rule for trend in failing_rules(week.this_week)}
    nothing = load_week(warehouse, NOW - timedelta(days=365))
    assert (nothing.this_week, nothing.kept_back, nothing.source) == (History(), (), None)
