"""Orders, cleaned."""

from expectations.rules import (
    always,
    between,
    computed,
    keeps_up_with,
    mean_is_usual,
    one_of,
    rows_of_mirror,
    suite,
    volume_is_usual,
)
from expectations.vocabulary import CURRENCIES, ORDER_STATUSES

SUITE = suite(
    "ORDER_ID",
    one_of("STATUS", *ORDER_STATUSES),
    one_of("CURRENCY_CODE", *CURRENCIES),
    between("TOTAL_AMOUNT", low=0),
    always(
        "Shipped orders, and no others, have a time of shipping",
        "(STATUS = 'shipped') = (SHIPPED_AT IS NOT NULL)",
        column="SHIPPED_AT",
    ),
    always(
        "No order is shipped before it is placed",  # to the minute: the source keeps no seconds of it
        "SHIPPED_AT IS NULL OR SHIPPED_AT >= DATEADD(minute, -1, PLACED_AT)",
        column="SHIPPED_AT",
    ),
    always("An order is placed before it is updated", "PLACED_AT <= UPDATED_AT", severity="warning"),
    rows_of_mirror(
        "RAW.ORDERS",
        "ORDER_ID",
        "CUSTOMER_ID",
        "TOTAL_AMOUNT",
        "PLACED_AT",
        "SHIPPED_AT",
        columns={
            "STATUS": "TRIM(STATUS)",
            "CURRENCY_CODE": "UPPER(TRIM(CURRENCY_CODE))",
        },
        times=("UPDATED_AT",),
    ),
    computed("IS_CANCELLED", "STATUS = 'cancelled'"),
    computed("PLACED_ON", "TO_DATE(PLACED_AT)"),
    keeps_up_with("RAW.ORDERS"),
    volume_is_usual("PLACED_AT"),
    mean_is_usual("TOTAL_AMOUNT", "PLACED_AT", "order totals"),
)
