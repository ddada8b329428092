"""Support load counts every ticket once when it is opened and once when it is closed."""

from expectations.rules import (
    adds_up_to,
    always,
    between,
    counts,
    failing,
    suite,
)

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

CLOSED_TICKETS = "(SELECT * FROM STAGING.STG_SUPPORT_TICKETS WHERE CLOSED_ON IS NOT NULL) AS CLOSED_TICKETS"

SUITE = suite(
    ("DAY", "PRIORITY"),
    between("PRIORITY", 1, 4),
    counts("OPENED", "CLOSED", "BACKLOG", "LOW_RATINGS", "MEDIAN_HOURS_TO_CLOSE"),
    between("AVERAGE_SATISFACTION", 1, 5, severity="warning"),
    failing("No ticket of STG_SUPPORT_TICKETS is left out", TICKETS_MISSING),
    failing("The backlog is all opened less all closed so far", BACKLOG_IS_SOMETHING_ELSE, column="BACKLOG"),
    always("No more are rated low than were closed", "LOW_RATINGS <= CLOSED", column="LOW_RATINGS"),
    adds_up_to(
        "STAGING.STG_SUPPORT_TICKETS",
        {"DAY": "OPENED_ON", "PRIORITY": "PRIORITY"},
        totals={"OPENED": "COUNT(*)"},
    ),
    adds_up_to(
        CLOSED_TICKETS,
        {"DAY": "CLOSED_ON", "PRIORITY": "PRIORITY"},
        totals={"CLOSED": "COUNT(*)", "LOW_RATINGS": "COUNT_IF(SATISFACTION <= 2)"},
        others={
            "MEDIAN_HOURS_TO_CLOSE": "MEDIAN(HOURS_TO_CLOSE)::NUMBER(12,2)",
            "AVERAGE_SATISFACTION": "AVG(SATISFACTION)::NUMBER(9,2)",
        },
    ),
)
