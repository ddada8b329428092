"""Portal engagement counts every visit in the week that it began in."""

from expectations.rules import always, between, failing, refers_to, suite

VISITS_ADD_UP_TO_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT
        CUSTOMER_ID AS ID,
        DATEADD(day, 1 - DAYOFWEEKISO(STARTED_ON), STARTED_ON) AS MONDAY,
        COUNT(*) AS VISITS,
        SUM(PAGES_VIEWED) AS PAGES
    FROM STAGING.STG_PORTAL_SESSIONS
    GROUP BY 1, 2
) AS staged ON staged.ID = checked.CUSTOMER_ID AND staged.MONDAY = checked.WEEK
WHERE SESSIONS <> COALESCE(VISITS, 0) OR PAGES_VIEWED <> COALESCE(PAGES, 0)
"""

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
    failing("Visits and pages are what STG_PORTAL_SESSIONS adds up to", VISITS_ADD_UP_TO_SOMETHING_ELSE),
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
)
