"""Every attempt to pay: whose it is, which attempt on its order, and how long after the order."""

from __future__ import annotations

from snowflake.snowpark import DataFrame, Window
from snowflake.snowpark.functions import coalesce, col, datediff, lag, lit, row_number

from snowpark_models import Column, model
from snowpark_models.sums import COUNT

SECONDS_AN_HOUR = 3600


@model(
    key="payment_id",
    grain="one row an attempt to pay",
    owner="sales-analytics@shellcorp.example",
    description="""Attempts to pay in the order in which they were made, each with the order that it is for.
        The status is what it is by now: when a payment was given back, the source does not say.""",
    materialized="incremental",
    incremental_by="order_id",
    contract=[
        Column("payment_id", "VARCHAR(36)", "GUID of the attempt, upper case."),
        Column("order_id", "NUMBER(10,0)", "Order that it is for."),
        Column("customer_id", "NUMBER(10,0)", "Who ordered; NULL: there is no such order.", nullable=True),
        Column("method", "VARCHAR(20)", "card, transfer, direct_debit or wallet."),
        Column("status", "VARCHAR(20)", "authorised, captured, failed or refunded."),
        Column("is_captured", "BOOLEAN", "The money has arrived and is still here."),
        Column("amount", "NUMBER(19,4)", "How much, in currency_code."),
        Column("currency_code", "VARCHAR(3)", "Currency of the amount."),
        Column("currency_is_the_orders", "BOOLEAN", "There is such an order, and it has that currency."),
        Column("paid_at", "TIMESTAMP_NTZ", "When it was tried, UTC."),
        Column("paid_on", "DATE", "Day of paid_at."),
        Column("attempt", COUNT, "Which attempt on its order it is, from 1; by GUID at equal times."),
        Column("follows_a_failure", "BOOLEAN", "The attempt before it on the order failed."),
        Column("hours_since_order", "NUMBER(12,2)", "From placing to this attempt.", nullable=True),
    ],
)
def payment_facts(stg_payments: DataFrame, stg_orders: DataFrame) -> DataFrame:
    """Number the attempts of each order, and put the order beside them."""
    in_order = Window.partition_by("ORDER_ID").order_by("PAID_AT", "PAYMENT_ID")
    orders = stg_orders.select(
        "ORDER_ID", "CUSTOMER_ID", "PLACED_AT", col("CURRENCY_CODE").alias("ORDER_CURRENCY")
    )
    seconds = datediff("second", col("PLACED_AT"), col("PAID_AT"))
    return stg_payments.join(orders, on="ORDER_ID", how="left").select(
        *("PAYMENT_ID", "ORDER_ID", "CUSTOMER_ID", "METHOD", "STATUS", "IS_CAPTURED"),
        *("AMOUNT", "CURRENCY_CODE"),
        coalesce(col("ORDER_CURRENCY") == col("CURRENCY_CODE"), lit(False)).alias("CURRENCY_IS_THE_ORDERS"),
        *("PAID_AT", "PAID_ON"),
        row_number().over(in_order).cast(COUNT).alias("ATTEMPT"),
        coalesce(lag("STATUS").over(in_order) == "failed", lit(False)).alias("FOLLOWS_A_FAILURE"),
        (seconds / SECONDS_AN_HOUR).cast("NUMBER(12,2)").alias("HOURS_SINCE_ORDER"),
    )
