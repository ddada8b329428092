"""Each customer once, with what the other tables add up to."""

from expectations.rules import (
    adds_up_to,
    always,
    as_of_the_newest_commit,
    at_as_of,
    between,
    computed,
    counts,
    has_all_of,
    matches,
    one_of,
    refers_to,
    same_as,
    same_in_all_rows,
    suite,
)
from expectations.vocabulary import COUNTRIES, CURRENCIES, EMAIL, SEGMENTS

SUITE = suite(
    "CUSTOMER_ID",
    one_of("COUNTRY_CODE", *COUNTRIES),
    one_of("SEGMENT", *SEGMENTS),
    matches("EMAIL", EMAIL, "has the form something@something", severity="warning"),
    counts("OPEN_ACCOUNTS", "UNPAID_ORDERS", "TICKETS", "OPEN_TICKETS", "OPEN_ACTIVITIES", "RECENT_SESSIONS"),
    between("DAYS_SINCE_LAST_ORDER", low=0, severity="warning"),
    between("AVERAGE_SATISFACTION", 1, 5, severity="warning"),
    same_in_all_rows("AS_OF"),
    has_all_of("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    always(
        "A part is no more than its whole",
        "OPEN_ACCOUNTS <= ACCOUNTS AND UNPAID_ORDERS <= ORDERS AND OPEN_TICKETS <= TICKETS "
        "AND RECENT_SESSIONS <= SESSIONS",
    ),
    always(
        "Customers with orders, and no others, have a first and a last one, in that order",
        "IFF(ORDERS = 0, FIRST_ORDER_AT IS NULL AND LAST_ORDER_AT IS NULL, FIRST_ORDER_AT <= LAST_ORDER_AT)",
    ),
    same_as(
        "STAGING.STG_CUSTOMERS",
        "CUSTOMER_ID",
        *("NAME", "EMAIL", "COUNTRY_CODE", "SEGMENT", "IS_ACTIVE", "CREATED_AT"),
    ),
    adds_up_to(
        "STAGING.STG_ACCOUNTS",
        "CUSTOMER_ID",
        totals={
            "ACCOUNTS": "COUNT(*)",
            "OPEN_ACCOUNTS": "COUNT_IF(STATUS <> 'closed')",
            "BALANCE": "SUM(BALANCE)",
        },
    ),
    adds_up_to(
        "MARTS.ORDER_FACTS",
        "CUSTOMER_ID",
        totals={
            "ORDERS": "COUNT_IF(STATUS <> 'cancelled')",
            "CANCELLED_ORDERS": "COUNT_IF(STATUS = 'cancelled')",
            "UNPAID_ORDERS": "COUNT_IF(OUTSTANDING_AMOUNT > 0)",
            **{
                f"REVENUE_{currency}": "SUM(IFF(STATUS IN ('paid', 'shipped') "
                f"AND CURRENCY_CODE = '{currency}', TOTAL_AMOUNT, 0))"
                for currency in CURRENCIES
            },
        },
        others={
            "FIRST_ORDER_AT": "MIN(IFF(STATUS = 'cancelled', NULL, PLACED_AT))",
            "LAST_ORDER_AT": "MAX(IFF(STATUS = 'cancelled', NULL, PLACED_AT))",
        },
    ),
    adds_up_to(
        "STAGING.STG_SUPPORT_TICKETS",
        "CUSTOMER_ID",
        totals={"TICKETS": "COUNT(*)", "OPEN_TICKETS": "COUNT_IF(STATUS <> 'closed')"},
        others={"AVERAGE_SATISFACTION": "AVG(SATISFACTION)::NUMBER(9,2)"},
    ),
    adds_up_to(
        "STAGING.STG_ACTIVITIES",
        "CUSTOMER_ID",
        totals={"OPEN_ACTIVITIES": "COUNT_IF(STATUS NOT IN ('completed', 'cancelled'))"},
    ),
    adds_up_to(
        at_as_of("STAGING.STG_PORTAL_SESSIONS"),
        "CUSTOMER_ID",
        totals={
            "SESSIONS": "COUNT(*)",
            "RECENT_SESSIONS": "COUNT_IF(STARTED_AT >= DATEADD(day, -90, NOW))",
        },
        others={"LAST_SESSION_AT": "MAX(STARTED_AT)"},
    ),
    computed("DAYS_SINCE_LAST_ORDER", "DATEDIFF(day, LAST_ORDER_AT, AS_OF)"),
    computed(
        "IS_ENGAGED",
        "COALESCE(LAST_ORDER_AT >= DATEADD(day, -90, AS_OF), FALSE) "
        "OR COALESCE(LAST_SESSION_AT >= DATEADD(day, -90, AS_OF), FALSE)",
        "an order or a visit in the 90 days before AS_OF",
    ),
    as_of_the_newest_commit(
        *("STAGING.STG_CUSTOMERS", "STAGING.STG_ACCOUNTS", "MARTS.ORDER_FACTS"),
        *("STAGING.STG_SUPPORT_TICKETS", "STAGING.STG_ACTIVITIES", "STAGING.STG_PORTAL_SESSIONS"),
    ),
)
