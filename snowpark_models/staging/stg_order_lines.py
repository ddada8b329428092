"""Lines of the orders."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows


@model(
    key=["order_id", "line_number"],
    grain="one row a line of an order",
    owner=OWNER,
    description="Lines of the orders: an article, how many, at which price.",
    materialized="incremental",
    contract=[
        Column("order_id", "NUMBER(10,0)", "Order that the line is on."),
        Column("line_number", "NUMBER(5,0)", "Place of the line on its order, from 1."),
        Column("product_code", "VARCHAR(8)", "What was ordered."),
        Column("quantity", "NUMBER(10,0)", "How many."),
        Column("unit_price", "NUMBER(19,4)", "Price of one before the discount."),
        Column("discount_rate", "NUMBER(5,4)", "Share of the price that is taken off."),
        Column("list_amount", "NUMBER(38,4)", "Quantity times unit price."),
        Column("line_amount", "NUMBER(19,4)", "What the line costs, as the source says."),
        Column(
            "discount_amount", "NUMBER(38,4)", "What the discount took off: list amount less line amount."
        ),
        COMMITTED_AT,
    ],
)
def stg_order_lines(raw_order_lines: DataFrame) -> DataFrame:
    """Give the amount before the discount, and the discount, beside the source's line amount."""
    list_amount = (col("QUANTITY") * col("UNIT_PRICE")).cast("NUMBER(38,4)")
    return live_rows(raw_order_lines).select(
        col("ORDER_ID"),
        col("LINE_NUMBER"),
        upper(trim(col("PRODUCT_CODE"))).alias("PRODUCT_CODE"),
        col("QUANTITY"),
        col("UNIT_PRICE"),
        col("DISCOUNT_RATE"),
        list_amount.alias("LIST_AMOUNT"),
        col("LINE_AMOUNT"),
        (list_amount - col("LINE_AMOUNT")).alias("DISCOUNT_AMOUNT"),
        committed_at(),
    )
