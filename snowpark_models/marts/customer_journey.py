"""What customers do, and what is done for them, step by step."""

from __future__ import annotations

from functools import reduce
from typing import Final

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame, Window
from snowflake.snowpark.functions import col, datediff, greatest, lag, lead, length, lit, row_number

from snowpark_models import Column, model
from snowpark_models.sums import COUNT

TOLD: Final = {
    "OUTCOME": "VARCHAR(20)",
    "AMOUNT": "NUMBER(19,4)",
    "CURRENCY_CODE": "VARCHAR(3)",
    "LANDING_PAGE": "VARCHAR(400)",
}
"""What only some kinds of events tell."""


@model(
    key=["customer_id", "event_type", "event_id"],
    grain="one row an event of a customer",
    owner="customer-success@shellcorp.example",
    description="""Visits, orders, payments and tickets of a customer as one stream, in the order in which
        they happened. Cancelling and giving back are no events: the source keeps no time of them.""",
    materialized="incremental",
    incremental_by="customer_id",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Whose event it is."),
        Column(
            "event_type",
            "VARCHAR(20)",
            "visit, order_placed, payment, order_shipped, ticket_opened or ticket_closed.",
        ),
        Column("event_id", "VARCHAR(36)", "Number of the visit, order or ticket; GUID of the payment."),
        Column("happened_at", "TIMESTAMP_NTZ", "When it happened, UTC."),
        Column("step", COUNT, "Which of the customer's events it is, from 1."),
        Column("outcome", TOLD["OUTCOME"], "Status of order, payment or ticket by now.", nullable=True),
        Column("amount", TOLD["AMOUNT"], "Total of the order, or what was to be paid.", nullable=True),
        Column("currency_code", TOLD["CURRENCY_CODE"], "Currency of the amount.", nullable=True),
        Column("landing_page", TOLD["LANDING_PAGE"], "Path of a visit's first page.", nullable=True),
        Column("previous_event_type", "VARCHAR(20)", "The step before.", nullable=True),
        Column("seconds_since_previous", "NUMBER(19,3)", "From the step before to this.", nullable=True),
        Column("is_first_touch", "BOOLEAN", "It is the customer's first event."),
        Column("is_last_touch", "BOOLEAN", "It is the customer's last event so far."),
    ],
)
def customer_journey(
    stg_portal_sessions: DataFrame,
    stg_orders: DataFrame,
    payment_facts: DataFrame,
    stg_support_tickets: DataFrame,
) -> DataFrame:
    """Bring all to one stream, and number it; at equal times as `_events` lists them, then by number."""
    events = _events(stg_portal_sessions, stg_orders, payment_facts, stg_support_tickets)
    in_order = Window.partition_by("CUSTOMER_ID").order_by(
        "HAPPENED_AT", "RANK", length(col("EVENT_ID")), "EVENT_ID"
    )
    milliseconds = datediff("millisecond", lag("HAPPENED_AT").over(in_order), col("HAPPENED_AT"))
    return events.select(
        *("CUSTOMER_ID", "EVENT_TYPE", "EVENT_ID", "HAPPENED_AT"),
        row_number().over(in_order).cast(COUNT).alias("STEP"),
        *TOLD,
        lag("EVENT_TYPE").over(in_order).alias("PREVIOUS_EVENT_TYPE"),
        (milliseconds / 1000).cast("NUMBER(19,3)").alias("SECONDS_SINCE_PREVIOUS"),
        lag("EVENT_TYPE").over(in_order).is_null().alias("IS_FIRST_TOUCH"),
        lead("EVENT_TYPE").over(in_order).is_null().alias("IS_LAST_TOUCH"),
    )


def _events(visits: DataFrame, orders: DataFrame, payments: DataFrame, tickets: DataFrame) -> DataFrame:
    """The events of all kinds, those that come first at equal times first."""
    order: dict[str, Expression] = {
        "OUTCOME": col("STATUS"),
        "AMOUNT": col("TOTAL_AMOUNT"),
        "CURRENCY_CODE": col("CURRENCY_CODE"),
    }
    payment = {**order, "AMOUNT": col("AMOUNT")}
    ticket = {"OUTCOME": col("STATUS")}
    page = {"LANDING_PAGE": col("LANDING_PAGE")}
    shipped = orders.filter(col("SHIPPED_AT").is_not_null())
    # the source keeps the minute of shipping only, which may have begun before the order
    shipped_at = greatest(col("SHIPPED_AT"), col("PLACED_AT"))
    of_customers = payments.filter(col("CUSTOMER_ID").is_not_null())
    closed = tickets.filter(col("CLOSED_AT").is_not_null())
    kinds = (
        _kind(visits, "visit", "SESSION_ID", col("STARTED_AT"), page),
        _kind(orders, "order_placed", "ORDER_ID", col("PLACED_AT"), order),
        _kind(of_customers, "payment", "PAYMENT_ID", col("PAID_AT"), payment),
        _kind(shipped, "order_shipped", "ORDER_ID", shipped_at, order),
        _kind(tickets, "ticket_opened", "TICKET_ID", col("OPENED_AT"), ticket),
        _kind(closed, "ticket_closed", "TICKET_ID", col("CLOSED_AT"), ticket),
    )
    ranked = (kind.with_column("RANK", lit(rank)) for rank, kind in enumerate(kinds))
    return reduce(DataFrame.union_all, ranked)


def _kind(
    rows: DataFrame, event_type: str, number: str, happened_at: Expression, told: dict[str, Expression]
) -> DataFrame:
    """Events of one kind, with NULL for what they do not tell."""
    return rows.select(
        "CUSTOMER_ID",
        lit(event_type).cast("VARCHAR(20)").alias("EVENT_TYPE"),
        col(number).cast("VARCHAR(36)").alias("EVENT_ID"),
        happened_at.alias("HAPPENED_AT"),
        *(told.get(name, lit(None)).cast(kind).alias(name) for name, kind in TOLD.items()),
    )
