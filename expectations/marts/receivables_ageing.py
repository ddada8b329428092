"""What is owed lies in exactly one bucket of age."""

from expectations.rules import always, counts, failing, has_all_of, one_of, same_in_all_rows, suite
from expectations.vocabulary import CURRENCIES

RECEIVABLE_IS_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT
        CUSTOMER_ID AS ID,
        CURRENCY_CODE AS A_CURRENCY,
        COUNT(*) AS FACTS,
        SUM(OUTSTANDING_AMOUNT) AS FACTS_OUTSTANDING
    FROM MARTS.ORDER_FACTS
    WHERE OUTSTANDING_AMOUNT > 0
    GROUP BY CUSTOMER_ID, CURRENCY_CODE
) AS facts ON facts.ID = checked.CUSTOMER_ID AND facts.A_CURRENCY = checked.CURRENCY_CODE
WHERE UNPAID_ORDERS <> COALESCE(FACTS, 0) OR RECEIVABLE_AMOUNT <> COALESCE(FACTS_OUTSTANDING, 0)
"""

SUITE = suite(
    ("CUSTOMER_ID", "CURRENCY_CODE"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    counts("DUE_0_TO_30_DAYS", "DUE_31_TO_60_DAYS", "DUE_61_TO_90_DAYS", "DUE_OVER_90_DAYS"),
    has_all_of("MARTS.ORDER_FACTS", "CUSTOMER_ID", "CURRENCY_CODE", among="OUTSTANDING_AMOUNT > 0"),
    same_in_all_rows("AS_OF"),
    failing(
        "What is owed is what ORDER_FACTS has as outstanding",
        RECEIVABLE_IS_SOMETHING_ELSE,
        column="RECEIVABLE_AMOUNT",
    ),
    always(
        "The buckets add up to what is owed",
        "DUE_0_TO_30_DAYS + DUE_31_TO_60_DAYS + DUE_61_TO_90_DAYS + DUE_OVER_90_DAYS = RECEIVABLE_AMOUNT",
        column="RECEIVABLE_AMOUNT",
    ),
    always(
        "The oldest order lies in the oldest bucket that has anything",
        "(OLDEST_DAYS > 90) = (DUE_OVER_90_DAYS > 0)",
        column="OLDEST_DAYS",
    ),
    empty="info",
)
