"""What was ordered, what came of it, and whether head, lines and payments agree."""

from __future__ import annotations

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import coalesce, col, greatest, iff, lit, when
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import min as min_
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.sums import COUNT, MONEY, count_or_zero, money_or_zero, rows, rows_where


@model(
    key="order_id",
    grain="one row an order",
    owner="sales-analytics@shellcorp.example",
    description="""Every order with its lines and payments summed up. The source promises that its head is the
        sum of its lines, and that what is captured fits its status; flags show where it is not so.""",
    materialized="incremental",
    contract=[
        Column("order_id", "NUMBER(10,0)", "Number of the order."),
        Column("customer_id", "NUMBER(10,0)", "Who ordered."),
        Column("customer_exists", "BOOLEAN", "That customer is in stg_customers."),
        Column("status", "VARCHAR(20)", "placed, paid, shipped or cancelled."),
        Column("is_cancelled", "BOOLEAN", "The status is cancelled."),
        Column("currency_code", "VARCHAR(3)", "Currency of all its amounts."),
        Column("placed_at", "TIMESTAMP_NTZ", "When it was placed, UTC."),
        Column("placed_on", "DATE", "Day of placed_at."),
        Column("shipped_at", "TIMESTAMP_NTZ", "Minute in which it was shipped, UTC.", nullable=True),
        Column("line_count", COUNT, "Lines on the order."),
        Column("item_count", COUNT, "Quantities of its lines, added up."),
        Column("total_amount", "NUMBER(19,4)", "What the order costs, as its head says."),
        Column("lines_amount", MONEY, "What its lines add up to."),
        Column("lines_difference", MONEY, "Head less lines; 0 where they agree."),
        Column("order_total_matches_lines", "BOOLEAN", "It has lines, and they add up to the head exactly."),
        Column("discount_amount", MONEY, "What discounts took off its lines."),
        Column("payment_attempts", COUNT, "Payments tried, in any status."),
        Column("failed_payments", COUNT, "Payments that failed."),
        Column("captured_amount", MONEY, "Money that arrived and was not given back."),
        Column("refunded_amount", MONEY, "Money that arrived and was given back."),
        Column("outstanding_amount", MONEY, "What is still to be paid; 0 for a cancelled order."),
        Column(
            "payments_fit_status", "BOOLEAN", "Captured: all if paid or shipped, less if placed, or none."
        ),
        Column("first_captured_at", "TIMESTAMP_NTZ", "First payment that was captured, UTC.", nullable=True),
        Column("committed_at", "TIMESTAMP_NTZ", "Commit of the last change of head, lines or payments, UTC."),
    ],
)
def order_facts(
    stg_orders: DataFrame, stg_order_lines: DataFrame, stg_payments: DataFrame, stg_customers: DataFrame
) -> DataFrame:
    """Bring lines and payments to the grain of the order first, so that no join multiplies rows."""
    customers = stg_customers.select(col("CUSTOMER_ID"), lit(1).alias("KNOWN"))
    joined = (
        stg_orders.join(_lines_by_order(stg_order_lines), on="ORDER_ID", how="left")
        .join(_payments_by_order(stg_payments), on="ORDER_ID", how="left")
        .join(customers, on="CUSTOMER_ID", how="left")
    )
    summed = joined.select(
        col("ORDER_ID"),
        col("CUSTOMER_ID"),
        col("KNOWN").is_not_null().alias("CUSTOMER_EXISTS"),
        col("STATUS"),
        col("IS_CANCELLED"),
        col("CURRENCY_CODE"),
        col("PLACED_AT"),
        col("PLACED_ON"),
        col("SHIPPED_AT"),
        count_or_zero("LINE_COUNT"),
        count_or_zero("ITEM_COUNT"),
        col("TOTAL_AMOUNT"),
        money_or_zero("LINES_AMOUNT"),
        money_or_zero("DISCOUNT_AMOUNT"),
        count_or_zero("PAYMENT_ATTEMPTS"),
        count_or_zero("FAILED_PAYMENTS"),
        money_or_zero("CAPTURED_AMOUNT"),
        money_or_zero("REFUNDED_AMOUNT"),
        col("FIRST_CAPTURED_AT"),
        greatest(col("COMMITTED_AT"), *map(_or_head, ("LINES_COMMITTED_AT", "PAYMENTS_COMMITTED_AT"))).alias(
            "COMMITTED_AT"
        ),
    )
    matches = (col("LINE_COUNT") > 0) & (col("LINES_AMOUNT") == col("TOTAL_AMOUNT"))
    outstanding = iff(col("IS_CANCELLED"), lit(0), col("TOTAL_AMOUNT") - col("CAPTURED_AMOUNT"))
    return summed.with_columns(
        ["LINES_DIFFERENCE", "ORDER_TOTAL_MATCHES_LINES", "OUTSTANDING_AMOUNT", "PAYMENTS_FIT_STATUS"],
        [
            (col("TOTAL_AMOUNT") - col("LINES_AMOUNT")).cast(MONEY),
            matches,
            outstanding.cast(MONEY),
            _payments_fit_status(),
        ],
    )


def _lines_by_order(stg_order_lines: DataFrame) -> DataFrame:
    return stg_order_lines.group_by("ORDER_ID").agg(
        rows().alias("LINE_COUNT"),
        sum_("QUANTITY").alias("ITEM_COUNT"),
        sum_("LINE_AMOUNT").alias("LINES_AMOUNT"),
        sum_("DISCOUNT_AMOUNT").alias("DISCOUNT_AMOUNT"),
        max_("COMMITTED_AT").alias("LINES_COMMITTED_AT"),
    )


def _payments_by_order(stg_payments: DataFrame) -> DataFrame:
    return stg_payments.group_by("ORDER_ID").agg(
        rows().alias("PAYMENT_ATTEMPTS"),
        rows_where(col("STATUS") == "failed").alias("FAILED_PAYMENTS"),
        sum_(iff(col("IS_CAPTURED"), col("AMOUNT"), lit(None))).alias("CAPTURED_AMOUNT"),
        sum_(iff(col("STATUS") == "refunded", col("AMOUNT"), lit(None))).alias("REFUNDED_AMOUNT"),
        min_(iff(col("IS_CAPTURED"), col("PAID_AT"), lit(None))).alias("FIRST_CAPTURED_AT"),
        max_("COMMITTED_AT").alias("PAYMENTS_COMMITTED_AT"),
    )


def _or_head(name: str) -> Expression:
    """A commit time of lines or payments; the head's where there are none."""
    return coalesce(col(name), col("COMMITTED_AT"))


def _payments_fit_status() -> Expression:
    captured, total = col("CAPTURED_AMOUNT"), col("TOTAL_AMOUNT")
    return (
        when(col("STATUS").in_("paid", "shipped"), captured == total)
        .when(col("STATUS") == "placed", (captured == 0) | (captured < total))
        .when(col("STATUS") == "cancelled", captured == 0)
        .otherwise(lit(False))
    )
