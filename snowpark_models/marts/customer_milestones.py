"""How far customers have come, and how long each stretch of the way took."""

from __future__ import annotations

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame, Window
from snowflake.snowpark.functions import col, datediff, iff, lit, max_by, min_by, row_number, when
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import min as min_

from snowpark_models import Column, model
from snowpark_models.sums import COUNT, count_or_zero, rows, rows_where

DAYS = "NUMBER(9,0)"


@model(
    key="customer_id",
    grain="one row a customer",
    owner="customer-success@shellcorp.example",
    description="""The journey of a customer from signing up through the first visit, order and payment to
        the first ticket and the second order. Cancelled orders are no milestones. Days are calendar days.""",
    materialized="incremental",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Number of the customer."),
        Column("stage", "VARCHAR(20)", "The furthest: signed_up, visited, ordered, paid or ordered_again."),
        Column("signed_up_at", "TIMESTAMP_NTZ", "When the customer was created, UTC."),
        Column("first_visit_at", "TIMESTAMP_NTZ", "First visit to the portal, UTC.", nullable=True),
        Column("first_landing_page", "VARCHAR(400)", "Where that began.", nullable=True),
        Column("first_order_at", "TIMESTAMP_NTZ", "First order, UTC.", nullable=True),
        Column("visits_before_order", COUNT, "Visits before the first order; all, if there is none."),
        Column(
            "last_landing_page", "VARCHAR(400)", "Where the last visit before the order began.", nullable=True
        ),
        Column("first_payment_at", "TIMESTAMP_NTZ", "First payment that is captured, UTC.", nullable=True),
        Column("second_order_at", "TIMESTAMP_NTZ", "Second order, UTC.", nullable=True),
        Column("first_ticket_at", "TIMESTAMP_NTZ", "First ticket opened, UTC.", nullable=True),
        Column(
            "first_ticket_after_order_at", "TIMESTAMP_NTZ", "First one after the first order.", nullable=True
        ),
        Column("days_to_first_visit", DAYS, "From signing up; below 0: before.", nullable=True),
        Column("days_to_first_order", DAYS, "From signing up.", nullable=True),
        Column("days_to_first_payment", DAYS, "From the first order.", nullable=True),
        Column("days_to_second_order", DAYS, "From the first order.", nullable=True),
        Column("days_to_ticket_after_order", DAYS, "From the first order.", nullable=True),
        Column("events", COUNT, "Steps of the journey so far."),
        Column("last_event_at", "TIMESTAMP_NTZ", "The last step, UTC.", nullable=True),
        Column("last_event_type", "VARCHAR(20)", "Which kind that is.", nullable=True),
    ],
)
def customer_milestones(stg_customers: DataFrame, customer_journey: DataFrame) -> DataFrame:
    """Find the orders first: what came before and after them follows."""
    orders = _orders(customer_journey)
    told = customer_journey.join(orders, on="CUSTOMER_ID", how="left")
    signed_up = stg_customers.select("CUSTOMER_ID", col("CREATED_AT").alias("SIGNED_UP_AT"))
    joined = signed_up.join(orders, on="CUSTOMER_ID", how="left").join(
        _events(told), on="CUSTOMER_ID", how="left"
    )
    return joined.select(
        "CUSTOMER_ID",
        _stage().cast("VARCHAR(20)").alias("STAGE"),
        *("SIGNED_UP_AT", "FIRST_VISIT_AT", "FIRST_LANDING_PAGE", "FIRST_ORDER_AT"),
        count_or_zero("VISITS_BEFORE_ORDER"),
        *("LAST_LANDING_PAGE", "FIRST_PAYMENT_AT", "SECOND_ORDER_AT"),
        *("FIRST_TICKET_AT", "FIRST_TICKET_AFTER_ORDER_AT"),
        _days("SIGNED_UP_AT", "FIRST_VISIT_AT").alias("DAYS_TO_FIRST_VISIT"),
        _days("SIGNED_UP_AT", "FIRST_ORDER_AT").alias("DAYS_TO_FIRST_ORDER"),
        _days("FIRST_ORDER_AT", "FIRST_PAYMENT_AT").alias("DAYS_TO_FIRST_PAYMENT"),
        _days("FIRST_ORDER_AT", "SECOND_ORDER_AT").alias("DAYS_TO_SECOND_ORDER"),
        _days("FIRST_ORDER_AT", "FIRST_TICKET_AFTER_ORDER_AT").alias("DAYS_TO_TICKET_AFTER_ORDER"),
        count_or_zero("EVENTS"),
        *("LAST_EVENT_AT", "LAST_EVENT_TYPE"),
    )


