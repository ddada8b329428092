"""QUALITY.CHECK_RESULTS: what every gate found, kept for the report and for dashboards."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from snowflake.connector import SnowflakeConnection

from expectations.gate.results import CheckResult, GateResult

CREATE_SCHEMA = "CREATE SCHEMA IF NOT EXISTS QUALITY"

CREATE_CHECK_RESULTS = """
CREATE TABLE IF NOT EXISTS QUALITY.CHECK_RESULTS (
    RUN_ID VARCHAR NOT NULL,
    LAYER VARCHAR NOT NULL,
    TABLE_NAME VARCHAR NOT NULL,
    EXPECTATION VARCHAR NOT NULL,
    COLUMN_NAME VARCHAR,
    SEVERITY VARCHAR NOT NULL,
    SUCCESS BOOLEAN NOT NULL,
    FAILING_ROWS NUMBER(19, 0),
    CHECKED_ROWS NUMBER(19, 0),
    SAMPLE_KEYS VARCHAR,
    ERROR VARCHAR,
    CHECKED_AT TIMESTAMP_NTZ(9) NOT NULL
)
"""

INSERT_CHECK_RESULTS = """
INSERT INTO QUALITY.CHECK_RESULTS (
    RUN_ID, LAYER, TABLE_NAME, EXPECTATION, COLUMN_NAME, SEVERITY, SUCCESS,
    FAILING_ROWS, CHECKED_ROWS, SAMPLE_KEYS, ERROR, CHECKED_AT
) VALUES
"""

SELECT_CHECK_RESULTS = """
SELECT
    LAYER, TABLE_NAME, EXPECTATION, COLUMN_NAME, SEVERITY, SUCCESS,
    FAILING_ROWS, CHECKED_ROWS, SAMPLE_KEYS, ERROR
FROM QUALITY.CHECK_RESULTS
WHERE RUN_ID = %s
QUALIFY CHECKED_AT = MAX(CHECKED_AT) OVER (PARTITION BY LAYER, TABLE_NAME)
ORDER BY CHECKED_AT, LAYER, TABLE_NAME, EXPECTATION
"""


def create_check_results(connection: SnowflakeConnection) -> None:
    """Make the schema and the table, where they are missing. Commits an open transaction."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE_SCHEMA)
        cursor.execute(CREATE_CHECK_RESULTS)


def append_check_results(connection: SnowflakeConnection, run_id: str, result: GateResult) -> None:
    """Append one gate's checks, all or none, in one statement."""
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [_row(run_id, result, check, now) for check in result.checks]
    places = ", ".join(["(" + ", ".join(["%s"] * len(rows[0])) + ")"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(INSERT_CHECK_RESULTS + places, [value for row in rows for value in row])


def read_check_results(connection: SnowflakeConnection, run_id: str) -> tuple[GateResult, ...]:
    """The gates of a run in the order they were passed; of a table checked twice, the later time."""
    checks: dict[tuple[str, str], list[CheckResult]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SELECT_CHECK_RESULTS, (run_id,))
        for layer, table, *found in cursor.fetchall():
            expectation, column, severity, success, failing, checked, keys, error = found
            checks.setdefault((layer, table), []).append(
                CheckResult(
                    expectation=expectation,
                    column=column,
                    severity=severity,
                    success=bool(success),
                    failing_rows=failing,
                    checked_rows=checked,
                    sample_keys=tuple(json.loads(keys)) if keys else (),
                    error=error,
                )
            )
    return tuple(GateResult(layer, table, tuple(found)) for (layer, table), found in checks.items())


def _row(run_id: str, result: GateResult, check: CheckResult, now: datetime) -> tuple[Any, ...]:
    return (
        run_id,
        result.layer.upper(),
        result.table.upper(),
        check.expectation,
        check.column,
        check.severity,
        check.success,
        check.failing_rows,
        check.checked_rows,
        json.dumps(check.sample_keys, ensure_ascii=False),
        check.error,
        now,
    )
