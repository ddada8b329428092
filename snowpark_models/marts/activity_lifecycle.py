"""Where the staff's work stands: what runs, what is late, how long things take."""

from __future__ import annotations

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import coalesce, col, datediff, iff, lit, to_date, when

from snowpark_models import Column, model
from snowpark_models.clock import as_of

LONG_RUNNING_DAYS = 30


@model(
    key="activity_id",
    grain="one row an activity",
    owner="customer-success@shellcorp.example",
    description=f"""Each activity with its stage, its duration and whether somebody should look at it: it was
        planned and has not begun, or has been open for more than {LONG_RUNNING_DAYS} days.""",
    contract=[
        Column("activity_id", "NUMBER(19,0)", "Number of the activity."),
        Column("customer_id", "NUMBER(10,0)", "For whom it is done."),
        Column("account_number", "VARCHAR(24)", "Account that it is about.", nullable=True),
        Column("account_is_the_customers", "BOOLEAN", "That account, if any, exists and is this customer's."),
        Column("activity_type", "VARCHAR(40)", "call, meeting, onboarding and so on."),
        Column("owner", "VARCHAR(100)", "Who on the staff does it.", nullable=True, personal=True),
        Column("status", "VARCHAR(20)", "planned, open, completed or cancelled."),
        Column("stage", "VARCHAR(20)", "upcoming, not begun (planned for the past), running or ended."),
        Column("started_at", "TIMESTAMP_NTZ", "When it began or is planned to begin, UTC."),
        Column("end_date", "DATE", "Day it ended.", nullable=True),
        Column("is_end_dated_well", "BOOLEAN", "An end exactly if it has ended, and not before its start."),
        Column("duration_days", "NUMBER(9,0)", "Days from start to end, once ended.", nullable=True),
        Column("running_days", "NUMBER(9,0)", "Days since its start while open.", nullable=True),
        Column("is_overdue", "BOOLEAN", f"Not begun in time, or open over {LONG_RUNNING_DAYS} days."),
        Column("committed_at", "TIMESTAMP_NTZ", "Commit of its last change, UTC."),
        Column("as_of", "TIMESTAMP_NTZ", "The time for which stage and days are told, UTC."),
    ],
)
def activity_lifecycle(stg_activities: DataFrame, stg_accounts: DataFrame) -> DataFrame:
    """Tell the stage as of the last commit that these tables know."""
    holders = stg_accounts.select(col("ACCOUNT_NUMBER"), col("CUSTOMER_ID").alias("HOLDER_ID"))
    told = stg_activities.join(holders, on="ACCOUNT_NUMBER", how="left").cross_join(
        as_of(stg_activities, stg_accounts)
    )
    staged = told.with_columns(
        ["STAGE", "DURATION_DAYS", "RUNNING_DAYS"],
        [
            _stage().cast("VARCHAR(20)"),
            iff(col("HAS_ENDED"), _days(col("END_DATE")), lit(None)).cast("NUMBER(9,0)"),
            iff(col("STATUS") == "open", _days(to_date(col("AS_OF"))), lit(None)).cast("NUMBER(9,0)"),
        ],
    )
    return staged.select(
        "ACTIVITY_ID",
        "CUSTOMER_ID",
        "ACCOUNT_NUMBER",
        _account_is_the_customers().alias("ACCOUNT_IS_THE_CUSTOMERS"),
        "ACTIVITY_TYPE",
        "OWNER",
        "STATUS",
        "STAGE",
        "STARTED_AT",
        "END_DATE",
        _is_end_dated_well().alias("IS_END_DATED_WELL"),
        "DURATION_DAYS",
        "RUNNING_DAYS",
        _is_overdue().alias("IS_OVERDUE"),
        "COMMITTED_AT",
        "AS_OF",
    )


def _stage() -> Expression:
    return (
        when(col("HAS_ENDED"), lit("ended"))
        .when(col("STATUS") == "open", lit("running"))
        .when(col("STARTED_AT") < col("AS_OF"), lit("not begun"))
        .otherwise(lit("upcoming"))
    )


def _days(until: Expression) -> Expression:
    return datediff("day", col("STARTED_ON"), until)


def _account_is_the_customers() -> Expression:
    return col("ACCOUNT_NUMBER").is_null() | coalesce(col("HOLDER_ID") == col("CUSTOMER_ID"), lit(False))


def _is_end_dated_well() -> Expression:
    ended_well = coalesce(col("END_DATE") >= col("STARTED_ON"), lit(False))
    return iff(col("HAS_ENDED"), ended_well, col("END_DATE").is_null())


def _is_overdue() -> Expression:
    return (col("STAGE") == "not begun") | (coalesce(col("RUNNING_DAYS"), lit(0)) > LONG_RUNNING_DAYS)
