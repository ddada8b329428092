"""Tables of a run some of whose rows were set aside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from snowflake.connector.cursor import SnowflakeCursor

SELECT_SET_ASIDE = """
SELECT UPPER(LAYER), UPPER(TABLE_NAME), ROWS_SET_ASIDE
FROM QUALITY.GATE_RUNS
WHERE RUN_ID = %s AND ROWS_SET_ASIDE > 0
ORDER BY ROWS_SET_ASIDE DESC, LAYER, TABLE_NAME
"""


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


def read_set_aside(cursor: SnowflakeCursor, there: Collection[str], run_id: str) -> tuple[SetAside, ...]:
    """The tables of a run with rows in quarantine, most rows first."""
    if "QUALITY.GATE_RUNS" not in there:
        return ()
    cursor.execute(SELECT_SET_ASIDE, (run_id,))
    return tuple(SetAside(layer, table, int(rows)) for layer, table, rows in cursor.fetchall())
