"""QUALITY.GATE_STATE: up to where a gate has found every row of a table in order, under which suite.

Runs look at one table at the same time. So a verdict is kept only where nobody has written of the table since
the look at it began: what another run found broken meanwhile stays forgotten, and a part that was looked at
is added to nothing but what it began from. Whoever comes late keeps nothing, and the next gate looks at more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from snowflake.connector import SnowflakeConnection

from expectations.gate.partition import WHOLE_AGAIN_AFTER

CREATE_GATE_STATE: Final = """
CREATE TABLE IF NOT EXISTS QUALITY.GATE_STATE (
    LAYER VARCHAR NOT NULL,
    TABLE_NAME VARCHAR NOT NULL,
    SUITE VARCHAR NOT NULL,
    POSITION NUMBER(19, 0) NOT NULL,
    WHOLE_AT TIMESTAMP_NTZ(9) NOT NULL,
    RUN_ID VARCHAR NOT NULL,
    UPDATED_AT TIMESTAMP_NTZ(9) NOT NULL
)
"""

FORGOTTEN: Final = "forgotten"
"""In place of a suite's hash: something failed, and the next gate looks at the whole table."""

READ: Final = """
SELECT SUITE, POSITION, WHOLE_AT, RUN_ID, UPDATED_AT
FROM QUALITY.GATE_STATE
WHERE LAYER = %s AND TABLE_NAME = %s
"""

KEEP: Final = """
MERGE INTO QUALITY.GATE_STATE AS t
USING (
    SELECT %s AS LAYER, %s AS TABLE_NAME, %s AS SUITE, %s AS POSITION, %s AS RUN_ID,
        %s::TIMESTAMP_NTZ(9) AS UPDATED_AT, %s AS IS_WHOLE,
        %s::VARCHAR AS READ_RUN_ID, %s::TIMESTAMP_NTZ(9) AS READ_UPDATED_AT
) AS s
ON t.LAYER = s.LAYER AND t.TABLE_NAME = s.TABLE_NAME
WHEN MATCHED AND t.RUN_ID = s.READ_RUN_ID AND t.UPDATED_AT = s.READ_UPDATED_AT
    AND (s.IS_WHOLE OR t.SUITE = s.SUITE)
THEN UPDATE SET
    SUITE = s.SUITE, POSITION = s.POSITION, RUN_ID = s.RUN_ID, UPDATED_AT = s.UPDATED_AT,
    WHOLE_AT = IFF(s.IS_WHOLE, s.UPDATED_AT, t.WHOLE_AT)
WHEN NOT MATCHED AND s.IS_WHOLE AND s.READ_RUN_ID IS NULL
THEN INSERT (LAYER, TABLE_NAME, SUITE, POSITION, WHOLE_AT, RUN_ID, UPDATED_AT)
VALUES (s.LAYER, s.TABLE_NAME, s.SUITE, s.POSITION, s.UPDATED_AT, s.RUN_ID, s.UPDATED_AT)
"""

FORGET: Final = f"""
MERGE INTO QUALITY.GATE_STATE AS t
USING (
    SELECT %s AS LAYER, %s AS TABLE_NAME, %s AS RUN_ID, %s::TIMESTAMP_NTZ(9) AS UPDATED_AT
) AS s
ON t.LAYER = s.LAYER AND t.TABLE_NAME = s.TABLE_NAME
WHEN MATCHED THEN UPDATE SET SUITE = '{FORGOTTEN}', RUN_ID = s.RUN_ID, UPDATED_AT = s.UPDATED_AT
WHEN NOT MATCHED THEN INSERT (LAYER, TABLE_NAME, SUITE, POSITION, WHOLE_AT, RUN_ID, UPDATED_AT)
VALUES (s.LAYER, s.TABLE_NAME, '{FORGOTTEN}', 0, s.UPDATED_AT, s.RUN_ID, s.UPDATED_AT)
"""


@dataclass(frozen=True)
class TableState:
    """What is kept of a table; run and moment of the writing tell whether somebody has written since.

    Attributes:
        suite: hash of the suite that all rows up to the position keep, or FORGOTTEN.
        position: up to where they do.
        whole_at: when all of them were last looked at, UTC.
        run_id: who wrote this.
        updated_at: when, UTC.
    """

    suite: str
    position: int
    whole_at: datetime
    run_id: str
    updated_at: datetime

    def position_under(self, suite: str) -> int | None:
        """Up to where every row is in order under the suite with this hash; None asks for the whole table."""
        is_old = self.whole_at <= _now() - WHOLE_AGAIN_AFTER
        return None if self.suite != suite or is_old else self.position


def read_state(connection: SnowflakeConnection, layer: str, table: str) -> TableState | None:
    """What is kept of a table; None where nothing is."""
    with connection.cursor() as cursor:
        cursor.execute(READ, (layer.upper(), table.upper()))
        row = cursor.fetchone()
    return None if row is None else TableState(row[0], int(row[1]), *row[2:])


def keep_position(
    connection: SnowflakeConnection,
    layer: str,
    table: str,
    suite: str,
    position: int,
    run_id: str,
    *,
    is_whole: bool,
    began_from: TableState | None,
) -> None:
    """Every row up to a position was found in order, unless somebody has written of the table meanwhile.

    Args:
        connection: of the gate.
        layer: of the table.
        table: its name.
        suite: hash of the suite.
        position: up to where.
        run_id: whose verdict it is.
        is_whole: all of the rows were looked at, not only those after the position that it began from.
        began_from: what was kept of the table before the look at it began.
    """
    read = (began_from.run_id, began_from.updated_at) if began_from else (None, None)
    values = (layer.upper(), table.upper(), suite, position, run_id, _now(), is_whole, *read)
    with connection.cursor() as cursor:
        cursor.execute(KEEP, values)


def forget_position(connection: SnowflakeConnection, layer: str, table: str, run_id: str) -> None:
    """The next gate looks at the whole table, and no look that has begun is kept."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, (layer.upper(), table.upper(), run_id, _now()))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
