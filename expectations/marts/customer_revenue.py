"""A customer's revenue is what the order facts of that customer add up to."""

from expectations.rules import (
    adds_up_to,
    always,
    counts,
    has_all_of,
    one_of,
    refers_to,
    suite,
    totals_are_those_of,
)
from expectations.vocabulary import CURRENCIES

SUITE = suite(
    ("CUSTOMER_ID", "CURRENCY_CODE"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    counts("CANCELLED_ORDERS", "ORDERED_AMOUNT", "REVENUE_AMOUNT", "CAPTURED_AMOUNT", "REFUNDED_AMOUNT"),
    counts("RECEIVABLE_AMOUNT", "OVERPAID_AMOUNT"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID", severity="warning"),  # not read by the model
    has_all_of("MARTS.ORDER_FACTS", "CUSTOMER_ID", "CURRENCY_CODE"),
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
    adds_up_to(
        "MARTS.ORDER_FACTS",
        ("CUSTOMER_ID", "CURRENCY_CODE"),
        totals={
            "ORDERS": "COUNT(*)",
            "CANCELLED_ORDERS": "COUNT_IF(IS_CANCELLED)",
            "UNPAID_ORDERS": "COUNT_IF(OUTSTANDING_AMOUNT > 0)",
            "ORDERED_AMOUNT": "SUM(IFF(IS_CANCELLED, 0, TOTAL_AMOUNT))",
            "REVENUE_AMOUNT": "SUM(IFF(STATUS IN ('paid', 'shipped'), TOTAL_AMOUNT, 0))",
            "CAPTURED_AMOUNT": "SUM(CAPTURED_AMOUNT)",
            "REFUNDED_AMOUNT": "SUM(REFUNDED_AMOUNT)",
            "OUTSTANDING_AMOUNT": "SUM(OUTSTANDING_AMOUNT)",
            "RECEIVABLE_AMOUNT": "SUM(GREATEST(OUTSTANDING_AMOUNT, 0))",
        },
        others={
            "FIRST_ORDER_AT": "MIN(IFF(IS_CANCELLED, NULL, PLACED_AT))",
            "LAST_ORDER_AT": "MAX(IFF(IS_CANCELLED, NULL, PLACED_AT))",
        },
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
