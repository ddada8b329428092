"""A customer's events, each once and numbered in the order of time."""

from expectations.rules import (
    always,
    between,
    failing,
    one_of,
    refers_to,
    same_as,
    suite,
)

STEPS_ARE_NOT_COUNTED_THROUGH = """
SELECT {keys}
FROM checked
QUALIFY
    STEP > COUNT(*) OVER (PARTITION BY CUSTOMER_ID)
    OR COUNT(*) OVER (PARTITION BY CUSTOMER_ID, STEP) > 1
    OR HAPPENED_AT < LAG(HAPPENED_AT) OVER (PARTITION BY CUSTOMER_ID ORDER BY STEP)
"""

EVENTS = """(
    SELECT
        CUSTOMER_ID,
        'visit' AS EVENT_TYPE,
        SESSION_ID::VARCHAR AS EVENT_ID,
        STARTED_AT AS HAPPENED_AT,
        NULL AS OUTCOME,
        NULL AS AMOUNT,
        NULL AS CURRENCY_CODE,
        LANDING_PAGE
    FROM STAGING.STG_PORTAL_SESSIONS
    UNION ALL
    SELECT
        CUSTOMER_ID, 'order_placed', ORDER_ID::VARCHAR, PLACED_AT, STATUS, TOTAL_AMOUNT, CURRENCY_CODE, NULL
    FROM STAGING.STG_ORDERS
    UNION ALL
    SELECT
        CUSTOMER_ID, 'order_shipped', ORDER_ID::VARCHAR, GREATEST(SHIPPED_AT, PLACED_AT),
        STATUS, TOTAL_AMOUNT, CURRENCY_CODE, NULL
    FROM STAGING.STG_ORDERS
    WHERE SHIPPED_AT IS NOT NULL
    UNION ALL
    SELECT CUSTOMER_ID, 'payment', PAYMENT_ID, PAID_AT, STATUS, AMOUNT, CURRENCY_CODE, NULL
    FROM MARTS.PAYMENT_FACTS
    WHERE CUSTOMER_ID IS NOT NULL
    UNION ALL
    SELECT CUSTOMER_ID, 'ticket_opened', TICKET_ID::VARCHAR, OPENED_AT, STATUS, NULL, NULL, NULL
    FROM STAGING.STG_SUPPORT_TICKETS
    UNION ALL
    SELECT CUSTOMER_ID, 'ticket_closed', TICKET_ID::VARCHAR, CLOSED_AT, STATUS, NULL, NULL, NULL
    FROM STAGING.STG_SUPPORT_TICKETS
    WHERE CLOSED_AT IS NOT NULL
) AS EVENTS"""

KEY = ("CUSTOMER_ID", "EVENT_TYPE", "EVENT_ID")

NO_SUCH_EVENT = f"""
SELECT {{keys}}
FROM checked
LEFT JOIN (SELECT CUSTOMER_ID AS ID, EVENT_TYPE AS TYPE, EVENT_ID AS NUMBER FROM {EVENTS}) AS found
    ON ID = CUSTOMER_ID AND TYPE = EVENT_TYPE AND NUMBER = EVENT_ID
WHERE ID IS NULL
"""

EVENTS_MISSING = f"""
SELECT ID AS CUSTOMER_ID, TYPE AS EVENT_TYPE, NUMBER AS EVENT_ID
FROM (SELECT CUSTOMER_ID AS ID, EVENT_TYPE AS TYPE, EVENT_ID AS NUMBER FROM {EVENTS}) AS found
LEFT JOIN checked ON ID = CUSTOMER_ID AND TYPE = EVENT_TYPE AND NUMBER = EVENT_ID
WHERE CUSTOMER_ID IS NULL
"""

UNLIKE_ITS_NEIGHBOURS = """
SELECT {keys}
FROM checked
QUALIFY
    PREVIOUS_EVENT_TYPE IS DISTINCT FROM LAG(EVENT_TYPE) OVER (PARTITION BY CUSTOMER_ID ORDER BY STEP)
    OR SECONDS_SINCE_PREVIOUS IS DISTINCT FROM DATEDIFF(
        millisecond, LAG(HAPPENED_AT) OVER (PARTITION BY CUSTOMER_ID ORDER BY STEP), HAPPENED_AT
    ) / 1000
    OR IS_LAST_TOUCH IS DISTINCT FROM (LEAD(STEP) OVER (PARTITION BY CUSTOMER_ID ORDER BY STEP) IS NULL)
"""

SUITE = suite(
    KEY,
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
    same_as(EVENTS, KEY, "HAPPENED_AT", "OUTCOME", "AMOUNT", "CURRENCY_CODE", "LANDING_PAGE"),
    failing("No event is made up", NO_SUCH_EVENT),
    failing("A step is told by the one before it, and the last one has none after it", UNLIKE_ITS_NEIGHBOURS),
)
