"""Questions of the customers and their answers."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, datediff, to_date, trim

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows

SECONDS_AN_HOUR = 3600


@model(
    key="ticket_id",
    grain="one row a ticket",
    owner=OWNER,
    description="Questions of the customers to the support, and how they ended.",
    materialized="incremental",
    contract=[
        Column("ticket_id", "NUMBER(10,0)", "Number of the ticket."),
        Column("customer_id", "NUMBER(10,0)", "Who asks."),
        Column("subject", "VARCHAR(300)", "What it is about.", personal=True),
        Column("body", "VARCHAR", "What was written.", personal=True),
        Column("priority", "NUMBER(3,0)", "From 1, urgent, to 4."),
        Column("status", "VARCHAR(20)", "open, answered or closed."),
        Column("is_closed", "BOOLEAN", "The status is closed."),
        Column("satisfaction", "NUMBER(9,2)", "What the customer gave, from 1 to 5.", nullable=True),
        Column("opened_at", "TIMESTAMP_NTZ", "When it was opened, UTC."),
        Column("opened_on", "DATE", "Day of opened_at."),
        Column("closed_at", "TIMESTAMP_NTZ", "When it was closed, UTC.", nullable=True),
        Column("closed_on", "DATE", "Day of closed_at.", nullable=True),
        Column("hours_to_close", "NUMBER(12,2)", "From opening to closing.", nullable=True),
        COMMITTED_AT,
    ],
)
def stg_support_tickets(raw_support_tickets: DataFrame) -> DataFrame:
    """Give the days beside the times, and the hours between them."""
    seconds = datediff("second", col("OPENED_AT"), col("CLOSED_AT"))
    return live_rows(raw_support_tickets).select(
        col("TICKET_ID"),
        col("CUSTOMER_ID"),
        trim(col("SUBJECT")).alias("SUBJECT"),
        col("BODY"),
        col("PRIORITY"),
        trim(col("STATUS")).alias("STATUS"),
        (trim(col("STATUS")) == "closed").alias("IS_CLOSED"),
        col("SATISFACTION").cast("NUMBER(9,2)").alias("SATISFACTION"),
        col("OPENED_AT"),
        to_date(col("OPENED_AT")).alias("OPENED_ON"),
        col("CLOSED_AT"),
        to_date(col("CLOSED_AT")).alias("CLOSED_ON"),
        (seconds / SECONDS_AN_HOUR).cast("NUMBER(12,2)").alias("HOURS_TO_CLOSE"),
        committed_at(),
    )
