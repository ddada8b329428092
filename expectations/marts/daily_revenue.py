"""Daily revenue is what the order facts of the day add up to."""

from expectations.rules import (
    adds_up_to,
    always,
    computed,
    counts,
    has_all_of,
    one_of,
    suite,
    totals_are_those_of,
)
from expectations.vocabulary import CURRENCIES

SUITE = suite(
    ("PLACED_ON", "CURRENCY_CODE"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    counts("CANCELLED_ORDERS", "ORDERED_AMOUNT", "REVENUE_AMOUNT", "CAPTURED_AMOUNT", "REFUNDED_AMOUNT"),
    has_all_of("MARTS.ORDER_FACTS", "PLACED_ON", "CURRENCY_CODE"),
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
    adds_up_to(
        "MARTS.ORDER_FACTS",
        ("PLACED_ON", "CURRENCY_CODE"),
        totals={
            "ORDERS": "COUNT(*)",
            "CANCELLED_ORDERS": "COUNT_IF(IS_CANCELLED)",
            "CUSTOMERS": "COUNT(DISTINCT CUSTOMER_ID)",
            "ORDERED_AMOUNT": "SUM(IFF(IS_CANCELLED, 0, TOTAL_AMOUNT))",
            "REVENUE_AMOUNT": "SUM(IFF(STATUS IN ('paid', 'shipped'), TOTAL_AMOUNT, 0))",
            "CAPTURED_AMOUNT": "SUM(CAPTURED_AMOUNT)",
            "REFUNDED_AMOUNT": "SUM(REFUNDED_AMOUNT)",
            "OUTSTANDING_AMOUNT": "SUM(OUTSTANDING_AMOUNT)",
        },
    ),
    computed(
        "AVERAGE_ORDER_AMOUNT",
        "(ORDERED_AMOUNT / NULLIF(ORDERS - CANCELLED_ORDERS, 0))::NUMBER(19,4)",
    ),
    totals_are_those_of(
        "STAGING.STG_ORDERS",
        {
            "ORDERS": "COUNT(*)",
            "ORDERED_AMOUNT": "SUM(IFF(STATUS = 'cancelled', 0, TOTAL_AMOUNT))",
        },
        by="CURRENCY_CODE",
        severity="warning",  # not read by the model
    ),
)
