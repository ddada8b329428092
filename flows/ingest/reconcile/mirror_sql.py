"""The statements of reconciliation on a mirror, each once. They read a clone that stands still at one LSN."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.quoting import snowflake_name, snowflake_text
from flows.ingest.reconcile.hashing import Hashing
from flows.ingest.reconcile.keys import snowflake_in_range
from flows.ingest.snapshot.chunks import Key
from flows.ingest.tables.captured import OPS, CapturedTable
from flows.ingest.warehouse.raw_sql import change_log, mirror

CLONE_PREFIX = "RECONCILED__"


def clone(table: CapturedTable) -> str:
    """The quoted name of a mirror's clone; it is gone with the session."""
    return snowflake_name(OPS, f"{CLONE_PREFIX}{table.name}")


def create_clone(table: CapturedTable) -> str:
    """Copy no data: a clone shares the mirror's micro-partitions (Snowflake, "CREATE … CLONE")."""
    return f"CREATE OR REPLACE TEMPORARY TABLE {clone(table)} CLONE {mirror(table.name)}"


def drop_clone(table: CapturedTable) -> str:
    """Drop a mirror's clone."""
    return f"DROP TABLE IF EXISTS {clone(table)}"


def summaries(table: CapturedTable, hashing: Hashing, ranges: Sequence[tuple[Key | None, Key | None]]) -> str:
    """For each range of keys that has rows: its place, rows, sum of hashes."""
    places = " ".join(
        f"WHEN {snowflake_in_range(table, after, up_to)} THEN {place}"
        for place, (after, up_to) in enumerate(ranges)
    )
    return _grouped(
        table, hashing, f"CASE {places} END", snowflake_in_range(table, ranges[0][0], ranges[-1][1])
    )


def bucket_summaries(table: CapturedTable, hashing: Hashing, bits: int, within: str | None) -> str:
    """For each bucket of keys that has rows: bucket, rows, sum of hashes."""
    return _grouped(table, hashing, hashing.snowflake_bucket(bits), within or "TRUE")


def _grouped(table: CapturedTable, hashing: Hashing, part: str, condition: str) -> str:
    return f"""
SELECT PART, COUNT(*), SUM(ROW_HASH)
FROM (
    SELECT {part} AS PART, {hashing.snowflake_row} AS ROW_HASH
    FROM {clone(table)}
    WHERE NOT _DELETED AND {condition}
) AS HASHED
WHERE PART IS NOT NULL
GROUP BY PART
"""


def rows(table: CapturedTable, condition: str, limit: int) -> str:
    """The rows that meet a condition, in the form in which they travelled."""
    columns = ", ".join(f"{column.compare_expression} AS {column.quoted}" for column in table.columns)
    return f"SELECT {columns} FROM {clone(table)} WHERE NOT _DELETED AND {condition} LIMIT {limit}"


def in_buckets(hashing: Hashing, bits: int, numbers: Sequence[int]) -> str:
    """The condition that a row's key is in one of some buckets."""
    return f"{hashing.snowflake_bucket(bits)} IN ({', '.join(map(str, numbers))})"


def remove_batch_keys(table: CapturedTable, batch: str, position: str, limit: str) -> str:
    """Remove from a mirror the rows of a batch's keys, but those with positions in (position, limit]."""
    keys = ", ".join(column.quoted for column in table.key)
    return f"""
DELETE FROM {mirror(table.name)}
WHERE ({keys}) IN (SELECT {keys} FROM {change_log(table.name)} WHERE _BATCH = {snowflake_text(batch)})
    AND NOT (_POSITION > {snowflake_text(position)} AND _POSITION <= {snowflake_text(limit)})
"""
