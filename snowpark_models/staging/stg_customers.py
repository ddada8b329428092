"""Customers as the portal knows them."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, lower, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows, text_or_null


@model(
    key="customer_id",
    grain="one row a customer",
    owner=OWNER,
    description="Customers as the portal knows them, without the deleted ones.",
    materialized="incremental",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Number of the customer."),
        Column("external_ref", "VARCHAR(36)", "The customer's GUID in other systems, upper case."),
        Column("name", "VARCHAR(200)", "Name of the person or company.", personal=True),
        Column("email", "VARCHAR(320)", "E-mail address, lower case.", nullable=True, personal=True),
        Column("country_code", "VARCHAR(2)", "Country, ISO 3166-1 alpha-2, upper case."),
        Column("segment", "VARCHAR(20)", "consumer, business, enterprise or public."),
        Column("credit_limit", "NUMBER(18,2)", "What the customer may owe.", nullable=True),
        Column("is_active", "BOOLEAN", "May order and log in."),
        Column("notes", "VARCHAR", "What the staff wrote about the customer.", nullable=True, personal=True),
        Column("created_at", "TIMESTAMP_NTZ", "When the customer was created, UTC."),
        Column("updated_at", "TIMESTAMP_NTZ", "When the application last wrote the row, UTC."),
        COMMITTED_AT,
    ],
)
def stg_customers(raw_customers: DataFrame) -> DataFrame:
    """Trim what people typed; bring codes into one case."""
    return live_rows(raw_customers).select(
        col("CUSTOMER_ID"),
        upper(col("EXTERNAL_REF")).alias("EXTERNAL_REF"),
        trim(col("NAME")).alias("NAME"),
        lower(text_or_null("EMAIL")).alias("EMAIL"),
        upper(trim(col("COUNTRY_CODE"))).alias("COUNTRY_CODE"),
        trim(col("SEGMENT")).alias("SEGMENT"),
        col("CREDIT_LIMIT"),
        col("IS_ACTIVE"),
        text_or_null("NOTES").alias("NOTES"),
        col("CREATED_AT"),
        col("UPDATED_AT"),
        committed_at(),
    )
