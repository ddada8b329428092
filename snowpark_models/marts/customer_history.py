"""What customers were, and from when until when (SCD2)."""

from __future__ import annotations

from snowflake.snowpark import DataFrame

from snowpark_models import Column, model
from snowpark_models.versions import versions


@model(
    key=["customer_id", "valid_from"],
    grain="one row a customer and version",
    owner="sales-analytics@shellcorp.example",
    description="What a customer was at a time: VALID_FROM <= time AND (VALID_TO > time OR IS_CURRENT). "
    "A customer that is deleted has no current version.",
    materialized="incremental",
    incremental_by="customer_id",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Number of the customer."),
        Column("country_code", "VARCHAR(2)", "Country, ISO 3166-1 alpha-2, upper case."),
        Column("segment", "VARCHAR(20)", "consumer, business, enterprise or public."),
        Column("credit_limit", "NUMBER(18,2)", "What the customer might owe.", nullable=True),
        Column("is_active", "BOOLEAN", "Could order and log in."),
        Column("valid_from", "TIMESTAMP_NTZ", "From when on it was so, UTC."),
        Column("valid_to", "TIMESTAMP_NTZ", "Until before when, UTC; NULL: it still is.", nullable=True),
        Column("is_current", "BOOLEAN", "It still is."),
    ],
)
def customer_history(stg_customer_history: DataFrame) -> DataFrame:
    """Keep the versions that differ in what the business asks about."""
    kept = ["COUNTRY_CODE", "SEGMENT", "CREDIT_LIMIT", "IS_ACTIVE"]
    return versions(stg_customer_history, key="CUSTOMER_ID", kept=kept)
