"""What is owed lies in exactly one bucket of age."""

from expectations.rules import (
    adds_up_to,
    always,
    as_of_the_newest_commit,
    at_as_of,
    computed,
    counts,
    has_all_of,
    one_of,
    same_in_all_rows,
    suite,
)
from expectations.vocabulary import CURRENCIES

AGE = "DATEDIFF(day, PLACED_ON, NOW)"

SUITE = suite(
    ("CUSTOMER_ID", "CURRENCY_CODE"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    counts("DUE_0_TO_30_DAYS", "DUE_31_TO_60_DAYS", "DUE_61_TO_90_DAYS", "DUE_OVER_90_DAYS"),
    has_all_of("MARTS.ORDER_FACTS", "CUSTOMER_ID", "CURRENCY_CODE", among="OUTSTANDING_AMOUNT > 0"),
    same_in_all_rows("AS_OF"),
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
    adds_up_to(
        at_as_of("MARTS.ORDER_FACTS"),
        ("CUSTOMER_ID", "CURRENCY_CODE"),
        totals={
            "UNPAID_ORDERS": "COUNT(*)",
            "RECEIVABLE_AMOUNT": "SUM(OUTSTANDING_AMOUNT)",
            "DUE_0_TO_30_DAYS": f"SUM(IFF({AGE} <= 30, OUTSTANDING_AMOUNT, 0))",
            "DUE_31_TO_60_DAYS": f"SUM(IFF({AGE} BETWEEN 31 AND 60, OUTSTANDING_AMOUNT, 0))",
            "DUE_61_TO_90_DAYS": f"SUM(IFF({AGE} BETWEEN 61 AND 90, OUTSTANDING_AMOUNT, 0))",
            "DUE_OVER_90_DAYS": f"SUM(IFF({AGE} > 90, OUTSTANDING_AMOUNT, 0))",
        },
        others={"OLDEST_PLACED_ON": "MIN(PLACED_ON)"},
        among="OUTSTANDING_AMOUNT > 0",
    ),
    computed("OLDEST_DAYS", "DATEDIFF(day, OLDEST_PLACED_ON, AS_OF)"),
    as_of_the_newest_commit("MARTS.ORDER_FACTS"),
    empty="info",
)
