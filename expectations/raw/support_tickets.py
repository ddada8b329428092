"""Questions of the customers as the portal writes them."""

from expectations.rules import (
    LIVE_ROWS,
    as_its_log_says,
    as_the_source_was,
    changes_with_the_source,
    mirror,
    never_null,
    refers_to,
)

SUITE = mirror(
    "TICKET_ID",
    never_null("CUSTOMER_ID", "SUBJECT", "BODY", "PRIORITY", "STATUS", "OPENED_AT"),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
    as_its_log_says(
        "SUPPORT_TICKETS",
        "TICKET_ID",
        "CUSTOMER_ID",
        "SUBJECT",
        "PRIORITY",
        "STATUS",
        "SATISFACTION",
        "OPENED_AT",
        "CLOSED_AT",
        large=("BODY",),
    ),
    as_the_source_was("SUPPORT_TICKETS"),
    changes_with_the_source(days=4),
)
