"""Work of the staff, cleaned."""

from expectations.rules import always, one_of, suite
from expectations.vocabulary import ACTIVITY_STATUSES, ACTIVITY_TYPES

SUITE = suite(
    "ACTIVITY_ID",
    one_of("ACTIVITY_TYPE", *ACTIVITY_TYPES),
    one_of("STATUS", *ACTIVITY_STATUSES),
    always(
        "What is completed or cancelled, and nothing else, has an end date",
        "(STATUS IN ('completed', 'cancelled')) = (END_DATE IS NOT NULL)",
        column="END_DATE",
    ),
    always(
        "No activity ends before the day it starts",
        "END_DATE IS NULL OR END_DATE >= STARTED_ON",
        column="END_DATE",
    ),
)
