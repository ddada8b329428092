"""Order facts agree with the orders, their lines and their payments."""

from expectations.rules import (
    always,
    counts,
    failing,
    has_all_of,
    one_of,
    refers_to,
    suite,
)
from expectations.vocabulary import CURRENCIES, ORDER_STATUSES

LINES_WITHOUT_ORDER = """
SELECT {keys}
FROM (SELECT DISTINCT ORDER_ID FROM STAGING.STG_ORDER_LINES) AS lines
WHERE NOT EXISTS (SELECT 1 FROM checked WHERE checked.ORDER_ID = lines.ORDER_ID)
"""

LINES_ADD_UP_TO_ANOTHER_AMOUNT = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT ORDER_ID AS ID, COUNT(*) AS STAGED_LINES, SUM(LINE_AMOUNT) AS STAGED_AMOUNT
    FROM STAGING.STG_ORDER_LINES
    GROUP BY ORDER_ID
) AS lines ON lines.ID = checked.ORDER_ID
WHERE LINE_COUNT <> COALESCE(STAGED_LINES, 0) OR LINES_AMOUNT <> COALESCE(STAGED_AMOUNT, 0)
"""

PAYMENTS_ADD_UP_TO_ANOTHER_AMOUNT = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT
        ORDER_ID AS ID,
        SUM(IFF(STATUS = 'captured', AMOUNT, 0)) AS STAGED_CAPTURED,
        SUM(IFF(STATUS = 'refunded', AMOUNT, 0)) AS STAGED_REFUNDED
    FROM STAGING.STG_PAYMENTS
    GROUP BY ORDER_ID
) AS payments ON payments.ID = checked.ORDER_ID
WHERE CAPTURED_AMOUNT <> COALESCE(STAGED_CAPTURED, 0) OR REFUNDED_AMOUNT <> COALESCE(STAGED_REFUNDED, 0)
"""

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
    failing(
        "Lines add up to what STG_ORDER_LINES has", LINES_ADD_UP_TO_ANOTHER_AMOUNT, column="LINES_AMOUNT"
    ),
    failing(
        "Payments add up to what STG_PAYMENTS has",
        PAYMENTS_ADD_UP_TO_ANOTHER_AMOUNT,
        column="CAPTURED_AMOUNT",
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
)
