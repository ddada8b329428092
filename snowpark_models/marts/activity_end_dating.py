"""Whether activities are ended and end-dated as they should be, and when that was done."""

from __future__ import annotations

from snowflake.snowpark import DataFrame, Window
from snowflake.snowpark.functions import coalesce, col, datediff, iff, lag, lit, row_number, to_date
from snowflake.snowpark.functions import max as max_

from snowpark_models import Column, model
from snowpark_models.sums import COUNT, count_or_zero, rows_where
from snowpark_models.versions import versions

ENDED = ("completed", "cancelled")


@model(
    key="activity_id",
    grain="one row an activity",
    owner="customer-success@shellcorp.example",
    description="""Which activities should have ended and have not, ended before they began, were reopened, or
        were given their end date after the fact. What runs for long is told by activity_lifecycle. The
        history begins with the replication: an end date that was set before has no time of setting.""",
    materialized="incremental",
    contract=[
        Column("activity_id", "NUMBER(19,0)", "Number of the activity."),
        Column("customer_id", "NUMBER(10,0)", "For whom it is done."),
        Column("activity_type", "VARCHAR(40)", "call, meeting, onboarding and so on."),
        Column("status", "VARCHAR(20)", "planned, open, completed or cancelled."),
        Column("started_on", "DATE", "Day it began or is planned to begin."),
        Column("end_date", "DATE", "Day it ended.", nullable=True),
        Column("is_open_though_end_dated", "BOOLEAN", "It has an end date and has not ended."),
        Column("is_open_on_closed_account", "BOOLEAN", "Its account is closed, and it has not ended."),
        Column("should_have_ended", "BOOLEAN", "One of the two."),
        Column("lacks_end_date", "BOOLEAN", "It has ended without an end date."),
        Column("ends_before_start", "BOOLEAN", "Its end date lies before the day of its start."),
        Column(
            "end_dated_at",
            "TIMESTAMP_NTZ",
            "When its end date was set, UTC; NULL: never, or before the history began.",
            nullable=True,
        ),
        Column(
            "days_end_dated_late",
            "NUMBER(9,0)",
            "Days from the end date to its setting; below 0: ahead.",
            nullable=True,
        ),
        Column("is_end_dated_late", "BOOLEAN", "The end date was set after the fact, on a later day."),
        Column("end_date_corrections", COUNT, "How often an end date was moved or taken back."),
        Column("times_reopened", COUNT, "How often it had ended and went on."),
        Column("reopened_at", "TIMESTAMP_NTZ", "When that was last, UTC.", nullable=True),
    ],
)
def activity_end_dating(
    stg_activities: DataFrame, stg_activity_history: DataFrame, stg_accounts: DataFrame
) -> DataFrame:
    """Judge what is by its dates and its account, and what was by its versions."""
    accounts = stg_accounts.select("ACCOUNT_NUMBER", col("IS_CLOSED").alias("ACCOUNT_IS_CLOSED"))
    joined = stg_activities.join(accounts, on="ACCOUNT_NUMBER", how="left").join(
        _past(stg_activity_history), on="ACTIVITY_ID", how="left"
    )
    has_end, is_open = col("END_DATE").is_not_null(), ~col("HAS_ENDED")
    on_closed_account = is_open & coalesce(col("ACCOUNT_IS_CLOSED"), lit(False))
    set_at = iff(has_end, col("LAST_SET_AT"), lit(None))
    days_late = datediff("day", col("END_DATE"), to_date(col("END_DATED_AT"))).cast("NUMBER(9,0)")
    return joined.with_column("END_DATED_AT", set_at).select(
        *("ACTIVITY_ID", "CUSTOMER_ID", "ACTIVITY_TYPE", "STATUS", "STARTED_ON", "END_DATE"),
        (is_open & has_end).alias("IS_OPEN_THOUGH_END_DATED"),
        on_closed_account.alias("IS_OPEN_ON_CLOSED_ACCOUNT"),
        ((is_open & has_end) | on_closed_account).alias("SHOULD_HAVE_ENDED"),
        (col("HAS_ENDED") & col("END_DATE").is_null()).alias("LACKS_END_DATE"),
        coalesce(col("END_DATE") < col("STARTED_ON"), lit(False)).alias("ENDS_BEFORE_START"),
        "END_DATED_AT",
        days_late.alias("DAYS_END_DATED_LATE"),
        coalesce(days_late > 0, lit(False)).alias("IS_END_DATED_LATE"),
        *map(count_or_zero, ("END_DATE_CORRECTIONS", "TIMES_REOPENED")),
        "REOPENED_AT",
    )


def _past(history: DataFrame) -> DataFrame:
    """What was done to the end of an activity. Its first known version tells nothing: that may be old."""
    changes = versions(history, key="ACTIVITY_ID", kept=["STATUS", "END_DATE"])
    in_order = Window.partition_by("ACTIVITY_ID").order_by("VALID_FROM")
    before, was_at = lag("END_DATE").over(in_order), lag("STATUS").over(in_order)
    judged = changes.select(
        *("ACTIVITY_ID", "VALID_FROM", "END_DATE"),
        before.alias("END_DATE_BEFORE"),
        (~before.equal_null(col("END_DATE"))).alias("IS_MOVED"),
        (row_number().over(in_order) > 1).alias("IS_SEEN"),
        coalesce(was_at.in_(*ENDED) & ~col("STATUS").in_(*ENDED), lit(False)).alias("IS_REOPENING"),
    )
    is_set = col("IS_SEEN") & col("IS_MOVED") & col("END_DATE").is_not_null()
    return judged.group_by("ACTIVITY_ID").agg(
        max_(iff(is_set, col("VALID_FROM"), lit(None))).alias("LAST_SET_AT"),
        rows_where(col("IS_MOVED") & col("END_DATE_BEFORE").is_not_null()).alias("END_DATE_CORRECTIONS"),
        rows_where(col("IS_REOPENING")).alias("TIMES_REOPENED"),
        max_(iff(col("IS_REOPENING"), col("VALID_FROM"), lit(None))).alias("REOPENED_AT"),
    )
