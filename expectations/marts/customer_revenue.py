"""A customer's revenue is what the order facts of that customer add up to."""

from expectations.rules import always, counts, failing, has_all_of, one_of, refers_to, suite
from expectations.vocabulary import CURRENCIES

ORDERS_ADD_UP_TO_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT
        CUSTOMER_ID AS ID,
        CURRENCY_CODE AS A_CURRENCY,
        COUNT(*) AS FACTS,
        SUM(IFF(STATUS = 'cancelled', 0, TOTAL_AMOUNT)) AS FACTS_ORDERED,
        SUM(IFF(STATUS IN ('paid', 'shipped'), TOTAL_AMOUNT, 0)) AS FACTS_REVENUE,
        SUM(OUTSTANDING_AMOUNT) AS FACTS_OUTSTANDING
    FROM MARTS.ORDER_FACTS
    GROUP BY CUSTOMER_ID, CURRENCY_CODE
) AS facts ON facts.ID = checked.CUSTOMER_ID AND facts.A_CURRENCY = checked.CURRENCY_CODE
WHERE
    ORDERS <> COALESCE(FACTS, 0)
    OR ORDERED_AMOUNT <> COALESCE(FACTS_ORDERED, 0)
    OR REVENUE_AMOUNT <> COALESCE(FACTS_REVENUE, 0)
    OR OUTSTANDING_AMOUNT <> COALESCE(FACTS_OUTSTANDING, 0)
"""

SUITE = suite(
    ("CUSTOMER_ID", "CURRENCY_CODE"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    counts("CANCELLED_ORDERS", "ORDERED_AMOUNT", "REVENUE_AMOUNT", "CAPTURED_AMOUNT", "REFUNDED_AMOUNT"),
    counts("RECEIVABLE_AMOUNT", "OVERPAID_AMOUNT"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID", severity="warning"),  # not read by the model
    has_all_of("MARTS.ORDER_FACTS", "CUSTOMER_ID", "CURRENCY_CODE"),
    failing(
        "Orders and revenue are what ORDER_FACTS adds up to",
        ORDERS_ADD_UP_TO_SOMETHING_ELSE,
        column="REVENUE_AMOUNT",
    ),
    always("At least one order was placed in each currency", "ORDERS >= 1", column="ORDERS"),
    always(
        "Cancelled and unpaid orders are orders, and none is both",
        "CANCELLED_ORDERS + UNPAID_ORDERS <= ORDERS",
    ),
    always("Revenue is no more than what was ordered", "REVENUE_AMOUNT <= ORDERED_AMOUNT"),
    always(
        "What was ordered and has not arrived is owed, what arrived beyond it was paid too much",
        "ORDERED_AMOUNT - CAPTURED_AMOUNT = RECEIVABLE_AMOUNT - OVERPAID_AMOUNT",
        column="RECEIVABLE_AMOUNT",
    ),
    always(
        "Customers pay no more than they owe",
        "OVERPAID_AMOUNT = 0",
        severity="warning",
        column="OVERPAID_AMOUNT",
    ),
)
