"""Every committed version of each customer, as far as it is no personal data."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import OWNER, VALIDITY, validity


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
        *VALIDITY,
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
        *validity(),
        upper(trim(col("COUNTRY_CODE"))).alias("COUNTRY_CODE"),
        trim(col("SEGMENT")).alias("SEGMENT"),
        col("CREDIT_LIMIT"),
        col("IS_ACTIVE"),
    )
