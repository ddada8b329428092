"""The time that models know: that of the data. Whoever runs them again on the same data gets the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import reduce

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, dateadd, lit
from snowflake.snowpark.functions import max as max_

from snowpark_models.errors import LocalityError

_IS_BY_PARTS: ContextVar[bool] = ContextVar("is_by_parts", default=False)


@contextmanager
def parts_alone() -> Iterator[None]:
    """What is asked here sees some parts of the data only."""
    token = _IS_BY_PARTS.set(True)
    try:
        yield
    finally:
        _IS_BY_PARTS.reset(token)


def as_of(*upstreams: DataFrame) -> DataFrame:
    """One row, AS_OF: the first millisecond at which all that the given models hold was known.

    It lies after the latest commit in them, so that each of their rows was known strictly before it, and
    before any later commit: SQL Server gives commit times as datetime, in steps of 1/300 second.

    Raises:
        LocalityError: an incremental model asks: of some parts alone it would be another time.
    """
    if _IS_BY_PARTS.get():
        raise LocalityError('as_of looks at all rows, not at some parts: make the model materialized="table"')
    commits = [rows.agg(max_("COMMITTED_AT").alias("COMMITTED_AT")) for rows in upstreams]
    every = reduce(DataFrame.union_all, commits)
    last = every.agg(max_("COMMITTED_AT").alias("COMMITTED_AT"))
    return last.select(dateadd("millisecond", lit(1), col("COMMITTED_AT")).alias("AS_OF"))
