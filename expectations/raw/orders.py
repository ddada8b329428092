"""Orders as the portal and the back office write them."""

from expectations.rules import (
    LIVE_ROWS,
    as_its_log_says,
    as_the_source_was,
    changes_with_the_source,
    mirror,
    never_null,
    one_of,
    refers_to,
)
from expectations.vocabulary import CURRENCIES

SUITE = mirror(
    "ORDER_ID",
    never_null("CUSTOMER_ID", "STATUS", "CURRENCY_CODE", "TOTAL_AMOUNT", "PLACED_AT", "UPDATED_AT"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
    as_its_log_says(
        "ORDERS",
        "ORDER_ID",
        "CUSTOMER_ID",
        "STATUS",
        "CURRENCY_CODE",
        "TOTAL_AMOUNT",
        "PLACED_AT",
        "SHIPPED_AT",
        "UPDATED_AT",
    ),
    as_the_source_was("ORDERS"),
    changes_with_the_source(days=4),
)
