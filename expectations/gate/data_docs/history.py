"""What the last runs' gates said, read from QUALITY.GATE_RUNS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from snowflake.connector import SnowflakeConnection

KEPT_RUNS: Final = 100
"""Newest runs that have a page and a place in the index; pages of older ones are removed."""

SELECT_HISTORY: Final = """
WITH RUNS AS (
    SELECT RUN_ID, MAX(CHECKED_AT) AS ENDED_AT
    FROM QUALITY.GATE_RUNS
    GROUP BY RUN_ID
    ORDER BY ENDED_AT DESC
    LIMIT %s
)
SELECT
    g.RUN_ID, g.LAYER, g.TABLE_NAME, g.OUTCOME, g.CHECKS, g.FAILED, g.FIRST_FAILURE, g.ROWS_CHECKED,
    g.ROWS_SET_ASIDE, g.IS_OVERRIDDEN, g.IS_WHOLE, g.OWNER, g.PAGE, g.CHECKED_AT
FROM QUALITY.GATE_RUNS AS g
JOIN RUNS ON RUNS.RUN_ID = g.RUN_ID
ORDER BY RUNS.ENDED_AT DESC, g.CHECKED_AT, g.LAYER, g.TABLE_NAME
"""


@dataclass(frozen=True)
class PastGate:
    """One gate of one run, as QUALITY.GATE_RUNS has it."""

    run_id: str
    layer: str
    table: str
    outcome: str
    checks: int
    failed: int
    first_failure: str | None
    rows_checked: int | None
    rows_set_aside: int
    is_overridden: bool
    is_whole: bool
    owner: str | None
    page: str
    checked_at: datetime

    @property
    def name(self) -> str:
        """The table as people write it."""
        return f"{self.layer}.{self.table}"


@dataclass(frozen=True)
class PastRun:
    """The gates of one run, in the order in which they were passed."""

    run_id: str
    gates: tuple[PastGate, ...]

    @property
    def page(self) -> str:
        """Path of its page from the index."""
        return page_of(self.run_id)

    @property
    def ended_at(self) -> datetime:
        """When its last gate was passed, UTC."""
        return max(gate.checked_at for gate in self.gates)

    def count(self, outcome: str) -> int:
        """How many of its gates ended so."""
        return sum(gate.outcome == outcome for gate in self.gates)


def read_history(connection: SnowflakeConnection) -> list[PastRun]:
    """The last runs, the newest first."""
    runs: dict[str, list[PastGate]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SELECT_HISTORY, (KEPT_RUNS,))
        for row in cursor.fetchall():
            gate = PastGate(*row)
            runs.setdefault(gate.run_id, []).append(gate)
    return [PastRun(run_id, tuple(gates)) for run_id, gates in runs.items()]


def page_of(run_id: str) -> str:
    """Path of a run's page from the index; what a path or an address could misread is spelled out."""
    spelled = "".join(c if c.isascii() and (c.isalnum() or c == "-") else f"_{ord(c):x}_" for c in run_id)
    return f"runs/{spelled}.html"


def anchored(run_id: str, layer: str, table: str) -> str:
    """Where a run's page shows a gate."""
    return f"{page_of(run_id)}#{layer.lower()}.{table.lower()}"
