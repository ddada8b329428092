"""Features of each customer that know nothing of the time after them."""

from expectations.rules import (
    always,
    between,
    counts,
    has_all_of,
    refers_to,
    same_in_all_rows,
    suite,
)

SUITE = suite(
    "CUSTOMER_ID",
    same_in_all_rows("AS_OF"),
    counts("OPEN_ACCOUNTS", "ORDERS_7D", "CANCELLED_ORDERS_90D", "SESSIONS_7D", "PAGES_VIEWED_30D"),
    counts("TICKETS_7D", "OPEN_TICKETS", "LOW_RATINGS_90D"),
    between("TENURE_DAYS", low=0),
    between("DAYS_SINCE_LAST_ORDER", low=0),
    between("DAYS_SINCE_LAST_SESSION", low=0),
    has_all_of("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    always(
        "No event that is counted happened at AS_OF or later",
        "EVENT_TS IS NULL OR EVENT_TS < AS_OF",
        column="EVENT_TS",
    ),
    always(
        "No event that is counted was known at AS_OF or later only",
        "AVAILABLE_TS IS NULL OR AVAILABLE_TS < AS_OF",
        column="AVAILABLE_TS",
    ),
    always(
        "A shorter window counts no more than a longer one, and a part no more than its whole",
        "ORDERS_7D <= ORDERS_30D AND ORDERS_30D <= ORDERS_90D AND CANCELLED_ORDERS_90D <= ORDERS_90D "
        "AND SESSIONS_7D <= SESSIONS_30D AND SESSIONS_30D <= SESSIONS_90D "
        "AND TICKETS_7D <= TICKETS_30D AND TICKETS_30D <= TICKETS_90D AND LOW_RATINGS_90D <= TICKETS_90D",
    ),
    always(
        "SESSION_TREND is the last 30 days less half of the 60 before",
        "SESSION_TREND = SESSIONS_30D - (SESSIONS_90D - SESSIONS_30D) / 2",
        column="SESSION_TREND",
    ),
)
