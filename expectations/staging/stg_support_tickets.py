"""Support tickets, cleaned."""

from expectations.rules import always, between, one_of, suite
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
)
