"""QUALITY.GATE_STATE: up to where a gate has found every row of a table in order, under which suite."""

from __future__ import annotations

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

READ: Final = """
SELECT POSITION
FROM QUALITY.GATE_STATE
WHERE LAYER = %s AND TABLE_NAME = %s AND SUITE = %s AND WHOLE_AT > %s
"""

KEEP: Final = """
MERGE INTO QUALITY.GATE_STATE AS t
USING (
    SELECT %s AS LAYER, %s AS TABLE_NAME, %s AS SUITE, %s AS POSITION, %s AS RUN_ID,
        %s::TIMESTAMP_NTZ(9) AS UPDATED_AT, %s AS IS_WHOLE
) AS s
ON t.LAYER = s.LAYER AND t.TABLE_NAME = s.TABLE_NAME
WHEN MATCHED THEN UPDATE SET
    SUITE = s.SUITE, POSITION = s.POSITION, RUN_ID = s.RUN_ID, UPDATED_AT = s.UPDATED_AT,
    WHOLE_AT = IFF(s.IS_WHOLE, s.UPDATED_AT, t.WHOLE_AT)
WHEN NOT MATCHED THEN INSERT (LAYER, TABLE_NAME, SUITE, POSITION, WHOLE_AT, RUN_ID, UPDATED_AT)
VALUES (s.LAYER, s.TABLE_NAME, s.SUITE, s.POSITION, s.UPDATED_AT, s.RUN_ID, s.UPDATED_AT)
"""

FORGET: Final = "DELETE FROM QUALITY.GATE_STATE WHERE LAYER = %s AND TABLE_NAME = %s"


def read_position(connection: SnowflakeConnection, layer: str, table: str, suite: str) -> int | None:
    """Up to where every row is in order under the suite with this hash; None asks for the whole table."""
    since = _now() - WHOLE_AGAIN_AFTER
    with connection.cursor() as cursor:
        cursor.execute(READ, (layer.upper(), table.upper(), suite, since))
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def keep_position(
    connection: SnowflakeConnection,
    layer: str,
    table: str,
    suite: str,
    position: int,
    run_id: str,
    *,
    is_whole: bool,
) -> None:
    """Every row up to a position was found in order; `is_whole` where all of them were looked at now."""
    values = (layer.upper(), table.upper(), suite, position, run_id, _now(), is_whole)
    with connection.cursor() as cursor:
        cursor.execute(KEEP, values)


def forget_position(connection: SnowflakeConnection, layer: str, table: str) -> None:
    """The next gate looks at the whole table."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, (layer.upper(), table.upper()))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
