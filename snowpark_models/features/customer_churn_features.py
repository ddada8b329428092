"""What was known of a customer just before a time, to tell who may leave."""

from __future__ import annotations

from typing import Final

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, dateadd, datediff, greatest_ignore_nulls, iff, lit
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.clock import as_of
from snowpark_models.sums import COUNT, count_or_zero, rows_where

POINT: Final = ["CUSTOMER_ID", "AS_OF"]
EVENTS: Final = ("CREATION", "ACCOUNT", "ORDER", "SESSION", "TICKET")


@model(
    key="customer_id",
    grain="one row a customer, as of the last commit that the mirrors know",
    owner="data-science@shellcorp.example",
    description="""Recency, frequency and support history of each customer for a model of churn. Only events
        that happened and were committed strictly before as_of count.""",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Number of the customer."),
        Column("as_of", "TIMESTAMP_NTZ", "The time that the features are told for, UTC."),
        Column("tenure_days", "NUMBER(9,0)", "Days since the customer was created.", nullable=True),
        Column("open_accounts", COUNT, "Accounts opened and not closed."),
        Column("orders_7d", COUNT, "Orders placed in the 7 days before as_of, cancelled ones included."),
        Column("orders_30d", COUNT, "Orders placed in the 30 days before as_of, cancelled ones included."),
        Column("orders_90d", COUNT, "Orders placed in the 90 days before as_of, cancelled ones included."),
        Column("cancelled_orders_90d", COUNT, "Those of the 90 days that are cancelled."),
        Column("days_since_last_order", "NUMBER(9,0)", "NULL where there is none.", nullable=True),
        Column("sessions_7d", COUNT, "Visits begun in the 7 days before as_of."),
        Column("sessions_30d", COUNT, "Visits begun in the 30 days before as_of."),
        Column("sessions_90d", COUNT, "Visits begun in the 90 days before as_of."),
        Column("pages_viewed_30d", COUNT, "Pages shown on the visits of the 30 days."),
        Column(
            "session_trend",
            "NUMBER(18,1)",
            "sessions_30d less half of the visits of the 60 days before them: below 0, interest fades.",
        ),
        Column("days_since_last_session", "NUMBER(9,0)", "NULL where there is none.", nullable=True),
        Column("tickets_7d", COUNT, "Support tickets opened in the 7 days before as_of."),
        Column("tickets_30d", COUNT, "Support tickets opened in the 30 days before as_of."),
        Column("tickets_90d", COUNT, "Support tickets opened in the 90 days before as_of."),
        Column("open_tickets", COUNT, "Tickets not closed."),
        Column("low_ratings_90d", COUNT, "Tickets of the 90 days rated 2 or lower."),
        Column("event_ts", "TIMESTAMP_NTZ", "Last event counted; before as_of, UTC.", nullable=True),
        Column("available_ts", "TIMESTAMP_NTZ", "Last commit counted; before as_of, UTC.", nullable=True),
    ],
)
def customer_churn_features(
    stg_customers: DataFrame,
    stg_accounts: DataFrame,
    stg_orders: DataFrame,
    stg_portal_sessions: DataFrame,
    stg_support_tickets: DataFrame,
) -> DataFrame:
    """The features of every customer as of now, which is the end of the data."""
    upstreams = (stg_customers, stg_accounts, stg_orders, stg_portal_sessions, stg_support_tickets)
    points = stg_customers.select("CUSTOMER_ID").cross_join(as_of(*upstreams))
    return features_at(points, *upstreams)


