"""The T-SQL that reconciliation sends, each statement once. All of them read, a bounded part each."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.quoting import tsql_name, tsql_text
from flows.ingest.lsn import Lsn
from flows.ingest.reconcile.hashing import UTF8, Hashing
from flows.ingest.reconcile.keys import tsql_is_one_of
from flows.ingest.snapshot.chunks import Key
from flows.ingest.source.statements import key_range
from flows.ingest.tables.captured import CapturedTable

KNOWS_UTF8 = f"SELECT CONVERT(int, COLLATIONPROPERTY({tsql_text(UTF8)}, {tsql_text('CodePage')}))"
"""NULL where the server is older than SQL Server 2019."""


def summary(table: CapturedTable, hashing: Hashing, after: Key | None, up_to: Key | None) -> str:
    """How many rows have keys in (after, up_to], and the sum of their hashes, exact in 38 digits."""
    return f"""
SELECT COUNT_BIG(*), SUM(CONVERT(decimal(38, 0), {hashing.tsql_row}))
FROM {tsql_name(table.schema, table.table)}
{_where(key_range(table, after, up_to))}"""


def bucket_summaries(
    table: CapturedTable,
    hashing: Hashing,
    after: Key | None,
    up_to: Key | None,
    bits: int,
    within: str | None,
) -> str:
    """The same for each bucket of keys: bucket, rows, sum of hashes."""
    return f"""
SELECT bucket, COUNT_BIG(*), SUM(CONVERT(decimal(38, 0), row_hash))
FROM (
    SELECT {hashing.tsql_bucket(bits)} AS bucket, {hashing.tsql_row} AS row_hash
    FROM {tsql_name(table.schema, table.table)}
    {_where([*key_range(table, after, up_to), *([within] if within else [])])}
) AS hashed
GROUP BY bucket
"""


def rows(table: CapturedTable, after: Key | None, up_to: Key | None, within: str | None = None) -> str:
    """The rows with keys in (after, up_to]; `within` narrows them."""
    return f"""
SELECT {_columns(table)}
FROM {tsql_name(table.schema, table.table)}
{_where([*key_range(table, after, up_to), *([within] if within else [])])}"""


def rows_of(table: CapturedTable, keys: Sequence[Key]) -> str:
    """The rows of some keys, by a seek each."""
    return f"""
SELECT {_columns(table)}
FROM {tsql_name(table.schema, table.table)}
WHERE {tsql_is_one_of(table, keys)}
"""


def changes_of(table: CapturedTable, keys: Sequence[Key], after: Lsn, up_to: Lsn) -> str:
    """The changes of some keys in (after, up_to], in the order of the log: operation, mask, columns."""
    return f"""
SELECT [__$operation], [__$update_mask], {_columns(table)}
FROM {tsql_name("cdc", table.capture_instance + "_CT")}
WHERE [__$start_lsn] > {after.literal} AND [__$start_lsn] <= {up_to.literal}
    AND ({tsql_is_one_of(table, keys)})
ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]
"""


def in_buckets(hashing: Hashing, bits: int, numbers: Sequence[int]) -> str:
    """The condition that a row's key is in one of some buckets."""
    return f"{hashing.tsql_bucket(bits)} IN ({', '.join(map(str, numbers))})"


def _columns(table: CapturedTable) -> str:
    return ", ".join(column.read_expression for column in table.columns)


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}\n" if conditions else ""
