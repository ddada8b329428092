"""How customers use the portal, week by week."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import call_function, col, count_distinct, dateadd, lit, to_date
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import min as min_
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.sums import COUNT, rows, rows_where


@model(
    key=["customer_id", "week"],
    grain="one row a customer and a week in which that customer visited",
    owner="customer-success@shellcorp.example",
    description="Visits to the portal by the week they began in; weeks begin on Monday, UTC.",
    materialized="incremental",
    incremental_by="customer_id",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Who visited."),
        Column("week", "DATE", "Monday of the week."),
        Column("sessions", COUNT, "Visits that began in the week."),
        Column("running_sessions", COUNT, "Those of them without an end yet."),
        Column("active_days", COUNT, "Days of the week on which a visit began."),
        Column("pages_viewed", COUNT, "Pages shown."),
        Column("landing_pages", COUNT, "Different first pages."),
        Column("seconds", "NUMBER(19,3)", "How long the visits lasted that have ended.", nullable=True),
        Column("longest_view_seconds", "NUMBER(9,3)", "Longest look at one page.", nullable=True),
        Column("first_started_at", "TIMESTAMP_NTZ", "Begin of the first visit, UTC."),
        Column("last_started_at", "TIMESTAMP_NTZ", "Begin of the last visit, UTC."),
    ],
)
def portal_engagement(stg_portal_sessions: DataFrame) -> DataFrame:
    """Add up the visits of a week."""
    monday = dateadd("day", lit(1) - call_function("DAYOFWEEKISO", col("STARTED_ON")), col("STARTED_ON"))
    by_week = stg_portal_sessions.with_column("WEEK", to_date(monday))
    return by_week.group_by("CUSTOMER_ID", "WEEK").agg(
        rows().alias("SESSIONS"),
        rows_where(col("IS_RUNNING")).alias("RUNNING_SESSIONS"),
        count_distinct(col("STARTED_ON")).alias("ACTIVE_DAYS"),
        sum_("PAGES_VIEWED").cast(COUNT).alias("PAGES_VIEWED"),
        count_distinct(col("LANDING_PAGE")).alias("LANDING_PAGES"),
        sum_("DURATION_SECONDS").cast("NUMBER(19,3)").alias("SECONDS"),
        max_("LONGEST_VIEW_SECONDS").alias("LONGEST_VIEW_SECONDS"),
        min_("STARTED_AT").alias("FIRST_STARTED_AT"),
        max_("STARTED_AT").alias("LAST_STARTED_AT"),
    )
