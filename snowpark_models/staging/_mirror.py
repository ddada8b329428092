"""What every staging model does alike with its mirror, or its history."""

from __future__ import annotations

from typing import Final

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, iff, length, lit, trim

from snowpark_models import Column

OWNER: Final = "data-platform@shellcorp.example"

COMMITTED_AT: Final = Column(
    "committed_at",
    "TIMESTAMP_NTZ",
    "When the source committed the row's last change, UTC: from then on it could be known.",
)

VALIDITY: Final = (
    Column("from_position", "VARCHAR(50)", "Position in the source's log from which it is so."),
    Column("to_position", "VARCHAR(50)", "Position from which it is not; NULL: it still is.", nullable=True),
    Column("valid_from", "TIMESTAMP_NTZ", "When the source committed the version, UTC."),
    Column("valid_to", "TIMESTAMP_NTZ", "When it committed the next one, or a delete, UTC.", nullable=True),
)
"""What a history says of each version of a row."""


def live_rows(mirror: DataFrame) -> DataFrame:
    """The rows that the source has: a tombstone stands for one that it deleted."""
    return mirror.filter(~col("_DELETED"))


def committed_at() -> Expression:
    """The column that COMMITTED_AT declares."""
    return col("_COMMITTED_AT").alias("COMMITTED_AT")


def validity() -> list[Expression]:
    """The columns that VALIDITY declares."""
    return [col(f"_{column.name.upper()}").alias(column.name.upper()) for column in VALIDITY]


def text_or_null(name: str) -> Expression:
    """A text column without blanks around it; NULL where nothing is left."""
    trimmed = trim(col(name))
    return iff(length(trimmed) > 0, trimmed, lit(None))
