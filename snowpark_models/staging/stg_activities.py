"""Work of the staff for customers."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, to_date, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows, text_or_null


@model(
    key="activity_id",
    grain="one row an activity",
    owner=OWNER,
    description="Calls, meetings and other work of the staff for a customer.",
    materialized="incremental",
    contract=[
        Column("activity_id", "NUMBER(19,0)", "Number of the activity."),
        Column("customer_id", "NUMBER(10,0)", "For whom it is done."),
        Column("account_number", "VARCHAR(24)", "Account that it is about.", nullable=True),
        Column(
            "activity_type", "VARCHAR(40)", "call, meeting, email, onboarding, contract_review, site_visit."
        ),
        Column("status", "VARCHAR(20)", "planned, open, completed or cancelled."),
        Column("has_ended", "BOOLEAN", "The status is completed or cancelled."),
        Column("started_at", "TIMESTAMP_NTZ", "When it began or is planned to begin, UTC."),
        Column("started_on", "DATE", "Day of started_at."),
        Column("end_date", "DATE", "Day it ended.", nullable=True),
        Column("owner", "VARCHAR(100)", "Who on the staff does it.", nullable=True, personal=True),
        Column("details", "VARCHAR", "What was written about it.", nullable=True, personal=True),
        COMMITTED_AT,
    ],
)
def stg_activities(raw_activities: DataFrame) -> DataFrame:
    """Flag what has ended, and give the day beside the time."""
    return live_rows(raw_activities).select(
        col("ACTIVITY_ID"),
        col("CUSTOMER_ID"),
        upper(text_or_null("ACCOUNT_NUMBER")).alias("ACCOUNT_NUMBER"),
        trim(col("ACTIVITY_TYPE")).alias("ACTIVITY_TYPE"),
        trim(col("STATUS")).alias("STATUS"),
        trim(col("STATUS")).in_("completed", "cancelled").alias("HAS_ENDED"),
        col("STARTED_AT"),
        to_date(col("STARTED_AT")).alias("STARTED_ON"),
        col("END_DATE"),
        text_or_null("OWNER").alias("OWNER"),
        text_or_null("DETAILS").alias("DETAILS"),
        committed_at(),
    )
