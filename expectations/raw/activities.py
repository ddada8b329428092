"""Work of the staff as the back office writes it."""

from expectations.rules import LIVE_ROWS, matches, mirror, never_null, refers_to
from expectations.vocabulary import ACCOUNT_NUMBER

SUITE = mirror(
    "ACTIVITY_ID",
    never_null("CUSTOMER_ID", "ACTIVITY_TYPE", "STATUS", "STARTED_AT"),
    matches("ACCOUNT_NUMBER", ACCOUNT_NUMBER, "is AC- or SC- and ten digits"),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
    refers_to("RAW.ACCOUNTS", "ACCOUNT_NUMBER", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
)
