"""Portal engagement counts every visit in the week that it began in."""

from expectations.rules import (
    adds_up_to,
    always,
    between,
    failing,
    refers_to,
    suite,
)

VISITS_MISSING = """
SELECT {keys}
FROM (
    SELECT DISTINCT CUSTOMER_ID, DATEADD(day, 1 - DAYOFWEEKISO(STARTED_ON), STARTED_ON) AS WEEK
    FROM STAGING.STG_PORTAL_SESSIONS
) AS staged
WHERE NOT EXISTS (
    SELECT 1 FROM checked WHERE checked.CUSTOMER_ID = staged.CUSTOMER_ID AND checked.WEEK = staged.WEEK
)
"""

SUITE = suite(
    ("CUSTOMER_ID", "WEEK"),
    between("SESSIONS", low=1),
    between("ACTIVE_DAYS", 1, 7),
    between("LANDING_PAGES", low=1),
    between("SECONDS", low=0),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID", severity="warning"),  # not read by the model
    failing("No visit of STG_PORTAL_SESSIONS is left out", VISITS_MISSING),
    always("A week begins on Monday", "DAYOFWEEKISO(WEEK) = 1", column="WEEK"),
    always(
        "There are no more running visits, active days or landing pages than visits",
        "RUNNING_SESSIONS <= SESSIONS AND ACTIVE_DAYS <= SESSIONS AND LANDING_PAGES <= SESSIONS",
    ),
    always(
        "Each visit began in its week, the first before the last",
        "FIRST_STARTED_AT >= WEEK AND FIRST_STARTED_AT <= LAST_STARTED_AT "
        "AND LAST_STARTED_AT < DATEADD(day, 7, WEEK)",
    ),
    adds_up_to(
        "STAGING.STG_PORTAL_SESSIONS",
        {"CUSTOMER_ID": "CUSTOMER_ID", "WEEK": "DATEADD(day, 1 - DAYOFWEEKISO(STARTED_ON), STARTED_ON)"},
        totals={
            "SESSIONS": "COUNT(*)",
            "RUNNING_SESSIONS": "COUNT_IF(ENDED_AT IS NULL)",
            "ACTIVE_DAYS": "COUNT(DISTINCT STARTED_ON)",
            "PAGES_VIEWED": "SUM(PAGES_VIEWED)",
            "LANDING_PAGES": "COUNT(DISTINCT LANDING_PAGE)",
        },
        others={
            "SECONDS": "SUM(DURATION_SECONDS)",
            "LONGEST_VIEW_SECONDS": "MAX(LONGEST_VIEW_SECONDS)",
            "FIRST_STARTED_AT": "MIN(STARTED_AT)",
            "LAST_STARTED_AT": "MAX(STARTED_AT)",
        },
    ),
)
