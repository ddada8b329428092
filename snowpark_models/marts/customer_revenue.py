"""What a customer ordered, paid, got back and still owes."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, iff, lit
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import min as min_
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.sums import COUNT, MONEY, money_or_zero, rows, rows_where

AMOUNTS = (
    "ORDERED_AMOUNT",
    "REVENUE_AMOUNT",
    "CAPTURED_AMOUNT",
    "REFUNDED_AMOUNT",
    "OUTSTANDING_AMOUNT",
    "RECEIVABLE_AMOUNT",
    "OVERPAID_AMOUNT",
)


@model(
    key=["customer_id", "currency_code"],
    grain="one row a customer and a currency in which that customer has ordered",
    owner="sales-analytics@shellcorp.example",
    description="""Orders and money by customer; summed over customers it is what daily_revenue is, summed
        over days. Amounts of different currencies are never added up: the source has no exchange rates. There
        are no invoices either: an order is what is to be paid.""",
    materialized="incremental",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Who ordered."),
        Column("currency_code", "VARCHAR(3)", "Currency of all amounts of the row."),
        Column("orders", COUNT, "Orders placed, cancelled ones included."),
        Column("cancelled_orders", COUNT, "Those of them that are cancelled by now."),
        Column("unpaid_orders", COUNT, "Those of which something is still to be paid."),
        Column("ordered_amount", MONEY, "Totals of the orders that are not cancelled."),
        Column("revenue_amount", MONEY, "Totals of the orders that are paid or shipped."),
        Column("captured_amount", MONEY, "Money that arrived and was not given back."),
        Column("refunded_amount", MONEY, "Money that arrived and was given back."),
        Column("outstanding_amount", MONEY, "What is still to be paid, less what was paid too much."),
        Column("receivable_amount", MONEY, "What is still to be paid, order by order."),
        Column("overpaid_amount", MONEY, "What came in beyond an order's total, or for a cancelled one."),
        Column("first_order_at", "TIMESTAMP_NTZ", "First order not cancelled, UTC.", nullable=True),
        Column("last_order_at", "TIMESTAMP_NTZ", "Last order not cancelled, UTC.", nullable=True),
    ],
)
def customer_revenue(order_facts: DataFrame) -> DataFrame:
    """Add up the orders of a customer, currency by currency."""
    ordered = iff(col("IS_CANCELLED"), lit(None), col("TOTAL_AMOUNT"))
    earned = iff(col("STATUS").in_("paid", "shipped"), col("TOTAL_AMOUNT"), lit(None))
    placed_at = iff(col("IS_CANCELLED"), lit(None), col("PLACED_AT"))
    owed = col("OUTSTANDING_AMOUNT")
    too_much = iff(col("IS_CANCELLED"), col("CAPTURED_AMOUNT"), -owed)
    summed = order_facts.group_by("CUSTOMER_ID", "CURRENCY_CODE").agg(
        rows().alias("ORDERS"),
        rows_where(col("IS_CANCELLED")).alias("CANCELLED_ORDERS"),
        rows_where(owed > 0).alias("UNPAID_ORDERS"),
        sum_(ordered).alias("ORDERED_AMOUNT"),
        sum_(earned).alias("REVENUE_AMOUNT"),
        sum_("CAPTURED_AMOUNT").alias("CAPTURED_AMOUNT"),
        sum_("REFUNDED_AMOUNT").alias("REFUNDED_AMOUNT"),
        sum_("OUTSTANDING_AMOUNT").alias("OUTSTANDING_AMOUNT"),
        sum_(iff(owed > 0, owed, lit(None))).alias("RECEIVABLE_AMOUNT"),
        sum_(iff(too_much > 0, too_much, lit(None))).alias("OVERPAID_AMOUNT"),
        min_(placed_at).alias("FIRST_ORDER_AT"),
        max_(placed_at).alias("LAST_ORDER_AT"),
    )
    return summed.select(
        *("CUSTOMER_ID", "CURRENCY_CODE", "ORDERS", "CANCELLED_ORDERS", "UNPAID_ORDERS"),
        *map(money_or_zero, AMOUNTS),
        *("FIRST_ORDER_AT", "LAST_ORDER_AT"),
    )
