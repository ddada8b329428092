"""Each activity once, judged by its dates."""

from expectations.rules import (
    adds_up_to,
    always,
    computed,
    counts,
    failing,
    has_all_of,
    one_of,
    refers_to,
    same_as,
    suite,
)
from expectations.vocabulary import ACTIVITY_STATUSES, ACTIVITY_TYPES

ENDED = "STATUS IN ('completed', 'cancelled')"

ACCOUNT_IS_OTHERWISE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT ACTIVITY_ID AS ID, accounts.STATUS = 'closed' AS IS_ON_CLOSED_ACCOUNT
    FROM STAGING.STG_ACTIVITIES AS activities
    JOIN STAGING.STG_ACCOUNTS AS accounts ON accounts.ACCOUNT_NUMBER = activities.ACCOUNT_NUMBER
) AS staged ON staged.ID = checked.ACTIVITY_ID
WHERE IS_OPEN_ON_CLOSED_ACCOUNT
    IS DISTINCT FROM (STATUS NOT IN ('completed', 'cancelled') AND COALESCE(IS_ON_CLOSED_ACCOUNT, FALSE))
"""

CHANGES = """(
    SELECT
        *,
        LAG(VALID_FROM) OVER (PARTITION BY ACTIVITY_ID ORDER BY FROM_POSITION) AS BEGAN_BEFORE,
        LAG(STATUS) OVER (PARTITION BY ACTIVITY_ID ORDER BY FROM_POSITION) AS STATUS_BEFORE,
        LAG(END_DATE) OVER (PARTITION BY ACTIVITY_ID ORDER BY FROM_POSITION) AS END_BEFORE
    FROM STAGING.STG_ACTIVITY_HISTORY
    WHERE VALID_TO IS NULL OR VALID_FROM < VALID_TO
) AS STG_ACTIVITY_HISTORY"""

IS_REOPENING = "STATUS_BEFORE IN ('completed', 'cancelled') AND STATUS NOT IN ('completed', 'cancelled')"
IS_SET = "BEGAN_BEFORE IS NOT NULL AND END_DATE IS NOT NULL AND END_DATE IS DISTINCT FROM END_BEFORE"
IS_CORRECTED = "END_BEFORE IS NOT NULL AND END_DATE IS DISTINCT FROM END_BEFORE"

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
    same_as(
        "STAGING.STG_ACTIVITIES",
        "ACTIVITY_ID",
        *("CUSTOMER_ID", "ACTIVITY_TYPE", "STATUS", "STARTED_ON", "END_DATE"),
    ),
    computed("IS_OPEN_THOUGH_END_DATED", f"NOT {ENDED} AND END_DATE IS NOT NULL"),
    computed("LACKS_END_DATE", f"{ENDED} AND END_DATE IS NULL"),
    computed("ENDS_BEFORE_START", "COALESCE(END_DATE < STARTED_ON, FALSE)"),
    computed("SHOULD_HAVE_ENDED", "IS_OPEN_THOUGH_END_DATED OR IS_OPEN_ON_CLOSED_ACCOUNT"),
    computed("DAYS_END_DATED_LATE", "DATEDIFF(day, END_DATE, END_DATED_AT)"),
    failing("What is open on a closed account is so in STG_ACCOUNTS", ACCOUNT_IS_OTHERWISE),
    adds_up_to(
        CHANGES,
        "ACTIVITY_ID",
        totals={
            "END_DATE_CORRECTIONS": f"COUNT_IF({IS_CORRECTED})",
            "TIMES_REOPENED": f"COUNT_IF({IS_REOPENING})",
        },
        others={
            "REOPENED_AT": f"MAX(IFF({IS_REOPENING}, VALID_FROM, NULL))",
            "END_DATED_AT": "IFF(MAX_BY(END_DATE, FROM_POSITION) IS NULL, NULL, "
            f"MAX(IFF({IS_SET}, VALID_FROM, NULL)))",
        },
        severity="warning",  # the model has times of its own where the source's clock was set back
    ),
)
