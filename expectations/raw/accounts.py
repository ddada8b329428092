"""Accounts as the back office writes them."""

from expectations.rules import (
    LIVE_ROWS,
    as_its_log_says,
    as_the_source_was,
    changes_with_the_source,
    matches,
    mirror,
    never_null,
    refers_to,
)
from expectations.vocabulary import ACCOUNT_NUMBER

SUITE = mirror(
    "ACCOUNT_NUMBER",
    never_null("CUSTOMER_ID", "ACCOUNT_TYPE", "STATUS", "BALANCE", "OPENED_ON", "UPDATED_AT"),
    matches("ACCOUNT_NUMBER", ACCOUNT_NUMBER, "is AC- or SC- and ten digits"),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
    as_its_log_says(
        "ACCOUNTS",
        "ACCOUNT_NUMBER",
        "CUSTOMER_ID",
        "ACCOUNT_TYPE",
        "STATUS",
        "BALANCE",
        "OPENED_ON",
        "CLOSED_ON",
        "UPDATED_AT",
    ),
    as_the_source_was("ACCOUNTS"),
    changes_with_the_source(days=14),
)
