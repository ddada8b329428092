"""Every committed version of each activity, as far as its life is concerned."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, trim

from snowpark_models import Column, model
from snowpark_models.staging._mirror import OWNER, VALIDITY, validity


@model(
    key=["activity_id", "from_position"],
    grain="one row an activity and commit that made a version of it",
    owner=OWNER,
    description="What activities were, commit by commit, also those that are deleted. Who did them and what "
    "was written about them is left behind: nobody asks for its past.",
    materialized="incremental",
    incremental_by="activity_id",
    contract=[
        Column("activity_id", "NUMBER(19,0)", "Number of the activity."),
        *VALIDITY,
        Column("customer_id", "NUMBER(10,0)", "For whom it was done."),
        Column("activity_type", "VARCHAR(40)", "call, meeting, onboarding and so on."),
        Column("status", "VARCHAR(20)", "planned, open, completed or cancelled."),
        Column("end_date", "DATE", "Day it ended.", nullable=True),
    ],
)
def stg_activity_history(raw_activities_history: DataFrame) -> DataFrame:
    """Trim codes, as STG_ACTIVITIES does."""
    return raw_activities_history.select(
        col("ACTIVITY_ID"),
        *validity(),
        col("CUSTOMER_ID"),
        trim(col("ACTIVITY_TYPE")).alias("ACTIVITY_TYPE"),
        trim(col("STATUS")).alias("STATUS"),
        col("END_DATE"),
    )
