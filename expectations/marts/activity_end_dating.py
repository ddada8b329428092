"""Each activity once, judged by its dates."""

from expectations.rules import (
    always,
    counts,
    has_all_of,
    one_of,
    refers_to,
    suite,
)
from expectations.vocabulary import ACTIVITY_STATUSES, ACTIVITY_TYPES

SUITE = suite(
    "ACTIVITY_ID",
    one_of("ACTIVITY_TYPE", *ACTIVITY_TYPES),
    one_of("STATUS", *ACTIVITY_STATUSES),
    counts("END_DATE_CORRECTIONS", "TIMES_REOPENED"),
    has_all_of("STAGING.STG_ACTIVITIES", "ACTIVITY_ID"),
    refers_to("STAGING.STG_ACTIVITIES", "ACTIVITY_ID"),
    always(
        "An end date was set after the fact or it was not, and only if there is one",
        "IS_END_DATED_LATE = COALESCE(DAYS_END_DATED_LATE > 0, FALSE) "
        "AND (END_DATE IS NOT NULL OR END_DATED_AT IS NULL)",
        column="END_DATED_AT",
    ),
    always(
        "What was reopened, and nothing else, has a time of that",
        "(TIMES_REOPENED > 0) = (REOPENED_AT IS NOT NULL)",
        column="REOPENED_AT",
    ),
    always("No activity ends before the day it starts", "NOT ENDS_BEFORE_START", "warning", "END_DATE"),
    always("What has ended has an end date", "NOT LACKS_END_DATE", "warning", "END_DATE"),
    always("What has an end date has ended", "NOT IS_OPEN_THOUGH_END_DATED", "warning", "END_DATE"),
)