def _orders(journey: DataFrame) -> DataFrame:
    """The first and the second order of a customer, with the step that the first one was."""
    placed = journey.filter((col("EVENT_TYPE") == "order_placed") & (col("OUTCOME") != "cancelled"))
    in_order = Window.partition_by("CUSTOMER_ID").order_by("STEP")
    numbered = placed.with_column("ORDINAL", row_number().over(in_order))
    return numbered.group_by("CUSTOMER_ID").agg(
        min_(_where(col("ORDINAL") == 1, "HAPPENED_AT")).alias("FIRST_ORDER_AT"),
        min_(_where(col("ORDINAL") == 1, "STEP")).alias("FIRST_ORDER_STEP"),
        min_(_where(col("ORDINAL") == 2, "HAPPENED_AT")).alias("SECOND_ORDER_AT"),
    )


def _events(told: DataFrame) -> DataFrame:
    """Everything else, around the first order of each customer."""
    is_visit, is_ticket = col("EVENT_TYPE") == "visit", col("EVENT_TYPE") == "ticket_opened"
    is_before = col("FIRST_ORDER_STEP").is_null() | (col("STEP") < col("FIRST_ORDER_STEP"))
    is_after = col("STEP") > col("FIRST_ORDER_STEP")
    is_money = (col("EVENT_TYPE") == "payment") & (col("OUTCOME") == "captured")
    return told.group_by("CUSTOMER_ID").agg(
        min_(_where(is_visit, "HAPPENED_AT")).alias("FIRST_VISIT_AT"),
        min_by("LANDING_PAGE", _where(is_visit, "STEP")).alias("FIRST_LANDING_PAGE"),
        rows_where(is_visit & is_before).alias("VISITS_BEFORE_ORDER"),
        max_by("LANDING_PAGE", _where(is_visit & is_before, "STEP")).alias("LAST_LANDING_PAGE"),
        min_(_where(is_money, "HAPPENED_AT")).alias("FIRST_PAYMENT_AT"),
        min_(_where(is_ticket, "HAPPENED_AT")).alias("FIRST_TICKET_AT"),
        min_(_where(is_ticket & is_after, "HAPPENED_AT")).alias("FIRST_TICKET_AFTER_ORDER_AT"),
        rows().alias("EVENTS"),
        max_("HAPPENED_AT").alias("LAST_EVENT_AT"),
        max_by("EVENT_TYPE", "STEP").alias("LAST_EVENT_TYPE"),
    )


def _stage() -> Expression:
    return (
        when(col("SECOND_ORDER_AT").is_not_null(), lit("ordered_again"))
        .when(col("FIRST_ORDER_AT").is_not_null() & col("FIRST_PAYMENT_AT").is_not_null(), lit("paid"))
        .when(col("FIRST_ORDER_AT").is_not_null(), lit("ordered"))
        .when(col("FIRST_VISIT_AT").is_not_null(), lit("visited"))
        .otherwise(lit("signed_up"))
    )


def _where(condition: Expression, name: str) -> Expression:
    """The column where the condition holds, else NULL, which the aggregates leave out."""
    return iff(condition, col(name), lit(None))


def _days(begin: str, end: str) -> Expression:
    return datediff("day", col(begin), col(end)).cast(DAYS)
