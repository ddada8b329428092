"""All that matters about a customer in one row."""

from __future__ import annotations

from typing import Final

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import avg, col, dateadd, datediff, iff, lit
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import min as min_
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.clock import as_of
from snowpark_models.sums import COUNT, MONEY, count_or_zero, money_or_zero, rows, rows_where

CURRENCIES: Final = ("EUR", "USD", "GBP", "DKK", "SEK")
ENGAGED_DAYS: Final = 90

REVENUE: Final = [
    Column(f"revenue_{currency.lower()}", MONEY, f"Paid and shipped orders in {currency}, added up.")
    for currency in CURRENCIES
]


@model(
    key="customer_id",
    grain="one row a customer",
    owner="customer-success@shellcorp.example",
    description="""Each customer with accounts, orders, revenue, support and use of the portal. Revenue is
        kept by currency: the source has no exchange rates.""",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Number of the customer."),
        Column("name", "VARCHAR(200)", "Name of the person or company.", personal=True),
        Column("email", "VARCHAR(320)", "E-mail address, lower case.", nullable=True, personal=True),
        Column("country_code", "VARCHAR(2)", "Country, ISO 3166-1 alpha-2."),
        Column("segment", "VARCHAR(20)", "consumer, business, enterprise or public."),
        Column("is_active", "BOOLEAN", "May order and log in."),
        Column("created_at", "TIMESTAMP_NTZ", "When the customer was created, UTC."),
        Column("accounts", COUNT, "Accounts, closed ones included."),
        Column("open_accounts", COUNT, "Accounts that are not closed."),
        Column("balance", MONEY, "What is on all accounts; below 0 is owed."),
        Column("orders", COUNT, "Orders that are not cancelled."),
        Column("cancelled_orders", COUNT, "Orders that are cancelled."),
        Column("unpaid_orders", COUNT, "Orders of which something is still to be paid."),
        *REVENUE,
        Column("first_order_at", "TIMESTAMP_NTZ", "First order not cancelled, UTC.", nullable=True),
        Column("last_order_at", "TIMESTAMP_NTZ", "Last order not cancelled, UTC.", nullable=True),
        Column("days_since_last_order", "NUMBER(9,0)", "Days from last_order_at to as_of.", nullable=True),
        Column("tickets", COUNT, "Support tickets ever."),
        Column("open_tickets", COUNT, "Tickets not closed."),
        Column("average_satisfaction", "NUMBER(9,2)", "Mean of the ratings given.", nullable=True),
        Column("open_activities", COUNT, "Activities of the staff that run or are planned."),
        Column("sessions", COUNT, "Visits to the portal ever."),
        Column("recent_sessions", COUNT, f"Visits in the {ENGAGED_DAYS} days before as_of."),
        Column("last_session_at", "TIMESTAMP_NTZ", "Begin of the last visit, UTC.", nullable=True),
        Column("is_engaged", "BOOLEAN", f"Ordered or visited in the {ENGAGED_DAYS} days before as_of."),
        Column("as_of", "TIMESTAMP_NTZ", "The time for which days are counted, UTC."),
    ],
)
def customer_360(
    stg_customers: DataFrame,
    stg_accounts: DataFrame,
    order_facts: DataFrame,
    stg_support_tickets: DataFrame,
    stg_activities: DataFrame,
    stg_portal_sessions: DataFrame,
) -> DataFrame:
    """Bring everything to the grain of the customer first, so that no join multiplies rows."""
    now = as_of(
        stg_customers, stg_accounts, order_facts, stg_support_tickets, stg_activities, stg_portal_sessions
    )
    joined = stg_customers.cross_join(now)
    for facts in (
        _accounts(stg_accounts),
        _orders(order_facts),
        _tickets(stg_support_tickets),
        _activities(stg_activities),
        _sessions(stg_portal_sessions, now),
    ):
        joined = joined.join(facts, on="CUSTOMER_ID", how="left")
    return joined.select(
        *("CUSTOMER_ID", "NAME", "EMAIL", "COUNTRY_CODE", "SEGMENT", "IS_ACTIVE", "CREATED_AT"),
        *map(count_or_zero, ("ACCOUNTS", "OPEN_ACCOUNTS")),
        money_or_zero("BALANCE"),
        *map(count_or_zero, ("ORDERS", "CANCELLED_ORDERS", "UNPAID_ORDERS")),
        *(money_or_zero(column.name.upper()) for column in REVENUE),
        *("FIRST_ORDER_AT", "LAST_ORDER_AT"),
        datediff("day", col("LAST_ORDER_AT"), col("AS_OF")).alias("DAYS_SINCE_LAST_ORDER"),
        *map(count_or_zero, ("TICKETS", "OPEN_TICKETS")),
        "AVERAGE_SATISFACTION",
        *map(count_or_zero, ("OPEN_ACTIVITIES", "SESSIONS", "RECENT_SESSIONS")),
        "LAST_SESSION_AT",
        (_is_recent("LAST_ORDER_AT") | _is_recent("LAST_SESSION_AT")).alias("IS_ENGAGED"),
        "AS_OF",
    )


