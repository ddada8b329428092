"""Orders of the customers."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, to_date, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows


@model(
    key="order_id",
    grain="one row an order",
    owner=OWNER,
    description="Orders of the customers, as the portal keeps them.",
    materialized="incremental",
    contract=[
        Column("order_id", "NUMBER(10,0)", "Number of the order."),
        Column("customer_id", "NUMBER(10,0)", "Who ordered."),
        Column("status", "VARCHAR(20)", "placed, paid, shipped or cancelled."),
        Column("is_cancelled", "BOOLEAN", "The status is cancelled."),
        Column("currency_code", "VARCHAR(3)", "Currency of its amounts, ISO 4217, upper case."),
        Column("total_amount", "NUMBER(19,4)", "What the order costs, as its head says."),
        Column("placed_at", "TIMESTAMP_NTZ", "When it was placed, UTC."),
        Column("placed_on", "DATE", "Day of placed_at."),
        Column("shipped_at", "TIMESTAMP_NTZ", "Minute in which it was shipped, UTC.", nullable=True),
        Column("updated_at", "TIMESTAMP_NTZ", "When the application last wrote the row, UTC."),
        COMMITTED_AT,
    ],
)
def stg_orders(raw_orders: DataFrame) -> DataFrame:
    """Flag what is cancelled, and give the day beside the time."""
    return live_rows(raw_orders).select(
        col("ORDER_ID"),
        col("CUSTOMER_ID"),
        trim(col("STATUS")).alias("STATUS"),
        (trim(col("STATUS")) == "cancelled").alias("IS_CANCELLED"),
        upper(trim(col("CURRENCY_CODE"))).alias("CURRENCY_CODE"),
        col("TOTAL_AMOUNT"),
        col("PLACED_AT"),
        to_date(col("PLACED_AT")).alias("PLACED_ON"),
        col("SHIPPED_AT"),
        col("UPDATED_AT"),
        committed_at(),
    )
