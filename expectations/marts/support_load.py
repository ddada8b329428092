"""Support load counts every ticket once when it is opened and once when it is closed."""

from expectations.rules import always, between, counts, failing, suite

TICKETS_ADD_UP_TO_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT OPENED_ON AS A_DAY, PRIORITY AS A_PRIORITY, COUNT(*) AS TICKETS
    FROM STAGING.STG_SUPPORT_TICKETS
    GROUP BY OPENED_ON, PRIORITY
) AS opened_tickets ON opened_tickets.A_DAY = checked.DAY AND opened_tickets.A_PRIORITY = checked.PRIORITY
LEFT JOIN (
    SELECT CLOSED_ON AS A_DAY, PRIORITY AS A_PRIORITY, COUNT(*) AS TICKETS
    FROM STAGING.STG_SUPPORT_TICKETS
    WHERE CLOSED_ON IS NOT NULL
    GROUP BY CLOSED_ON, PRIORITY
) AS closed_tickets ON closed_tickets.A_DAY = checked.DAY AND closed_tickets.A_PRIORITY = checked.PRIORITY
WHERE OPENED <> COALESCE(opened_tickets.TICKETS, 0) OR CLOSED <> COALESCE(closed_tickets.TICKETS, 0)
"""

BACKLOG_IS_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
QUALIFY BACKLOG <> SUM(OPENED - CLOSED) OVER (
    PARTITION BY PRIORITY ORDER BY DAY ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
"""

TICKETS_MISSING = """
SELECT {keys}
FROM (
    SELECT OPENED_ON AS DAY, PRIORITY FROM STAGING.STG_SUPPORT_TICKETS
    UNION
    SELECT CLOSED_ON AS DAY, PRIORITY FROM STAGING.STG_SUPPORT_TICKETS WHERE CLOSED_ON IS NOT NULL
) AS tickets
WHERE NOT EXISTS (
    SELECT 1 FROM checked WHERE checked.DAY = tickets.DAY AND checked.PRIORITY = tickets.PRIORITY
)
"""

SUITE = suite(
    ("DAY", "PRIORITY"),
    between("PRIORITY", 1, 4),
    counts("OPENED", "CLOSED", "BACKLOG", "LOW_RATINGS", "MEDIAN_HOURS_TO_CLOSE"),
    between("AVERAGE_SATISFACTION", 1, 5, severity="warning"),
    failing("Opened and closed are what STG_SUPPORT_TICKETS counts", TICKETS_ADD_UP_TO_SOMETHING_ELSE),
    failing("No ticket of STG_SUPPORT_TICKETS is left out", TICKETS_MISSING),
    failing("The backlog is all opened less all closed so far", BACKLOG_IS_SOMETHING_ELSE, column="BACKLOG"),
    always("No more are rated low than were closed", "LOW_RATINGS <= CLOSED", column="LOW_RATINGS"),
)
