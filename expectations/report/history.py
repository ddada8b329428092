"""What the runs before found: their gates and failed checks, and each model's last good table."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import DictCursor

RUNS: Final = 30
"""So many runs, the reported one among them, are looked back upon."""
LOOK_BACK: Final = timedelta(days=90)
"""Nothing older is read: the statements prune by it."""
FAILURES: Final = 5_000
"""Of failed checks the newest so many."""

SELECT_GATES = """
WITH CHECKS AS (
    SELECT RUN_ID, UPPER(LAYER) AS LAYER, UPPER(TABLE_NAME) AS TABLE_NAME, SEVERITY, SUCCESS, CHECKED_AT
    FROM QUALITY.CHECK_RESULTS
    WHERE CHECKED_AT > %s AND CHECKED_AT <= COALESCE(
        (SELECT MAX(CHECKED_AT) FROM QUALITY.CHECK_RESULTS WHERE RUN_ID = %s), %s::TIMESTAMP_NTZ(9))
    QUALIFY CHECKED_AT = MAX(CHECKED_AT) OVER (PARTITION BY RUN_ID, UPPER(LAYER), UPPER(TABLE_NAME))
), GATES AS (
    SELECT
        RUN_ID, LAYER, TABLE_NAME, MAX(CHECKED_AT) AS CHECKED_AT,
        COUNT(*) AS CHECKS,
        COUNT_IF(SUCCESS) AS PASSED,
        COUNT_IF(NOT SUCCESS AND SEVERITY = 'critical') AS CRITICAL,
        COUNT_IF(NOT SUCCESS AND SEVERITY = 'warning') AS WARNINGS
    FROM CHECKS
    GROUP BY RUN_ID, LAYER, TABLE_NAME
), RUNS AS (
    SELECT RUN_ID
    FROM GATES
    GROUP BY RUN_ID
    ORDER BY MAX(CHECKED_AT) DESC, RUN_ID
    LIMIT %s
)
SELECT g.RUN_ID, g.LAYER, g.TABLE_NAME, g.CHECKED_AT, g.CHECKS, g.PASSED, g.CRITICAL, g.WARNINGS
FROM GATES AS g
JOIN RUNS AS r ON r.RUN_ID = g.RUN_ID
ORDER BY g.CHECKED_AT, g.LAYER, g.TABLE_NAME
"""

SELECT_FAILURES = """
SELECT
    RUN_ID, UPPER(LAYER) AS LAYER, UPPER(TABLE_NAME) AS TABLE_NAME, EXPECTATION, SEVERITY, FAILING_ROWS,
    CHECKED_AT
FROM QUALITY.CHECK_RESULTS
WHERE NOT SUCCESS AND CHECKED_AT >= %s AND CHECKED_AT <= %s
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY RUN_ID, UPPER(LAYER), UPPER(TABLE_NAME), EXPECTATION ORDER BY CHECKED_AT DESC) = 1
ORDER BY CHECKED_AT DESC, LAYER, TABLE_NAME, EXPECTATION
LIMIT %s
"""

SELECT_LAST_GOOD = """
SELECT UPPER(LAYER) AS LAYER, UPPER(MODEL) AS MODEL, ROW_COUNT, ENDED_AT
FROM OPS.MODEL_RUNS
WHERE OUTCOME IN ('published', 'unchanged') AND RUN_ID <> %s AND STARTED_AT > %s AND STARTED_AT < %s
QUALIFY ROW_NUMBER() OVER (PARTITION BY UPPER(LAYER), UPPER(MODEL) ORDER BY STARTED_AT DESC) = 1
"""


@dataclass(frozen=True)
class PastGate:
    """One gate of one run, in numbers of checks. Times are UTC."""

    run_id: str
    layer: str
    table: str
    checked_at: datetime
    checks: int
    passed: int
    critical: int = 0
    warnings: int = 0

    @property
    def name(self) -> str:
        """The table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.table}"


