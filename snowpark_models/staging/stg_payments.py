"""Attempts to pay an order."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, hex_encode, to_date, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows


@model(
    key="payment_id",
    grain="one row an attempt to pay",
    owner=OWNER,
    description="Attempts to pay an order, as the payment provider reports them.",
    materialized="incremental",
    contract=[
        Column("payment_id", "VARCHAR(36)", "GUID of the attempt, upper case."),
        Column("order_id", "NUMBER(10,0)", "Order that it is for."),
        Column("method", "VARCHAR(20)", "card, transfer, direct_debit or wallet."),
        Column("status", "VARCHAR(20)", "authorised, captured, failed or refunded."),
        Column("is_captured", "BOOLEAN", "The money has arrived and is still here: the status is captured."),
        Column("amount", "NUMBER(19,4)", "How much, in currency_code."),
        Column("currency_code", "VARCHAR(3)", "Currency of the amount, ISO 4217, upper case."),
        Column("paid_at", "TIMESTAMP_NTZ", "When it was tried, UTC."),
        Column("paid_on", "DATE", "Day of paid_at."),
        Column("provider_ref", "VARCHAR(64)", "The provider's reference, in hex.", nullable=True),
        COMMITTED_AT,
    ],
)
def stg_payments(raw_payments: DataFrame) -> DataFrame:
    """Flag what is captured; show the provider's reference as text."""
    return live_rows(raw_payments).select(
        upper(col("PAYMENT_ID")).alias("PAYMENT_ID"),
        col("ORDER_ID"),
        trim(col("METHOD")).alias("METHOD"),
        trim(col("STATUS")).alias("STATUS"),
        (trim(col("STATUS")) == "captured").alias("IS_CAPTURED"),
        col("AMOUNT"),
        upper(trim(col("CURRENCY_CODE"))).alias("CURRENCY_CODE"),
        col("PAID_AT"),
        to_date(col("PAID_AT")).alias("PAID_ON"),
        hex_encode(col("PROVIDER_REF")).alias("PROVIDER_REF"),
        committed_at(),
    )
