"""What a run let pass against its rules: gates that somebody overrode, rows that were set aside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from snowflake.connector.cursor import SnowflakeCursor

SELECT_OVERRIDES = """
SELECT UPPER(LAYER), UPPER(TABLE_NAME), REASON, STARTED_BY
FROM QUALITY.OVERRIDES
WHERE RUN_ID = %s
QUALIFY ROW_NUMBER() OVER (PARTITION BY UPPER(LAYER), UPPER(TABLE_NAME) ORDER BY OVERRIDDEN_AT DESC) = 1
ORDER BY OVERRIDDEN_AT, LAYER, TABLE_NAME
"""

SELECT_SET_ASIDE = """
SELECT UPPER(LAYER), UPPER(TABLE_NAME), ROWS_SET_ASIDE
FROM QUALITY.GATE_RUNS
WHERE RUN_ID = %s AND ROWS_SET_ASIDE > 0
ORDER BY ROWS_SET_ASIDE DESC, LAYER, TABLE_NAME
"""


@dataclass(frozen=True)
class Overridden:
    """A closed gate that somebody had let through for this run."""

    layer: str
    table: str
    reason: str
    started_by: str

    @property
    def name(self) -> str:
        """The table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.table}"


@dataclass(frozen=True)
class SetAside:
    """A table some of whose rows are in quarantine instead."""

    layer: str
    table: str
    rows: int

    @property
    def name(self) -> str:
        """The table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.table}"

    @property
    def quarantine(self) -> str:
        """Where the rows are."""
        return f"QUALITY.{self.layer}__{self.table}"


def read_overridden(cursor: SnowflakeCursor, there: Collection[str], run_id: str) -> tuple[Overridden, ...]:
    """The overrides of a run; `there` are the tables of OPS and QUALITY that exist."""
    if "QUALITY.OVERRIDES" not in there:
        return ()
    cursor.execute(SELECT_OVERRIDES, (run_id,))
    return tuple(Overridden(*row) for row in cursor.fetchall())


def read_set_aside(cursor: SnowflakeCursor, there: Collection[str], run_id: str) -> tuple[SetAside, ...]:
    """The tables of a run with rows in quarantine, most rows first."""
    if "QUALITY.GATE_RUNS" not in there:
        return ()
    cursor.execute(SELECT_SET_ASIDE, (run_id,))
    return tuple(SetAside(layer, table, int(rows)) for layer, table, rows in cursor.fetchall())
