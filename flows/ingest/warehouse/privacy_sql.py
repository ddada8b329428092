"""The statements by which columns are hashed, removed and commented in Snowflake, each once."""

from __future__ import annotations

from deployments.quoting import snowflake_name, snowflake_text
from flows.ingest.tables.captured import RAW

READ_HASHED = "SELECT TABLE_NAME, COLUMN_NAME, SALT_FINGERPRINT FROM OPS.HASHED_COLUMNS"

DELETE_HASHED = "DELETE FROM OPS.HASHED_COLUMNS WHERE TABLE_NAME = %s"

INSERT_HASHED = """
INSERT INTO OPS.HASHED_COLUMNS (TABLE_NAME, COLUMN_NAME, SALT_FINGERPRINT, UPDATED_AT)
VALUES (%s, %s, %s, %s)
"""

READ_COMMENTS = """
SELECT TABLE_NAME, COLUMN_NAME, COMMENT
FROM INFORMATION_SCHEMA.COLUMNS
WHERE TABLE_SCHEMA = 'RAW'
"""


def drop_column(table: str, column: str) -> str:
    """Take a column out of a table of RAW, with its values."""
    return f"ALTER TABLE {snowflake_name(RAW, table)} DROP COLUMN IF EXISTS {snowflake_name(column)}"


def comment_on(table: str, column: str, comment: str) -> str:
    """Say what a column of a table of RAW is."""
    return f"COMMENT ON COLUMN {snowflake_name(RAW, table, column)} IS {snowflake_text(comment)}"
