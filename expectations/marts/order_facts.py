"""Order facts agree with the orders, their lines and their payments."""

from expectations.rules import (
    adds_up_to,
    always,
    computed,
    counts,
    failing,
    has_all_of,
    one_of,
    refers_to,
    same_as,
    suite,
)
from expectations.vocabulary import CURRENCIES, ORDER_STATUSES

LINES_WITHOUT_ORDER = """
SELECT {keys}
FROM (SELECT DISTINCT ORDER_ID FROM STAGING.STG_ORDER_LINES) AS lines
WHERE NOT EXISTS (SELECT 1 FROM checked WHERE checked.ORDER_ID = lines.ORDER_ID)
"""

COMMITS = """(
    SELECT ORDER_ID, COMMITTED_AT FROM STAGING.STG_ORDERS
    UNION ALL
    SELECT ORDER_ID, COMMITTED_AT FROM STAGING.STG_ORDER_LINES
    UNION ALL
    SELECT ORDER_ID, COMMITTED_AT FROM STAGING.STG_PAYMENTS
) AS COMMITS"""

SUITE = suite(
    "ORDER_ID",
    one_of("STATUS", *ORDER_STATUSES),
    one_of("CURRENCY_CODE", *CURRENCIES),
    counts("LINE_COUNT", "PAYMENT_ATTEMPTS", "FAILED_PAYMENTS", "TOTAL_AMOUNT", "CAPTURED_AMOUNT"),
    has_all_of("STAGING.STG_ORDERS", "ORDER_ID"),
    refers_to("STAGING.STG_ORDERS", "ORDER_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    failing("Every order line belongs to an order", LINES_WITHOUT_ORDER),
    always(
        "The total of an order is the sum of its lines, and there is at least one",
        "LINE_COUNT > 0 AND TOTAL_AMOUNT = LINES_AMOUNT",
        column="TOTAL_AMOUNT",
    ),
    always(
        "No order is paid before it is placed",  # to the second: the provider rounds its times
        "FIRST_CAPTURED_AT IS NULL OR FIRST_CAPTURED_AT >= DATEADD(second, -1, PLACED_AT)",
        severity="warning",
        column="FIRST_CAPTURED_AT",
    ),
    always(
        "Paid and shipped orders are paid in full, cancelled ones not at all, placed ones not yet",
        "PAYMENTS_FIT_STATUS",
        severity="warning",
        column="CAPTURED_AMOUNT",
    ),
    same_as(
        "STAGING.STG_ORDERS",
        "ORDER_ID",
        *("CUSTOMER_ID", "STATUS", "IS_CANCELLED", "CURRENCY_CODE", "PLACED_AT", "PLACED_ON", "SHIPPED_AT"),
        "TOTAL_AMOUNT",
    ),
    adds_up_to(
        "STAGING.STG_ORDER_LINES",
        "ORDER_ID",
        totals={
            "LINE_COUNT": "COUNT(*)",
            "ITEM_COUNT": "SUM(QUANTITY)",
            "LINES_AMOUNT": "SUM(LINE_AMOUNT)",
            "DISCOUNT_AMOUNT": "SUM(DISCOUNT_AMOUNT)",
        },
    ),
    adds_up_to(
        "STAGING.STG_PAYMENTS",
        "ORDER_ID",
        totals={
            "PAYMENT_ATTEMPTS": "COUNT(*)",
            "FAILED_PAYMENTS": "COUNT_IF(STATUS = 'failed')",
            "CAPTURED_AMOUNT": "SUM(IFF(STATUS = 'captured', AMOUNT, 0))",
            "REFUNDED_AMOUNT": "SUM(IFF(STATUS = 'refunded', AMOUNT, 0))",
        },
        others={"FIRST_CAPTURED_AT": "MIN(IFF(STATUS = 'captured', PAID_AT, NULL))"},
    ),
    adds_up_to(
        COMMITS,
        "ORDER_ID",
        totals={},
        others={"COMMITTED_AT": "MAX(COMMITTED_AT)"},
    ),
    computed("LINES_DIFFERENCE", "TOTAL_AMOUNT - LINES_AMOUNT"),
    computed("ORDER_TOTAL_MATCHES_LINES", "LINE_COUNT > 0 AND LINES_AMOUNT = TOTAL_AMOUNT"),
    computed("OUTSTANDING_AMOUNT", "IFF(IS_CANCELLED, 0, TOTAL_AMOUNT - CAPTURED_AMOUNT)"),
    computed("CUSTOMER_EXISTS", "TRUE"),
    computed(
        "PAYMENTS_FIT_STATUS",
        "CASE WHEN STATUS IN ('paid', 'shipped') THEN CAPTURED_AMOUNT = TOTAL_AMOUNT "
        "WHEN STATUS = 'placed' THEN CAPTURED_AMOUNT = 0 OR CAPTURED_AMOUNT < TOTAL_AMOUNT "
        "ELSE STATUS = 'cancelled' AND CAPTURED_AMOUNT = 0 END",
        "whether what is captured fits the status",
    ),
)
