"""Every committed version of each customer, as far as it is no personal data."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import OWNER


@model(
    key=["customer_id", "from_position"],
    grain="one row a customer and commit that made a version of it",
    owner=OWNER,
    description="What customers were, commit by commit, also those that are deleted. Names, addresses and "
    "notes are left behind: nobody asks for their past.",
    materialized="incremental",
    incremental_by="customer_id",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Number of the customer."),
        Column("from_position", "VARCHAR(50)", "Position in the source's log from which it is so."),
        Column(
            "to_position", "VARCHAR(50)", "Position from which it is not; NULL: it still is.", nullable=True
        ),
        Column("valid_from", "TIMESTAMP_NTZ", "When the source committed the version, UTC."),
        Column(
            "valid_to", "TIMESTAMP_NTZ", "When it committed the next one, or a delete, UTC.", nullable=True
        ),
        Column("country_code", "VARCHAR(2)", "Country, ISO 3166-1 alpha-2, upper case."),
        Column("segment", "VARCHAR(20)", "consumer, business, enterprise or public."),
        Column("credit_limit", "NUMBER(18,2)", "What the customer might owe.", nullable=True),
        Column("is_active", "BOOLEAN", "Could order and log in."),
    ],
)
def stg_customer_history(raw_customers_history: DataFrame) -> DataFrame:
    """Bring codes into one case, as STG_CUSTOMERS does."""
    return raw_customers_history.select(
        col("CUSTOMER_ID"),
        col("_FROM_POSITION").alias("FROM_POSITION"),
        col("_TO_POSITION").alias("TO_POSITION"),
        col("_VALID_FROM").alias("VALID_FROM"),
        col("_VALID_TO").alias("VALID_TO"),
        upper(trim(col("COUNTRY_CODE"))).alias("COUNTRY_CODE"),
        trim(col("SEGMENT")).alias("SEGMENT"),
        col("CREDIT_LIMIT"),
        col("IS_ACTIVE"),
    )
