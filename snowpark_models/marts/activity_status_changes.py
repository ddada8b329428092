"""The way of activities from status to status, and how long they stayed in each."""

from __future__ import annotations

from snowflake.snowpark import DataFrame, Window
from snowflake.snowpark.functions import coalesce, col, datediff, lag, lead, lit, row_number

from snowpark_models import Column, model
from snowpark_models.sums import COUNT
from snowpark_models.versions import versions

SECONDS_AN_HOUR = 3600
STATUS = "VARCHAR(20)"
ENDED = ("completed", "cancelled")


@model(
    key=["activity_id", "changed_at"],
    grain="one row a change of status of an activity, the first status known included",
    owner="customer-success@shellcorp.example",
    description="""What became of an activity, change by change; deleted is a status here. The history begins
        with the replication: the first status known may be older than that.""",
    materialized="incremental",
    incremental_by="activity_id",
    contract=[
        Column("activity_id", "NUMBER(19,0)", "Number of the activity."),
        Column("customer_id", "NUMBER(10,0)", "For whom it is done, as far as last known."),
        Column("activity_type", "VARCHAR(40)", "call, meeting, onboarding and so on, as last known."),
        Column("changed_at", "TIMESTAMP_NTZ", "When the source committed the change, UTC."),
        Column("change_number", COUNT, "Which change of the activity it is, from 1."),
        Column("from_status", STATUS, "What it was before; NULL: nothing is known of that.", nullable=True),
        Column("to_status", STATUS, "planned, open, completed, cancelled or deleted."),
        Column("hours_in_from_status", "NUMBER(12,2)", "How long it was in from_status.", nullable=True),
        Column("hours_are_a_minimum", "BOOLEAN", "from_status is the first one known: it may be older."),
        Column("is_reopening", "BOOLEAN", "It had ended, and goes on."),
        Column("is_current", "BOOLEAN", "It is in to_status by now."),
        Column("next_changed_at", "TIMESTAMP_NTZ", "When it left to_status, UTC.", nullable=True),
    ],
)
def activity_status_changes(stg_activity_history: DataFrame) -> DataFrame:
    """Turn periods of one status, and the gaps after a delete, into changes."""
    statuses = versions(stg_activity_history, key="ACTIVITY_ID", kept=["STATUS"])
    in_order = Window.partition_by("ACTIVITY_ID").order_by("CHANGED_AT")
    seconds = datediff("second", lag("CHANGED_AT").over(in_order), col("CHANGED_AT"))
    changes = (
        _begins(statuses)
        .union_all(_deletes(statuses))
        .select(
            *("ACTIVITY_ID", "CHANGED_AT", "TO_STATUS"),
            row_number().over(in_order).cast(COUNT).alias("CHANGE_NUMBER"),
            lag("TO_STATUS").over(in_order).alias("FROM_STATUS"),
            (seconds / SECONDS_AN_HOUR).cast("NUMBER(12,2)").alias("HOURS_IN_FROM_STATUS"),
            lead("CHANGED_AT").over(in_order).alias("NEXT_CHANGED_AT"),
        )
    )
    goes_on = col("FROM_STATUS").in_(*ENDED) & col("TO_STATUS").in_("planned", "open")
    return changes.join(_last_known(stg_activity_history), on="ACTIVITY_ID").select(
        *("ACTIVITY_ID", "CUSTOMER_ID", "ACTIVITY_TYPE", "CHANGED_AT", "CHANGE_NUMBER"),
        *("FROM_STATUS", "TO_STATUS", "HOURS_IN_FROM_STATUS"),
        (col("CHANGE_NUMBER") == 2).alias("HOURS_ARE_A_MINIMUM"),
        coalesce(goes_on, lit(False)).alias("IS_REOPENING"),
        col("NEXT_CHANGED_AT").is_null().alias("IS_CURRENT"),
        "NEXT_CHANGED_AT",
    )


def _begins(statuses: DataFrame) -> DataFrame:
    return statuses.select(
        "ACTIVITY_ID", col("VALID_FROM").alias("CHANGED_AT"), col("STATUS").cast(STATUS).alias("TO_STATUS")
    )


def _deletes(statuses: DataFrame) -> DataFrame:
    """Ends on which no other status follows at once: the activity was deleted then."""
    in_order = Window.partition_by("ACTIVITY_ID").order_by("VALID_FROM")
    followed = coalesce(lead("VALID_FROM").over(in_order) == col("VALID_TO"), lit(False))
    ends = statuses.with_column("IS_FOLLOWED", followed)
    return ends.filter(col("VALID_TO").is_not_null() & ~col("IS_FOLLOWED")).select(
        "ACTIVITY_ID", col("VALID_TO").alias("CHANGED_AT"), lit("deleted").cast(STATUS).alias("TO_STATUS")
    )


def _last_known(history: DataFrame) -> DataFrame:
    """What each activity is, or was when it was deleted."""
    newest_first = Window.partition_by("ACTIVITY_ID").order_by(col("FROM_POSITION").desc())
    numbered = history.with_column("PLACE", row_number().over(newest_first))
    return numbered.filter(col("PLACE") == 1).select("ACTIVITY_ID", "CUSTOMER_ID", "ACTIVITY_TYPE")
