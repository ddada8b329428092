"""Accounts as the back office writes them."""

from expectations.rules import LIVE_ROWS, matches, mirror, never_null, refers_to
from expectations.vocabulary import ACCOUNT_NUMBER

SUITE = mirror(
    "ACCOUNT_NUMBER",
    never_null("CUSTOMER_ID", "ACCOUNT_TYPE", "STATUS", "BALANCE", "OPENED_ON", "UPDATED_AT"),
    matches("ACCOUNT_NUMBER", ACCOUNT_NUMBER, "is AC- or SC- and ten digits"),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
)
