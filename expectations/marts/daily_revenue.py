"""Daily revenue is what the order facts of the day add up to."""

from expectations.rules import always, counts, failing, has_all_of, one_of, suite
from expectations.vocabulary import CURRENCIES

ORDERS_ADD_UP_TO_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT
        PLACED_ON AS A_DAY,
        CURRENCY_CODE AS A_CURRENCY,
        COUNT(*) AS FACTS,
        SUM(IFF(STATUS IN ('paid', 'shipped'), TOTAL_AMOUNT, 0)) AS FACTS_REVENUE,
        SUM(IFF(STATUS = 'cancelled', 0, TOTAL_AMOUNT)) AS FACTS_ORDERED
    FROM MARTS.ORDER_FACTS
    GROUP BY PLACED_ON, CURRENCY_CODE
) AS facts ON facts.A_DAY = checked.PLACED_ON AND facts.A_CURRENCY = checked.CURRENCY_CODE
WHERE
    ORDERS <> COALESCE(FACTS, 0)
    OR REVENUE_AMOUNT <> COALESCE(FACTS_REVENUE, 0)
    OR ORDERED_AMOUNT <> COALESCE(FACTS_ORDERED, 0)
"""

SUITE = suite(
    ("PLACED_ON", "CURRENCY_CODE"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    counts("CANCELLED_ORDERS", "ORDERED_AMOUNT", "REVENUE_AMOUNT", "CAPTURED_AMOUNT", "REFUNDED_AMOUNT"),
    has_all_of("MARTS.ORDER_FACTS", "PLACED_ON", "CURRENCY_CODE"),
    failing(
        "Orders and revenue are what ORDER_FACTS adds up to",
        ORDERS_ADD_UP_TO_SOMETHING_ELSE,
        column="REVENUE_AMOUNT",
    ),
    always("At least one order was placed on each day", "ORDERS >= 1", column="ORDERS"),
    always(
        "There are no more customers or cancelled orders than orders",
        "CUSTOMERS <= ORDERS AND CANCELLED_ORDERS <= ORDERS",
    ),
    always("Revenue is no more than what was ordered", "REVENUE_AMOUNT <= ORDERED_AMOUNT"),
    always(
        "What is outstanding is what was ordered and has not arrived",
        "OUTSTANDING_AMOUNT = ORDERED_AMOUNT - CAPTURED_AMOUNT",
        severity="warning",
        column="OUTSTANDING_AMOUNT",
    ),
)
