"""What was ordered and earned on a day."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, count_distinct, iff, lit
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.sums import COUNT, MONEY, money_or_zero, rows, rows_where


@model(
    key=["placed_on", "currency_code"],
    grain="one row a day on which something was ordered, and a currency",
    owner="sales-analytics@shellcorp.example",
    description="""Orders and money by the day on which the order was placed. Amounts of different currencies
        are never added up: the source has no exchange rates.""",
    materialized="incremental",
    contract=[
        Column("placed_on", "DATE", "Day on which the orders were placed, UTC."),
        Column("currency_code", "VARCHAR(3)", "Currency of all amounts of the row."),
        Column("orders", COUNT, "Orders placed, cancelled ones included."),
        Column("cancelled_orders", COUNT, "Those of them that are cancelled by now."),
        Column("customers", COUNT, "Different customers who placed them."),
        Column("ordered_amount", MONEY, "Totals of the orders that are not cancelled."),
        Column("revenue_amount", MONEY, "Totals of the orders that are paid or shipped."),
        Column("captured_amount", MONEY, "Money that arrived for the day's orders, on whatever day."),
        Column("refunded_amount", MONEY, "Money that was given back."),
        Column("outstanding_amount", MONEY, "What is still to be paid."),
        Column(
            "average_order_amount",
            "NUMBER(19,4)",
            "Ordered amount by order that is not cancelled; NULL where all are.",
            nullable=True,
        ),
    ],
)
def daily_revenue(order_facts: DataFrame) -> DataFrame:
    """Add up the orders of a day."""
    earned = col("STATUS").in_("paid", "shipped")
    summed = order_facts.group_by("PLACED_ON", "CURRENCY_CODE").agg(
        rows().alias("ORDERS"),
        rows_where(col("IS_CANCELLED")).alias("CANCELLED_ORDERS"),
        count_distinct(col("CUSTOMER_ID")).alias("CUSTOMERS"),
        sum_(iff(col("IS_CANCELLED"), lit(None), col("TOTAL_AMOUNT"))).alias("ORDERED_AMOUNT"),
        sum_(iff(earned, col("TOTAL_AMOUNT"), lit(None))).alias("REVENUE_AMOUNT"),
        sum_("CAPTURED_AMOUNT").alias("CAPTURED_AMOUNT"),
        sum_("REFUNDED_AMOUNT").alias("REFUNDED_AMOUNT"),
        sum_("OUTSTANDING_AMOUNT").alias("OUTSTANDING_AMOUNT"),
    )
    standing = col("ORDERS") - col("CANCELLED_ORDERS")
    average = iff(standing > 0, col("ORDERED_AMOUNT") / standing, lit(None))
    return summed.select(
        col("PLACED_ON"),
        col("CURRENCY_CODE"),
        col("ORDERS"),
        col("CANCELLED_ORDERS"),
        col("CUSTOMERS"),
        money_or_zero("ORDERED_AMOUNT"),
        money_or_zero("REVENUE_AMOUNT"),
        money_or_zero("CAPTURED_AMOUNT"),
        money_or_zero("REFUNDED_AMOUNT"),
        money_or_zero("OUTSTANDING_AMOUNT"),
        average.cast("NUMBER(19,4)").alias("AVERAGE_ORDER_AMOUNT"),
    )
