"""What a week was like: the facts of the digest, read from OPS and QUALITY."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import DictCursor

from expectations.report.history import History, load_history
from expectations.report.ownership import Ownership
from expectations.report.recipients import EVERYTHING, Concern
from expectations.report.summary import SELECT_TABLES

WEEK: Final = timedelta(days=7)
RUNS: Final = 2_500
"""Of the runs of two weeks the newest so many: one every ten minutes are 2,016."""

SELECT_KEPT = """
SELECT
    UPPER(LAYER) AS LAYER, UPPER(MODEL) AS MODEL, COUNT(*) AS RUNS,
    COUNT_IF(OUTCOME NOT IN ('published', 'unchanged')) AS KEPT
FROM OPS.MODEL_RUNS
WHERE STARTED_AT > %s AND STARTED_AT <= %s
GROUP BY UPPER(LAYER), UPPER(MODEL)
HAVING COUNT_IF(OUTCOME NOT IN ('published', 'unchanged')) > 0
ORDER BY KEPT DESC, LAYER, MODEL
"""

SELECT_SOURCE = """
SELECT
    CHECKED_AT > %s AS IS_THIS_WEEK, COUNT(*) AS RUNS,
    MEDIAN(LAG_SECONDS) AS LAG, MAX(LAG_SECONDS) AS WORST_LAG,
    SUM(SOURCE_QUERIES) AS QUERIES, SUM(SOURCE_ROWS) AS SOURCE_ROWS, SUM(SOURCE_MILLISECONDS) AS MILLISECONDS
FROM OPS.REPLICATION_HEALTH
WHERE CHECKED_AT > %s AND CHECKED_AT <= %s
GROUP BY CHECKED_AT > %s
"""


@dataclass(frozen=True)
class KeptBack:
    """A table that runs of the week did not publish."""

    layer: str
    model: str
    runs: int
    kept: int

    @property
    def name(self) -> str:
        """The table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.model}"


@dataclass(frozen=True)
class SourceWeek:
    """Replication in one week: its lag, and what it cost the source."""

    runs: int
    lag_seconds: float
    worst_lag_seconds: float
    queries: int
    rows: int
    milliseconds: int


@dataclass(frozen=True)
class Week:
    """The week that ends at a moment, and the one before, for whoever answers for tables. Times are UTC."""

    ends_at: datetime
    this_week: History = field(default_factory=History)
    week_before: History = field(default_factory=History)
    kept_back: tuple[KeptBack, ...] = ()
    source: SourceWeek | None = None
    source_before: SourceWeek | None = None
    data_docs_link: str | None = None
    ownership: Ownership = field(default_factory=dict)
    concern: Concern = EVERYTHING

    def about(self, concern: Concern) -> Week:
        """The week as far as it concerns somebody."""

        def covers(layer: str, table: str) -> bool:
            return concern.covers(layer, table, self.ownership)

        return replace(
            self,
            this_week=self.this_week.where(covers),
            week_before=self.week_before.where(covers),
            kept_back=tuple(kept for kept in self.kept_back if covers(kept.layer, kept.model)),
            concern=concern,
        )


def load_week(
    connection: SnowflakeConnection,
    ends_at: datetime,
    *,
    data_docs_link: str | None = None,
    ownership: Ownership | None = None,
) -> Week:
    """Read what the runs of two weeks left in OPS and QUALITY; of a new platform there may be nothing yet."""
    end = ends_at.astimezone(UTC).replace(tzinfo=None)
    middle, begin = end - WEEK, end - 2 * WEEK
    kept: list[dict[str, Any]] = []
    source: list[dict[str, Any]] = []
    with connection.cursor(DictCursor) as cursor:
        there = {row["FULL_NAME"] for row in _rows(cursor, SELECT_TABLES)}
        if "OPS.MODEL_RUNS" in there:
            kept = _rows(cursor, SELECT_KEPT, middle, end)
        if "OPS.REPLICATION_HEALTH" in there:
            source = _rows(cursor, SELECT_SOURCE, middle, begin, end, middle)
    history = load_history(connection, there, "", ends_at, runs=RUNS, look_back=2 * WEEK)
    weeks = {bool(row["IS_THIS_WEEK"]): _source(row) for row in source}
    return Week(
        ends_at=ends_at,
        this_week=_of_runs(history, lambda at: at > ends_at - WEEK),
        week_before=_of_runs(history, lambda at: at <= ends_at - WEEK),
        kept_back=tuple(KeptBack(r["LAYER"], r["MODEL"], int(r["RUNS"]), int(r["KEPT"])) for r in kept),
        source=weeks.get(True),
        source_before=weeks.get(False),
        data_docs_link=data_docs_link,
        ownership=ownership or {},
    )


def _of_runs(history: History, is_in: Callable[[datetime], bool]) -> History:
    return History(
        gates=tuple(gate for gate in history.gates if is_in(gate.checked_at)),
        failures=tuple(failure for failure in history.failures if is_in(failure.checked_at)),
    )


def _rows(cursor: DictCursor, query: str, *values: object) -> list[dict[str, Any]]:
    cursor.execute(query, values)
    return [dict(row) for row in cursor.fetchall()]


def _source(row: dict[str, Any]) -> SourceWeek:
    return SourceWeek(
        runs=int(row["RUNS"]),
        lag_seconds=float(row["LAG"]),
        worst_lag_seconds=float(row["WORST_LAG"]),
        queries=int(row["QUERIES"]),
        rows=int(row["SOURCE_ROWS"]),
        milliseconds=int(row["MILLISECONDS"]),
    )
