"""A customer's events, each once and numbered in the order of time."""

from expectations.rules import always, between, failing, one_of, refers_to, suite

STEPS_ARE_NOT_COUNTED_THROUGH = """
SELECT {keys}
FROM checked
QUALIFY
    STEP > COUNT(*) OVER (PARTITION BY CUSTOMER_ID)
    OR COUNT(*) OVER (PARTITION BY CUSTOMER_ID, STEP) > 1
    OR HAPPENED_AT < LAG(HAPPENED_AT) OVER (PARTITION BY CUSTOMER_ID ORDER BY STEP)
"""

EVENTS_MISSING = """
SELECT {keys}
FROM (
    SELECT CUSTOMER_ID, 'visit' AS EVENT_TYPE, SESSION_ID::VARCHAR AS EVENT_ID
    FROM STAGING.STG_PORTAL_SESSIONS
    UNION ALL
    SELECT CUSTOMER_ID, 'order_placed', ORDER_ID::VARCHAR FROM STAGING.STG_ORDERS
    UNION ALL
    SELECT CUSTOMER_ID, 'order_shipped', ORDER_ID::VARCHAR
    FROM STAGING.STG_ORDERS
    WHERE SHIPPED_AT IS NOT NULL
    UNION ALL
    SELECT CUSTOMER_ID, 'payment', PAYMENT_ID FROM MARTS.PAYMENT_FACTS WHERE CUSTOMER_ID IS NOT NULL
    UNION ALL
    SELECT CUSTOMER_ID, 'ticket_opened', TICKET_ID::VARCHAR FROM STAGING.STG_SUPPORT_TICKETS
    UNION ALL
    SELECT CUSTOMER_ID, 'ticket_closed', TICKET_ID::VARCHAR
    FROM STAGING.STG_SUPPORT_TICKETS
    WHERE CLOSED_AT IS NOT NULL
) AS events
WHERE NOT EXISTS (
    SELECT 1
    FROM checked
    WHERE
        checked.CUSTOMER_ID = events.CUSTOMER_ID
        AND checked.EVENT_TYPE = events.EVENT_TYPE
        AND checked.EVENT_ID = events.EVENT_ID
)
"""

SUITE = suite(
    ("CUSTOMER_ID", "EVENT_TYPE", "EVENT_ID"),
    one_of(
        "EVENT_TYPE", "visit", "order_placed", "payment", "order_shipped", "ticket_opened", "ticket_closed"
    ),
    between("STEP", low=1),
    between("SECONDS_SINCE_PREVIOUS", low=0),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID", severity="warning"),  # not read by the model
    failing("Steps are numbered from 1 in the order of time", STEPS_ARE_NOT_COUNTED_THROUGH, column="STEP"),
    failing("No event of a customer is left out", EVENTS_MISSING),
    always("The first step, and no other, is the first touch", "IS_FIRST_TOUCH = (STEP = 1)"),
    always(
        "The first step, and no other, follows on none",
        "(STEP = 1) = (PREVIOUS_EVENT_TYPE IS NULL) AND (STEP = 1) = (SECONDS_SINCE_PREVIOUS IS NULL)",
    ),
    always(
        "A visit, and nothing else, has a landing page", "(EVENT_TYPE = 'visit') = (LANDING_PAGE IS NOT NULL)"
    ),
)
