"""Versions of rows in time (SCD2): from committed versions to those that somebody can tell apart.

    return versions(stg_customer_history, key="CUSTOMER_ID", kept=["SEGMENT", "IS_ACTIVE"])

A version is there from VALID_FROM until before VALID_TO, NULL where it is the current one. The result depends
on the commits alone, not on when anybody looked, so it can be computed anew key by key.
"""

from __future__ import annotations

from collections.abc import Sequence

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame, Window, WindowSpec
from snowflake.snowpark.functions import coalesce, col, greatest, iff, lag, lit
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import min as min_
from snowflake.snowpark.functions import sum as sum_


def versions(committed: DataFrame, key: str, kept: Sequence[str]) -> DataFrame:
    """One row a key and version of the kept columns.

    Versions that are equal in them and follow on one another are one; where the row was deleted and came
    back, two. What was replaced within one commit time was never to be seen, so it is left out.

    Args:
        committed: every committed version: key, kept columns, VALID_FROM and VALID_TO (commit times) and
            FROM_POSITION (the order of the commits).
        key: the column that names a row of the source.
        kept: the columns whose changes make versions.

    Returns:
        Key, kept columns, VALID_FROM, VALID_TO, IS_CURRENT; key and VALID_FROM are unique together.
    """
    in_order = _by_a_clock_that_never_runs_back(committed, key, kept)
    visible = in_order.filter(col("VALID_TO").is_null() | (col("VALID_FROM") < col("VALID_TO")))
    by_time = Window.partition_by(key).order_by("VALID_FROM")
    so_far = by_time.rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    begins = visible.with_column("BEGINS", iff(_goes_on(kept, by_time), lit(0), lit(1)))
    numbered = begins.with_column("NUMBER", sum_("BEGINS").over(so_far))
    merged = numbered.group_by(key, "NUMBER", *kept).agg(
        min_("VALID_FROM").alias("VALID_FROM"),
        max_("VALID_TO").alias("LAST_END"),
        max_(iff(col("VALID_TO").is_null(), lit(1), lit(0))).alias("OPEN_ENDS"),
    )
    is_current = col("OPEN_ENDS") > lit(0)
    return merged.select(
        col(key),
        *map(col, kept),
        col("VALID_FROM"),
        iff(is_current, lit(None), col("LAST_END")).alias("VALID_TO"),
        is_current.alias("IS_CURRENT"),
    )


def _by_a_clock_that_never_runs_back(committed: DataFrame, key: str, kept: Sequence[str]) -> DataFrame:
    """Commit times in the order of the commits: where the clock was set back it stands until it is passed.

    SQL Server stamps commits by its wall clock (cdc.lsn_time_mapping.tran_end_time), which is no order.
    """
    by_commit = Window.partition_by(key).order_by("FROM_POSITION")
    before = by_commit.rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW - 1)
    last_seen = greatest(col("VALID_FROM"), coalesce(col("VALID_TO"), col("VALID_FROM")))
    reached = coalesce(max_(last_seen).over(before), col("VALID_FROM"))
    begun = committed.with_column("BEGUN", greatest(col("VALID_FROM"), reached))
    ended = iff(col("VALID_TO").is_null(), lit(None), greatest(col("VALID_TO"), col("BEGUN")))
    return begun.select(col(key), *map(col, kept), col("BEGUN").alias("VALID_FROM"), ended.alias("VALID_TO"))


def _goes_on(kept: Sequence[str], by_time: WindowSpec) -> Expression:
    """Whether a version says what the one before says, and follows on it."""
    goes_on = coalesce(lag("VALID_TO").over(by_time) == col("VALID_FROM"), lit(False))
    for name in kept:
        goes_on = goes_on & lag(name).over(by_time).equal_null(col(name))
    return goes_on
