"""What churn is: who has an open account at a time, and none any more sixty days later.

A label tells of the days after its time only; the features, of those before. Nothing that happens after the
sixtieth day changes a label: also who is deleted later counts as what they were, because the history of the
features remembers who was there on that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, dateadd, iff, lit, to_date

from snowpark_models.pointintime import AS_OF, StoredView, recorded, training_set, utc
from snowpark_models.runner.names import Namespace

HORIZON: Final = timedelta(days=60)
POINT: Final = ["CUSTOMER_ID", AS_OF]


def months_before(end: datetime, months: int) -> list[datetime]:
    """The first days of the months whose labels are known at a time, the last so many, in their order."""
    first = (end - HORIZON).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    times = [first]
    while len(times) < months:
        times.append((times[-1] - timedelta(days=1)).replace(day=1))
    return times[::-1]


def customers_at(
    session: Session, times: Sequence[datetime], stored: StoredView, namespace: Namespace
) -> DataFrame:
    """CUSTOMER_ID and AS_OF of who had an open account at each time, as was known then."""
    known = recorded(session, stored, namespace=namespace).select("CUSTOMER_ID").distinct()
    points = session.create_dataframe([[str(utc(time))] for time in times], schema=["AT"])
    every = known.cross_join(points.select(col("AT").cast("TIMESTAMP_NTZ").alias(AS_OF)))
    told = training_set(session, every, [stored], namespace=namespace)
    return told.filter(col("OPEN_ACCOUNTS") > 0).select(POINT)


def churn_labels(customers: DataFrame, stg_accounts: DataFrame, history: DataFrame) -> DataFrame:
    """CUSTOMER_ID, AS_OF and LABEL: 1 for who has left within the horizon.

    Args:
        customers: CUSTOMER_ID and AS_OF, at least a horizon before the end of the data.
        stg_accounts: accounts as they are now.
        history: what was recorded of customers: who had an account on the last day of the horizon had not
            left, even if nothing is left of them now. What was recorded on other days tells nothing. Who
            closed an account on the last day may have done so after the recording: the accounts tell.
    """
    last_day = to_date(dateadd("day", lit(HORIZON.days), col(AS_OF)))
    is_open = (col("OPENED_ON") <= last_day) & (col("CLOSED_ON").is_null() | (col("CLOSED_ON") > last_day))
    accounts = customers.join(stg_accounts, on="CUSTOMER_ID", how="inner")
    by_accounts = accounts.filter(is_open).select(POINT)
    closed_then = accounts.filter(col("CLOSED_ON") == last_day).select(POINT)
    was_there = (to_date(col("AVAILABLE_TS")) == last_day) & (col("OPEN_ACCOUNTS") > 0)
    seen = customers.join(history, on="CUSTOMER_ID", how="inner").filter(was_there).select(POINT)
    by_history = seen.join(closed_then, on=POINT, how="left_anti")
    stayed = by_accounts.union(by_history).with_column("STAYED", lit(1))
    told = customers.join(stayed, on=POINT, how="left")
    return told.select(*POINT, iff(col("STAYED").is_null(), lit(1), lit(0)).alias("LABEL"))
