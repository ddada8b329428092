"""Each attempt to pay once, numbered on its order."""

from expectations.rules import (
    always,
    between,
    failing,
    has_all_of,
    one_of,
    refers_to,
    suite,
)
from expectations.vocabulary import CURRENCIES, PAYMENT_METHODS, PAYMENT_STATUSES

ATTEMPTS_ARE_NOT_COUNTED_THROUGH = """
SELECT {keys}
FROM checked
QUALIFY ATTEMPT <> ROW_NUMBER() OVER (PARTITION BY ORDER_ID ORDER BY PAID_AT, PAYMENT_ID)
"""

SUITE = suite(
    "PAYMENT_ID",
    one_of("METHOD", *PAYMENT_METHODS),
    one_of("STATUS", *PAYMENT_STATUSES),
    one_of("CURRENCY_CODE", *CURRENCIES),
    has_all_of("STAGING.STG_PAYMENTS", "PAYMENT_ID"),
    refers_to("STAGING.STG_PAYMENTS", "PAYMENT_ID"),
    refers_to("STAGING.STG_ORDERS", "ORDER_ID", severity="warning"),
    failing("Attempts are numbered from 1 in the order of time", ATTEMPTS_ARE_NOT_COUNTED_THROUGH),
    always("The first attempt follows no failure", "ATTEMPT > 1 OR NOT FOLLOWS_A_FAILURE"),
    always(
        "A payment has its order's currency",
        "CURRENCY_IS_THE_ORDERS",
        severity="warning",
        column="CURRENCY_CODE",
    ),
    between("HOURS_SINCE_ORDER", low=0, severity="warning"),
)