@dataclass(frozen=True)
class PastFailure:
    """One check that failed in one run."""

    run_id: str
    layer: str
    table: str
    expectation: str
    severity: str
    failing_rows: int | None
    checked_at: datetime

    @property
    def name(self) -> str:
        """The table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.table}"


@dataclass(frozen=True)
class LastGood:
    """The table of a model as an earlier run published it, or found it unchanged."""

    layer: str
    model: str
    row_count: int | None
    at: datetime

    @property
    def name(self) -> str:
        """The table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.model}"


@dataclass(frozen=True)
class History:
    """The last runs that checked something, the reported one among them; oldest first."""

    gates: tuple[PastGate, ...] = ()
    failures: tuple[PastFailure, ...] = ()
    last_good: tuple[LastGood, ...] = ()

    def where(self, covers: Callable[[str, str], bool]) -> History:
        """The history of some tables, of which layer and name tell."""
        return History(
            gates=tuple(gate for gate in self.gates if covers(gate.layer, gate.table)),
            failures=tuple(failure for failure in self.failures if covers(failure.layer, failure.table)),
            last_good=tuple(good for good in self.last_good if covers(good.layer, good.model)),
        )


def load_history(
    connection: SnowflakeConnection,
    there: Collection[str],
    run_id: str,
    until: datetime,
    *,
    runs: int = RUNS,
    look_back: timedelta = LOOK_BACK,
) -> History:
    """Look back from a run, or from a time if the run checked nothing.

    Args:
        connection: to the warehouse.
        there: which tables of OPS and QUALITY exist, such as OPS.MODEL_RUNS.
        run_id: the reported run.
        until: when it ended, UTC.
        runs: how many runs at most.
        look_back: how far at most.
    """
    end = until.astimezone(UTC).replace(tzinfo=None)
    begin = end - look_back
    gates: tuple[PastGate, ...] = ()
    failures: tuple[PastFailure, ...] = ()
    last_good: tuple[LastGood, ...] = ()
    with connection.cursor(DictCursor) as cursor:
        if "QUALITY.CHECK_RESULTS" in there:
            gates = tuple(map(_gate, _rows(cursor, SELECT_GATES, begin, run_id, end, runs)))
        if gates:
            bounds = (gates[0].checked_at, gates[-1].checked_at)
            kept = {gate.run_id for gate in gates}
            found = map(_failure, _rows(cursor, SELECT_FAILURES, *map(_naive, bounds), FAILURES))
            failures = tuple(reversed([failure for failure in found if failure.run_id in kept]))
        if "OPS.MODEL_RUNS" in there:
            last_good = tuple(map(_last_good, _rows(cursor, SELECT_LAST_GOOD, run_id, begin, end)))
    return History(gates, failures, last_good)


def _rows(cursor: DictCursor, query: str, *values: object) -> list[dict[str, Any]]:
    cursor.execute(query, values)
    return [dict(row) for row in cursor.fetchall()]


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _gate(row: dict[str, Any]) -> PastGate:
    return PastGate(
        run_id=row["RUN_ID"],
        layer=row["LAYER"],
        table=row["TABLE_NAME"],
        checked_at=row["CHECKED_AT"].replace(tzinfo=UTC),
        checks=int(row["CHECKS"]),
        passed=int(row["PASSED"]),
        critical=int(row["CRITICAL"]),
        warnings=int(row["WARNINGS"]),
    )


def _failure(row: dict[str, Any]) -> PastFailure:
    return PastFailure(
        run_id=row["RUN_ID"],
        layer=row["LAYER"],
        table=row["TABLE_NAME"],
        expectation=row["EXPECTATION"],
        severity=row["SEVERITY"],
        failing_rows=None if row["FAILING_ROWS"] is None else int(row["FAILING_ROWS"]),
        checked_at=row["CHECKED_AT"].replace(tzinfo=UTC),
    )


def _last_good(row: dict[str, Any]) -> LastGood:
    count = row["ROW_COUNT"]
    return LastGood(
        row["LAYER"], row["MODEL"], None if count is None else int(count), row["ENDED_AT"].replace(tzinfo=UTC)
    )
