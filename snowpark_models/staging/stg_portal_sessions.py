"""Visits of the customers to the portal."""

from __future__ import annotations

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, datediff, hex_encode, lit, to_date, to_time, trim

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows, text_or_null

MILLISECONDS_A_SECOND = 1000


@model(
    key="session_id",
    grain="one row a visit",
    owner=OWNER,
    description="Visits of the customers to the portal; one that still runs has no end.",
    materialized="incremental",
    contract=[
        Column("session_id", "NUMBER(19,0)", "Number of the visit."),
        Column("customer_id", "NUMBER(10,0)", "Who visits."),
        Column("started_at", "TIMESTAMP_NTZ", "When it began, UTC."),
        Column("started_on", "DATE", "Day of started_at."),
        Column("ended_at", "TIMESTAMP_NTZ", "When it ended, UTC.", nullable=True),
        Column("is_running", "BOOLEAN", "It has no end yet."),
        Column("duration_seconds", "NUMBER(19,3)", "From begin to end.", nullable=True),
        Column("pages_viewed", "NUMBER(5,0)", "How many pages were shown."),
        Column(
            "longest_view_seconds", "NUMBER(9,3)", "How long the longest page was looked at.", nullable=True
        ),
        Column("landing_page", "VARCHAR(400)", "Path of the first page."),
        Column(
            "user_agent", "VARCHAR(400)", "What the browser says of itself.", nullable=True, personal=True
        ),
        Column("ip_address", "VARCHAR(32)", "4 or 16 bytes in hex.", nullable=True, personal=True),
        COMMITTED_AT,
    ],
)
def stg_portal_sessions(raw_portal_sessions: DataFrame) -> DataFrame:
    """Give durations in seconds, and addresses as text."""
    return live_rows(raw_portal_sessions).select(
        col("SESSION_ID"),
        col("CUSTOMER_ID"),
        col("STARTED_AT"),
        to_date(col("STARTED_AT")).alias("STARTED_ON"),
        col("ENDED_AT"),
        col("ENDED_AT").is_null().alias("IS_RUNNING"),
        _seconds(datediff("millisecond", col("STARTED_AT"), col("ENDED_AT"))).alias("DURATION_SECONDS"),
        col("PAGES_VIEWED"),
        _seconds(datediff("millisecond", to_time(lit("00:00:00")), col("LONGEST_VIEW")))
        .cast("NUMBER(9,3)")
        .alias("LONGEST_VIEW_SECONDS"),
        trim(col("LANDING_PAGE")).alias("LANDING_PAGE"),
        text_or_null("USER_AGENT").alias("USER_AGENT"),
        hex_encode(col("IP_ADDRESS")).alias("IP_ADDRESS"),
        committed_at(),
    )


def _seconds(milliseconds: Expression) -> Expression:
    return (milliseconds / MILLISECONDS_A_SECOND).cast("NUMBER(19,3)")
