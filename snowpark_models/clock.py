"""The time that models know: that of the data. Whoever runs them again on the same data gets the same."""

from __future__ import annotations

from functools import reduce

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, dateadd, lit
from snowflake.snowpark.functions import max as max_


def as_of(*upstreams: DataFrame) -> DataFrame:
    """One row, AS_OF: the first millisecond at which all that the given models hold was known.

    It lies after the latest commit in them, so that each of their rows was known strictly before it, and
    before any later commit: SQL Server gives commit times as datetime, in steps of 1/300 second.
    """
    commits = [rows.agg(max_("COMMITTED_AT").alias("COMMITTED_AT")) for rows in upstreams]
    every = reduce(DataFrame.union_all, commits)
    last = every.agg(max_("COMMITTED_AT").alias("COMMITTED_AT"))
    return last.select(dateadd("millisecond", lit(1), col("COMMITTED_AT")).alias("AS_OF"))
