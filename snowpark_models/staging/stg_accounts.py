"""Accounts of the customers."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows


@model(
    key="account_number",
    grain="one row an account",
    owner=OWNER,
    description="Accounts of the customers; a migrated account is here under its new number only.",
    materialized="incremental",
    contract=[
        Column("account_number", "VARCHAR(24)", "AC- or, once migrated, SC-, and ten digits."),
        Column("customer_id", "NUMBER(10,0)", "Whose account it is."),
        Column("account_type", "VARCHAR(20)", "current, savings, credit or prepaid."),
        Column("status", "VARCHAR(20)", "open, frozen or closed."),
        Column("is_closed", "BOOLEAN", "The status is closed."),
        Column("is_migrated", "BOOLEAN", "The number begins with SC-."),
        Column("balance", "NUMBER(19,4)", "What the customer has on it; below 0 is owed."),
        Column("opened_on", "DATE", "Day of opening."),
        Column("closed_on", "DATE", "Day of closing.", nullable=True),
        Column("updated_at", "TIMESTAMP_NTZ", "When the application last wrote the row, UTC."),
        COMMITTED_AT,
    ],
)
def stg_accounts(raw_accounts: DataFrame) -> DataFrame:
    """Flag what is closed and what is migrated."""
    return live_rows(raw_accounts).select(
        upper(trim(col("ACCOUNT_NUMBER"))).alias("ACCOUNT_NUMBER"),
        col("CUSTOMER_ID"),
        trim(col("ACCOUNT_TYPE")).alias("ACCOUNT_TYPE"),
        trim(col("STATUS")).alias("STATUS"),
        (trim(col("STATUS")) == "closed").alias("IS_CLOSED"),
        col("ACCOUNT_NUMBER").like("SC-%").alias("IS_MIGRATED"),
        col("BALANCE"),
        col("OPENED_ON"),
        col("CLOSED_ON"),
        col("UPDATED_AT"),
        committed_at(),
    )
