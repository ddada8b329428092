"""Rows as they were before replication began, by the clocks that Shellcorp's applications keep themselves.

The first snapshot reads what there is, and gives all of it one commit time. For training on the years
before, a row counts from the time on at which its application says that it happened; what was written
into it later (cancelled, closed, rated) counts from the time of that. Rows deleted before are nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import coalesce, col, iff, least, lit


def as_the_source_tells(time: datetime, upstreams: Mapping[str, DataFrame]) -> Mapping[str, DataFrame]:
    """The upstreams of customer_churn_features as they were at a time (UTC)."""
    then = lit(time.isoformat(" ")).cast("TIMESTAMP_NTZ")
    by_model = {
        "stg_customers": _happened("CREATED_AT"),
        "stg_accounts": {**_happened("OPENED_ON"), "IS_CLOSED": _by("CLOSED_ON", then, "IS_CLOSED")},
        "stg_orders": {**_happened("PLACED_AT"), "IS_CANCELLED": _by("UPDATED_AT", then, "IS_CANCELLED")},
        "stg_portal_sessions": {
            **_happened("STARTED_AT"),
            "PAGES_VIEWED": iff(_is_before("ENDED_AT", then), col("PAGES_VIEWED"), lit(1)),
        },
        "stg_support_tickets": {
            **_happened("OPENED_AT"),
            "IS_CLOSED": _by("CLOSED_AT", then, "IS_CLOSED"),
            "SATISFACTION": iff(_is_before("CLOSED_AT", then), col("SATISFACTION"), lit(None)),
        },
    }
    return {
        name: rows.with_columns(list(by_model[name]), list(by_model[name].values()))
        for name, rows in upstreams.items()
    }


def _happened(clock: str) -> dict[str, Expression]:
    """A row could be known when it happened, or earlier if its commit says so."""
    return {"COMMITTED_AT": least(col("COMMITTED_AT"), col(clock).cast("TIMESTAMP_NTZ"))}


def _by(clock: str, then: Expression, flag: str) -> Expression:
    """A flag that was set by then."""
    return col(flag) & _is_before(clock, then)


def _is_before(clock: str, then: Expression) -> Expression:
    return coalesce(col(clock).cast("TIMESTAMP_NTZ") < then, lit(False))
