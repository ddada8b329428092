"""What a query answers."""

from __future__ import annotations

from snowflake.connector.cursor import SnowflakeCursor


def rows(cursor: SnowflakeCursor, query: str) -> list[tuple[object, ...]]:
    """Its rows."""
    cursor.execute(query)
    return [tuple(row) for row in cursor.fetchall()]
