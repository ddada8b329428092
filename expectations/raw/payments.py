"""Attempts to pay as the payment provider reports them."""

from expectations.rules import (
    LIVE_ROWS,
    as_its_log_says,
    as_the_source_was,
    changes_with_the_source,
    matches,
    mirror,
    never_null,
    one_of,
    refers_to,
)
from expectations.vocabulary import CURRENCIES, GUID

SUITE = mirror(
    "PAYMENT_ID",
    never_null("ORDER_ID", "METHOD", "STATUS", "AMOUNT", "CURRENCY_CODE", "PAID_AT"),
    matches("PAYMENT_ID", GUID, "is a GUID in upper case"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    refers_to("RAW.ORDERS", "ORDER_ID", "CURRENCY_CODE", among=LIVE_ROWS, severity="warning"),
    as_its_log_says(
        "PAYMENTS",
        "PAYMENT_ID",
        "ORDER_ID",
        "METHOD",
        "STATUS",
        "AMOUNT",
        "CURRENCY_CODE",
        "PAID_AT",
        "PROVIDER_REF",
    ),
    as_the_source_was("PAYMENTS"),
    changes_with_the_source(days=4),
)
