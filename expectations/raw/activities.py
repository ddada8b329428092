"""Work of the staff as the back office writes it."""

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
    "ACTIVITY_ID",
    never_null("CUSTOMER_ID", "ACTIVITY_TYPE", "STATUS", "STARTED_AT"),
    matches("ACCOUNT_NUMBER", ACCOUNT_NUMBER, "is AC- or SC- and ten digits"),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
    refers_to("RAW.ACCOUNTS", "ACCOUNT_NUMBER", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
    as_its_log_says(
        "ACTIVITIES",
        "ACTIVITY_ID",
        "CUSTOMER_ID",
        "ACCOUNT_NUMBER",
        "ACTIVITY_TYPE",
        "STATUS",
        "STARTED_AT",
        "END_DATE",
        "OWNER",
        large=("DETAILS",),
    ),
    as_the_source_was("ACTIVITIES"),
    changes_with_the_source(days=14),
)
