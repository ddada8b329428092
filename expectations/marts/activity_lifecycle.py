"""Each activity once, at the stage that its status and dates give."""

from expectations.rules import (
    always,
    as_of_the_newest_commit,
    between,
    computed,
    failing,
    has_all_of,
    one_of,
    refers_to,
    same_as,
    same_in_all_rows,
    suite,
)
from expectations.vocabulary import ACTIVITY_STATUSES, ACTIVITY_TYPES

STAGE = (
    "CASE WHEN STATUS IN ('completed', 'cancelled') THEN 'ended' WHEN STATUS = 'open' THEN 'running' "
    "WHEN STARTED_AT < AS_OF THEN 'not begun' ELSE 'upcoming' END"
)

HOLDER_IS_ANOTHER = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT ACCOUNT_NUMBER AS HELD, CUSTOMER_ID AS HOLDER_ID FROM STAGING.STG_ACCOUNTS
) AS accounts ON accounts.HELD = checked.ACCOUNT_NUMBER
WHERE ACCOUNT_IS_THE_CUSTOMERS
    IS DISTINCT FROM (ACCOUNT_NUMBER IS NULL OR COALESCE(HOLDER_ID = CUSTOMER_ID, FALSE))
"""

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
    same_as(
        "STAGING.STG_ACTIVITIES",
        "ACTIVITY_ID",
        *("CUSTOMER_ID", "ACCOUNT_NUMBER", "ACTIVITY_TYPE", "OWNER", "STATUS", "STARTED_AT", "END_DATE"),
        "COMMITTED_AT",
    ),
    computed("STAGE", STAGE, "what status, start and AS_OF make it"),
    computed("DURATION_DAYS", "IFF(STAGE = 'ended', DATEDIFF(day, STARTED_AT, END_DATE), NULL)"),
    computed("RUNNING_DAYS", "IFF(STATUS = 'open', DATEDIFF(day, STARTED_AT, AS_OF), NULL)"),
    computed("IS_OVERDUE", "STAGE = 'not begun' OR COALESCE(RUNNING_DAYS > 30, FALSE)"),
    computed(
        "IS_END_DATED_WELL",
        "IFF(STAGE = 'ended', COALESCE(END_DATE >= TO_DATE(STARTED_AT), FALSE), END_DATE IS NULL)",
        "whether the end date fits status and start",
    ),
    failing("An account is the customer's exactly if STG_ACCOUNTS says so", HOLDER_IS_ANOTHER),
    as_of_the_newest_commit("STAGING.STG_ACTIVITIES", "STAGING.STG_ACCOUNTS"),
)
