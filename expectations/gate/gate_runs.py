"""QUALITY.GATE_RUNS: one row a gate a run, for dashboards, the Data Docs and the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from snowflake.connector import SnowflakeConnection

from expectations.gate.results import GateResult, Outcome

CREATE_GATE_RUNS: Final = """
CREATE TABLE IF NOT EXISTS QUALITY.GATE_RUNS (
    RUN_ID VARCHAR NOT NULL,
    LAYER VARCHAR NOT NULL,
    TABLE_NAME VARCHAR NOT NULL,
    OUTCOME VARCHAR NOT NULL,
    CHECKS NUMBER(9, 0) NOT NULL,
    FAILED NUMBER(9, 0) NOT NULL,
    FIRST_FAILURE VARCHAR,
    ROWS_CHECKED NUMBER(19, 0),
    ROWS_SET_ASIDE NUMBER(19, 0) NOT NULL,
    IS_OVERRIDDEN BOOLEAN NOT NULL,
    IS_WHOLE BOOLEAN NOT NULL,
    SECONDS FLOAT NOT NULL,
    OWNER VARCHAR,
    PAGE VARCHAR NOT NULL,
    CHECKED_AT TIMESTAMP_NTZ(9) NOT NULL
)
"""

KEEP: Final = """
MERGE INTO QUALITY.GATE_RUNS AS t
USING (
    SELECT %s AS RUN_ID, %s AS LAYER, %s AS TABLE_NAME, %s AS OUTCOME, %s AS CHECKS, %s AS FAILED,
        %s AS FIRST_FAILURE, %s::NUMBER(19, 0) AS ROWS_CHECKED, %s AS IS_WHOLE, %s::FLOAT AS SECONDS,
        %s AS OWNER, %s AS PAGE, %s::TIMESTAMP_NTZ(9) AS CHECKED_AT
) AS s
ON t.RUN_ID = s.RUN_ID AND t.LAYER = s.LAYER AND t.TABLE_NAME = s.TABLE_NAME
WHEN MATCHED THEN UPDATE SET
    OUTCOME = s.OUTCOME, CHECKS = s.CHECKS, FAILED = s.FAILED, FIRST_FAILURE = s.FIRST_FAILURE,
    ROWS_CHECKED = s.ROWS_CHECKED, IS_WHOLE = s.IS_WHOLE, SECONDS = t.SECONDS + s.SECONDS,
    OWNER = s.OWNER, PAGE = s.PAGE, CHECKED_AT = s.CHECKED_AT
WHEN NOT MATCHED THEN INSERT (
    RUN_ID, LAYER, TABLE_NAME, OUTCOME, CHECKS, FAILED, FIRST_FAILURE, ROWS_CHECKED, ROWS_SET_ASIDE,
    IS_OVERRIDDEN, IS_WHOLE, SECONDS, OWNER, PAGE, CHECKED_AT
) VALUES (
    s.RUN_ID, s.LAYER, s.TABLE_NAME, s.OUTCOME, s.CHECKS, s.FAILED, s.FIRST_FAILURE, s.ROWS_CHECKED, 0,
    FALSE, s.IS_WHOLE, s.SECONDS, s.OWNER, s.PAGE, s.CHECKED_AT
)
"""

NOTE: Final = """
UPDATE QUALITY.GATE_RUNS
SET ROWS_SET_ASIDE = COALESCE(%s::NUMBER(19, 0), ROWS_SET_ASIDE),
    IS_OVERRIDDEN = COALESCE(%s::BOOLEAN, IS_OVERRIDDEN)
WHERE RUN_ID = %s AND LAYER = %s AND TABLE_NAME = %s
"""


LAST_GATES: Final = """
SELECT LAYER || '.' || TABLE_NAME AS NAME, OUTCOME, FIRST_FAILURE, IS_OVERRIDDEN
FROM QUALITY.GATE_RUNS
WHERE RUN_ID <> %s
QUALIFY ROW_NUMBER() OVER (PARTITION BY LAYER, TABLE_NAME ORDER BY CHECKED_AT DESC) = 1
"""


@dataclass(frozen=True)
class LastGate:
    """How a table's gate ended in an earlier run; `first_failure` is the gravest, as a sentence."""

    outcome: Outcome
    first_failure: str | None
    is_overridden: bool


def read_last_gates(connection: SnowflakeConnection, run_id: str) -> dict[str, LastGate]:
    """Each table's newest gate of another run, by its name, such as MARTS.ORDER_FACTS."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_GATES, (run_id,))
        return {name: LastGate(*row) for name, *row in cursor.fetchall()}


def keep_gate_run(connection: SnowflakeConnection, run_id: str, result: GateResult, page: str) -> None:
    """Write a gate's row; of a table that is checked twice in a run the later verdict stands.

    `page` is where the Data Docs show it, as a path from their index.
    """
    first = result.failures[0].expectation if result.failures else None
    values = (
        run_id,
        result.layer.upper(),
        result.table.upper(),
        result.outcome,
        len(result.checks),
        len(result.failures),
        first,
        result.rows_checked,
        result.is_whole,
        result.seconds,
        result.owner,
        page,
        datetime.now(UTC).replace(tzinfo=None),
    )
    with connection.cursor() as cursor:
        cursor.execute(KEEP, values)


def note_on_gate_run(
    connection: SnowflakeConnection,
    run_id: str,
    layer: str,
    table: str,
    *,
    rows_set_aside: int | None = None,
    is_overridden: bool | None = None,
) -> None:
    """Add to a gate's row what became known of it since; None leaves a value as it is."""
    values = (rows_set_aside, is_overridden, run_id, layer.upper(), table.upper())
    with connection.cursor() as cursor:
        cursor.execute(NOTE, values)
