"""Support tickets, cleaned."""

from expectations.rules import (
    always,
    between,
    computed,
    keeps_up_with,
    one_of,
    rows_of_mirror,
    suite,
    volume_is_usual,
)
from expectations.vocabulary import TICKET_STATUSES

SUITE = suite(
    "TICKET_ID",
    one_of("STATUS", *TICKET_STATUSES),
    between("PRIORITY", 1, 4),
    between("SATISFACTION", 1, 5, severity="warning"),
    always("Closed tickets, and no others, have a time of closing", "IS_CLOSED = (CLOSED_AT IS NOT NULL)"),
    always("No ticket is closed before it is opened", "CLOSED_AT IS NULL OR CLOSED_AT >= OPENED_AT"),
    always("Only closed tickets are rated", "SATISFACTION IS NULL OR IS_CLOSED", severity="warning"),
    always(
        "Subject and body are not blank",
        "LENGTH(TRIM(SUBJECT)) > 0 AND LENGTH(TRIM(BODY)) > 0",
        severity="warning",
    ),
    rows_of_mirror(
        "RAW.SUPPORT_TICKETS",
        "TICKET_ID",
        "CUSTOMER_ID",
        "BODY",
        "PRIORITY",
        "OPENED_AT",
        "CLOSED_AT",
        columns={
            "SUBJECT": "TRIM(SUBJECT)",
            "STATUS": "TRIM(STATUS)",
            "SATISFACTION": "SATISFACTION::NUMBER(9,2)",
        },
    ),
    computed("IS_CLOSED", "STATUS = 'closed'"),
    computed("OPENED_ON", "TO_DATE(OPENED_AT)"),
    computed("CLOSED_ON", "TO_DATE(CLOSED_AT)"),
    computed("HOURS_TO_CLOSE", "(DATEDIFF(second, OPENED_AT, CLOSED_AT) / 3600)::NUMBER(12,2)"),
    keeps_up_with("RAW.SUPPORT_TICKETS"),
    volume_is_usual("OPENED_AT"),
)
