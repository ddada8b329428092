"""Each customer once, with milestones in an order that can be."""

from expectations.rules import (
    always,
    between,
    counts,
    failing,
    has_all_of,
    one_of,
    refers_to,
    suite,
)

EVENTS_ADD_UP_TO_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT CUSTOMER_ID AS ID, MAX(STEP) AS STEPS, MAX(HAPPENED_AT) AS LAST_STEP_AT
    FROM MARTS.CUSTOMER_JOURNEY
    GROUP BY CUSTOMER_ID
) AS journey ON journey.ID = checked.CUSTOMER_ID
WHERE EVENTS <> COALESCE(STEPS, 0) OR LAST_EVENT_AT IS DISTINCT FROM LAST_STEP_AT
"""

SUITE = suite(
    "CUSTOMER_ID",
    one_of("STAGE", "signed_up", "visited", "ordered", "paid", "ordered_again"),
    counts("EVENTS", "VISITS_BEFORE_ORDER", "DAYS_TO_SECOND_ORDER", "DAYS_TO_TICKET_AFTER_ORDER"),
    between("DAYS_TO_FIRST_ORDER", low=0, severity="warning"),
    between("DAYS_TO_FIRST_PAYMENT", low=0, severity="warning"),
    has_all_of("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    failing("Events are what CUSTOMER_JOURNEY counts", EVENTS_ADD_UP_TO_SOMETHING_ELSE, column="EVENTS"),
    always(
        "Who has ordered, and nobody else, is at a stage of orders",
        "(STAGE IN ('ordered', 'paid', 'ordered_again')) = (FIRST_ORDER_AT IS NOT NULL)",
        column="STAGE",
    ),
    always(
        "Who has ordered again, and nobody else, has a second order",
        "(STAGE = 'ordered_again') = (SECOND_ORDER_AT IS NOT NULL)",
        column="STAGE",
    ),
    always("There are no more visits than events", "VISITS_BEFORE_ORDER <= EVENTS"),
)
