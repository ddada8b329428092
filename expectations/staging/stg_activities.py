"""Work of the staff, cleaned."""

from expectations.rules import (
    always,
    computed,
    keeps_up_with,
    one_of,
    rows_of_mirror,
    suite,
)
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
    rows_of_mirror(
        "RAW.ACTIVITIES",
        "ACTIVITY_ID",
        "CUSTOMER_ID",
        "STARTED_AT",
        "END_DATE",
        columns={
            "ACCOUNT_NUMBER": "NULLIF(UPPER(TRIM(ACCOUNT_NUMBER)), '')",
            "ACTIVITY_TYPE": "TRIM(ACTIVITY_TYPE)",
            "STATUS": "TRIM(STATUS)",
            "OWNER": "NULLIF(TRIM(OWNER), '')",
            "DETAILS": "NULLIF(TRIM(DETAILS), '')",
        },
    ),
    computed("HAS_ENDED", "STATUS IN ('completed', 'cancelled')"),
    computed("STARTED_ON", "TO_DATE(STARTED_AT)"),
    keeps_up_with("RAW.ACTIVITIES"),
)
