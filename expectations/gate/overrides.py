"""QUALITY.OVERRIDES: gates that were closed and let through all the same, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from snowflake.connector import SnowflakeConnection

CREATE_OVERRIDES = """
CREATE TABLE IF NOT EXISTS QUALITY.OVERRIDES (
    RUN_ID VARCHAR NOT NULL,
    LAYER VARCHAR NOT NULL,
    TABLE_NAME VARCHAR NOT NULL,
    REASON VARCHAR NOT NULL,
    FAILED VARCHAR NOT NULL,
    STARTED_BY VARCHAR NOT NULL,
    RUN_NAME VARCHAR NOT NULL,
    RUN_LINK VARCHAR,
    OVERRIDDEN_AT TIMESTAMP_NTZ(9) NOT NULL
)
"""

INSERT_OVERRIDE = """
INSERT INTO QUALITY.OVERRIDES (
    RUN_ID, LAYER, TABLE_NAME, REASON, FAILED, STARTED_BY, RUN_NAME, RUN_LINK, OVERRIDDEN_AT
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

SELECT_OVERRIDES = """
SELECT LAYER, TABLE_NAME, REASON, FAILED, STARTED_BY, RUN_NAME, RUN_LINK
FROM QUALITY.OVERRIDES
WHERE RUN_ID = %s
QUALIFY ROW_NUMBER() OVER (PARTITION BY LAYER, TABLE_NAME ORDER BY OVERRIDDEN_AT DESC) = 1
ORDER BY OVERRIDDEN_AT, LAYER, TABLE_NAME
"""


@dataclass(frozen=True)
class Override:
    """A closed gate that somebody let through.

    Attributes:
        reason: why, in the words of who did.
        failed: what had closed it.
        started_by: who has started the run.
        run_name: as Prefect shows it.
        run_link: where Prefect shows it; None without a UI.
    """

    layer: str
    table: str
    reason: str
    failed: str
    started_by: str
    run_name: str
    run_link: str | None

    @property
    def name(self) -> str:
        """The table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.table}".upper()


def append_override(connection: SnowflakeConnection, run_id: str, override: Override) -> None:
    """Record one override of a run; of a table that is recorded twice the later counts."""
    values = (
        run_id,
        override.layer,
        override.table,
        override.reason,
        override.failed,
        override.started_by,
        override.run_name,
        override.run_link,
        datetime.now(UTC).replace(tzinfo=None),
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_OVERRIDE, values)


def read_overrides(connection: SnowflakeConnection, run_id: str) -> tuple[Override, ...]:
    """What was overridden in a run, in that order."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT_OVERRIDES, (run_id,))
        return tuple(Override(*row) for row in cursor.fetchall())
