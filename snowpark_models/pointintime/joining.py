"""The newest row known strictly before each point, in two forms that agree.

Snowflake's own Feature Store joins with `>=`: a row stamped at the label's instant leaks. It never
counts here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame, Window, WindowSpec
from snowflake.snowpark.functions import col, dateadd, lit, row_number

from snowpark_models.pointintime.declaration import AS_OF, View

Join = Callable[[DataFrame, DataFrame, View], DataFrame]
"""Of distinct points (keys, AS_OF), rows and their view: the points of which something was known, with it."""

OF_ROW = "__OF_ROW"


def asof_join(points: DataFrame, rows: DataFrame, view: View) -> DataFrame:
    """By ASOF JOIN, which Snowflake runs in one pass over both sorted sides."""
    known = _beside(_one_a_time(rows, view), view)
    paired = points.join(
        known,
        on=_same_entity(view),
        how="asof",
        match_condition=col(AS_OF) > col(view.available_ts),
    )
    found = paired.filter(col(view.available_ts).is_not_null() & _is_fresh(view))
    return _as_told(found, view)


def rank_join(points: DataFrame, rows: DataFrame, view: View) -> DataFrame:
    """By a rank, for what knows no ASOF JOIN; holds every earlier row of each point at once."""
    known = _beside(_one_a_time(rows, view), view)
    paired = points.join(known, on=_same_entity(view), how="inner")
    earlier = paired.filter((col(view.available_ts) < col(AS_OF)) & _is_fresh(view))
    newest_first = Window.partition_by(*view.entity.keys, AS_OF).order_by(col(view.available_ts).desc())
    return _as_told(_first(earlier, newest_first), view)


def newest(rows: DataFrame, view: View) -> DataFrame:
    """The newest row of each entity."""
    newest_first = Window.partition_by(*view.entity.keys).order_by(*_newest_first(view))
    return _first(rows.select(*view.entity.keys, *view.clocks, *view.features), newest_first)


def _one_a_time(rows: DataFrame, view: View) -> DataFrame:
    """Of rows of an entity known from the same instant on, the one that happened last.

    ASOF JOIN picks any of them, so that a training set would differ from one run to the next.
    """
    known = rows.filter(col(view.available_ts).is_not_null())
    instants = Window.partition_by(*view.entity.keys, view.available_ts).order_by(*_newest_first(view))
    return _first(known, instants)


def _newest_first(view: View) -> list[Expression]:
    """An order that leaves no choice: also rows with both clocks alike come in the order of their values."""
    columns = (view.available_ts, view.event_ts, *view.features)
    return [col(name).desc_nulls_last() for name in columns]


def _first(rows: DataFrame, window: WindowSpec) -> DataFrame:
    return rows.with_column("RANK_", row_number().over(window)).filter(col("RANK_") == 1).drop("RANK_")


def _beside(rows: DataFrame, view: View) -> DataFrame:
    """The rows with keys that are not called like those of the points."""
    keys = (col(key).alias(f"{key}{OF_ROW}") for key in view.entity.keys)
    return rows.select(*keys, *view.clocks, *view.features)


def _same_entity(view: View) -> Expression:
    return reduce(and_, (col(key) == col(f"{key}{OF_ROW}") for key in view.entity.keys))


def _is_fresh(view: View) -> Expression:
    """True for a row that is not older than the TTL."""
    if view.ttl is None:
        return lit(True)
    seconds = int(view.ttl.total_seconds())
    return col(view.available_ts) >= dateadd("second", lit(-seconds), col(AS_OF))


def _as_told(found: DataFrame, view: View) -> DataFrame:
    return found.select(*view.entity.keys, AS_OF, *view.clocks, *view.features)