def features_at(
    points: DataFrame,
    stg_customers: DataFrame,
    stg_accounts: DataFrame,
    stg_orders: DataFrame,
    stg_portal_sessions: DataFrame,
    stg_support_tickets: DataFrame,
) -> DataFrame:
    """The features at any points, which are rows of CUSTOMER_ID and AS_OF; one row a point.

    Staging holds the newest version of each row. One that was changed or deleted from AS_OF on is therefore
    missing there, as if it had never been: nothing of the future is told, but some of the past is not.
    """
    known = points
    for facts in (
        _creation(_seen(points, stg_customers, "CREATED_AT")),
        _accounts(_seen(points, stg_accounts, "OPENED_ON")),
        _orders(_seen(points, stg_orders, "PLACED_AT")),
        _sessions(_seen(points, stg_portal_sessions, "STARTED_AT")),
        _tickets(_seen(points, stg_support_tickets, "OPENED_AT")),
    ):
        known = known.join(facts, on=POINT, how="left")
    counted = known.select(
        *POINT,
        _days_since("LAST_CREATION_TS").alias("TENURE_DAYS"),
        count_or_zero("OPEN_ACCOUNTS"),
        *map(count_or_zero, ("ORDERS_7D", "ORDERS_30D", "ORDERS_90D", "CANCELLED_ORDERS_90D")),
        _days_since("LAST_ORDER_TS").alias("DAYS_SINCE_LAST_ORDER"),
        *map(count_or_zero, ("SESSIONS_7D", "SESSIONS_30D", "SESSIONS_90D", "PAGES_VIEWED_30D")),
        _days_since("LAST_SESSION_TS").alias("DAYS_SINCE_LAST_SESSION"),
        *map(count_or_zero, ("TICKETS_7D", "TICKETS_30D", "TICKETS_90D", "OPEN_TICKETS", "LOW_RATINGS_90D")),
        _latest(*(f"LAST_{event}_TS" for event in EVENTS)).alias("EVENT_TS"),
        _latest(*(f"{event}_AVAILABLE" for event in EVENTS)).alias("AVAILABLE_TS"),
    )
    before = (col("SESSIONS_90D") - col("SESSIONS_30D")) / lit(2)
    return counted.with_column("SESSION_TREND", (col("SESSIONS_30D") - before).cast("NUMBER(18,1)"))


def _seen(points: DataFrame, events: DataFrame, event_ts: str) -> DataFrame:
    """The events of each point that had happened, and were committed, strictly before it."""
    paired = points.join(events, on="CUSTOMER_ID", how="inner")
    return paired.with_column("EVENT_TS", col(event_ts).cast("TIMESTAMP_NTZ")).filter(
        (col("EVENT_TS") < col("AS_OF")) & (col("COMMITTED_AT") < col("AS_OF"))
    )


def _creation(seen: DataFrame) -> DataFrame:
    return seen.group_by(POINT).agg(*_clocks("CREATION"))


def _accounts(seen: DataFrame) -> DataFrame:
    return seen.group_by(POINT).agg(
        rows_where(~col("IS_CLOSED")).alias("OPEN_ACCOUNTS"),
        *_clocks("ACCOUNT"),
    )


def _orders(seen: DataFrame) -> DataFrame:
    return seen.group_by(POINT).agg(
        *(rows_where(_within(days)).alias(f"ORDERS_{days}D") for days in (7, 30, 90)),
        rows_where(_within(90) & col("IS_CANCELLED")).alias("CANCELLED_ORDERS_90D"),
        *_clocks("ORDER"),
    )


def _sessions(seen: DataFrame) -> DataFrame:
    return seen.group_by(POINT).agg(
        *(rows_where(_within(days)).alias(f"SESSIONS_{days}D") for days in (7, 30, 90)),
        sum_(iff(_within(30), col("PAGES_VIEWED"), lit(0))).alias("PAGES_VIEWED_30D"),
        *_clocks("SESSION"),
    )


def _tickets(seen: DataFrame) -> DataFrame:
    return seen.group_by(POINT).agg(
        *(rows_where(_within(days)).alias(f"TICKETS_{days}D") for days in (7, 30, 90)),
        rows_where(~col("IS_CLOSED")).alias("OPEN_TICKETS"),
        rows_where(_within(90) & (col("SATISFACTION") <= lit(2))).alias("LOW_RATINGS_90D"),
        *_clocks("TICKET"),
    )


def _clocks(event: str) -> tuple[Expression, Expression]:
    """When the last one happened, and when the last one was committed."""
    return max_("EVENT_TS").alias(f"LAST_{event}_TS"), max_("COMMITTED_AT").alias(f"{event}_AVAILABLE")


def _within(days: int) -> Expression:
    """True for an event in the last days before its point."""
    return col("EVENT_TS") >= dateadd("day", lit(-days), col("AS_OF"))


def _days_since(moment: str) -> Expression:
    return datediff("day", col(moment), col("AS_OF"))


def _latest(*moments: str) -> Expression:
    return greatest_ignore_nulls(*map(col, moments))