def _accounts(stg_accounts: DataFrame) -> DataFrame:
    return stg_accounts.group_by("CUSTOMER_ID").agg(
        rows().alias("ACCOUNTS"),
        rows_where(~col("IS_CLOSED")).alias("OPEN_ACCOUNTS"),
        sum_("BALANCE").alias("BALANCE"),
    )


def _orders(order_facts: DataFrame) -> DataFrame:
    placed_at = iff(col("IS_CANCELLED"), lit(None), col("PLACED_AT"))
    earned = col("STATUS").in_("paid", "shipped")
    revenue = (
        sum_(iff(earned & (col("CURRENCY_CODE") == currency), col("TOTAL_AMOUNT"), lit(None))).alias(
            column.name
        )
        for currency, column in zip(CURRENCIES, REVENUE, strict=True)
    )
    return order_facts.group_by("CUSTOMER_ID").agg(
        rows_where(~col("IS_CANCELLED")).alias("ORDERS"),
        rows_where(col("IS_CANCELLED")).alias("CANCELLED_ORDERS"),
        rows_where(col("OUTSTANDING_AMOUNT") > 0).alias("UNPAID_ORDERS"),
        min_(placed_at).alias("FIRST_ORDER_AT"),
        max_(placed_at).alias("LAST_ORDER_AT"),
        *revenue,
    )


def _tickets(stg_support_tickets: DataFrame) -> DataFrame:
    return stg_support_tickets.group_by("CUSTOMER_ID").agg(
        rows().alias("TICKETS"),
        rows_where(~col("IS_CLOSED")).alias("OPEN_TICKETS"),
        avg("SATISFACTION").cast("NUMBER(9,2)").alias("AVERAGE_SATISFACTION"),
    )


def _activities(stg_activities: DataFrame) -> DataFrame:
    return stg_activities.group_by("CUSTOMER_ID").agg(rows_where(~col("HAS_ENDED")).alias("OPEN_ACTIVITIES"))


def _sessions(stg_portal_sessions: DataFrame, now: DataFrame) -> DataFrame:
    return (
        stg_portal_sessions.cross_join(now)
        .group_by("CUSTOMER_ID")
        .agg(
            rows().alias("SESSIONS"),
            rows_where(_is_recent("STARTED_AT")).alias("RECENT_SESSIONS"),
            max_("STARTED_AT").alias("LAST_SESSION_AT"),
        )
    )


def _is_recent(moment: str) -> Expression:
    """True when a time lies in the window before as_of; a time that is missing does not."""
    return iff(col(moment) >= dateadd("day", lit(-ENGAGED_DAYS), col("AS_OF")), lit(True), lit(False))
