"""Visits to the portal as it writes them."""

from expectations.rules import (
    LIVE_ROWS,
    always,
    as_its_log_says,
    as_the_source_was,
    changes_with_the_source,
    mirror,
    never_null,
    refers_to,
)

SUITE = mirror(
    "SESSION_ID",
    never_null("CUSTOMER_ID", "STARTED_AT", "PAGES_VIEWED", "LANDING_PAGE"),
    always(
        "IP_ADDRESS has 4 or 16 bytes",
        "IP_ADDRESS IS NULL OR LENGTH(IP_ADDRESS) IN (4, 16)",
        column="IP_ADDRESS",
    ),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
    as_its_log_says(
        "PORTAL_SESSIONS",
        "SESSION_ID",
        "CUSTOMER_ID",
        "STARTED_AT",
        "ENDED_AT",
        "PAGES_VIEWED",
        "LONGEST_VIEW",
        "LANDING_PAGE",
        "USER_AGENT",
        "IP_ADDRESS",
    ),
    as_the_source_was("PORTAL_SESSIONS"),
    changes_with_the_source(days=4),
)
