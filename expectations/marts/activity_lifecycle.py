"""Each activity once, at the stage that its status and dates give."""

from expectations.rules import (
    always,
    between,
    has_all_of,
    one_of,
    refers_to,
    same_in_all_rows,
    suite,
)
from expectations.vocabulary import ACTIVITY_STATUSES, ACTIVITY_TYPES

SUITE = suite(
    "ACTIVITY_ID",
    one_of("ACTIVITY_TYPE", *ACTIVITY_TYPES),
    one_of("STATUS", *ACTIVITY_STATUSES),
    one_of("STAGE", "upcoming", "not begun", "running", "ended"),
    between("DURATION_DAYS", low=0),
    same_in_all_rows("AS_OF"),
    has_all_of("STAGING.STG_ACTIVITIES", "ACTIVITY_ID"),
    refers_to("STAGING.STG_ACTIVITIES", "ACTIVITY_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID", severity="warning"),  # not read by the model
    always(
        "What is completed or cancelled, and nothing else, has ended and has a duration",
        "(STATUS IN ('completed', 'cancelled')) = (STAGE = 'ended') "
        "AND (STAGE = 'ended') = (DURATION_DAYS IS NOT NULL)",
        column="STAGE",
    ),
    always("Every end date fits status and start", "IS_END_DATED_WELL", column="END_DATE"),
    always(
        "The account of an activity is one of its customer",
        "ACCOUNT_IS_THE_CUSTOMERS",
        severity="warning",
        column="ACCOUNT_NUMBER",
    ),
)
