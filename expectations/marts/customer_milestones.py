"""Each customer once, with milestones in an order that can be."""

from expectations.rules import (
    adds_up_to,
    always,
    between,
    computed,
    counts,
    has_all_of,
    one_of,
    refers_to,
    same_as,
    suite,
)

PLACED = "EVENT_TYPE = 'order_placed' AND OUTCOME <> 'cancelled'"

JOURNEY = f"""(
    SELECT
        *,
        MIN(IFF({PLACED}, STEP, NULL)) OVER (PARTITION BY CUSTOMER_ID) AS ORDER_STEP,
        IFF(
            {PLACED}, ROW_NUMBER() OVER (PARTITION BY CUSTOMER_ID, IFF({PLACED}, 1, 0) ORDER BY STEP), NULL
        ) AS ORDINAL
    FROM MARTS.CUSTOMER_JOURNEY
) AS CUSTOMER_JOURNEY"""
"""The journey, with the step of a customer's first order, and which order a step is."""

BEFORE = "EVENT_TYPE = 'visit' AND (ORDER_STEP IS NULL OR STEP < ORDER_STEP)"

STAGE = (
    "CASE WHEN SECOND_ORDER_AT IS NOT NULL THEN 'ordered_again' "
    "WHEN FIRST_ORDER_AT IS NOT NULL AND FIRST_PAYMENT_AT IS NOT NULL THEN 'paid' "
    "WHEN FIRST_ORDER_AT IS NOT NULL THEN 'ordered' WHEN FIRST_VISIT_AT IS NOT NULL THEN 'visited' "
    "ELSE 'signed_up' END"
)

SUITE = suite(
    "CUSTOMER_ID",
    one_of("STAGE", "signed_up", "visited", "ordered", "paid", "ordered_again"),
    counts("EVENTS", "VISITS_BEFORE_ORDER", "DAYS_TO_SECOND_ORDER", "DAYS_TO_TICKET_AFTER_ORDER"),
    between("DAYS_TO_FIRST_ORDER", low=0, severity="warning"),
    between("DAYS_TO_FIRST_PAYMENT", low=0, severity="warning"),
    has_all_of("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
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
    same_as("STAGING.STG_CUSTOMERS", "CUSTOMER_ID", columns={"SIGNED_UP_AT": "CREATED_AT"}),
    adds_up_to(
        JOURNEY,
        "CUSTOMER_ID",
        totals={"EVENTS": "COUNT(*)", "VISITS_BEFORE_ORDER": f"COUNT_IF({BEFORE})"},
        others={
            "FIRST_VISIT_AT": "MIN(IFF(EVENT_TYPE = 'visit', HAPPENED_AT, NULL))",
            "FIRST_LANDING_PAGE": "MIN_BY(LANDING_PAGE, IFF(EVENT_TYPE = 'visit', STEP, NULL))",
            "LAST_LANDING_PAGE": f"MAX_BY(LANDING_PAGE, IFF({BEFORE}, STEP, NULL))",
            "FIRST_ORDER_AT": "MIN(IFF(ORDINAL = 1, HAPPENED_AT, NULL))",
            "SECOND_ORDER_AT": "MIN(IFF(ORDINAL = 2, HAPPENED_AT, NULL))",
            "FIRST_PAYMENT_AT": "MIN(IFF(EVENT_TYPE = 'payment' "
            "AND OUTCOME = 'captured', HAPPENED_AT, NULL))",
            "FIRST_TICKET_AT": "MIN(IFF(EVENT_TYPE = 'ticket_opened', HAPPENED_AT, NULL))",
            "FIRST_TICKET_AFTER_ORDER_AT": "MIN(IFF(EVENT_TYPE = 'ticket_opened' "
            "AND STEP > ORDER_STEP, HAPPENED_AT, NULL))",
            "LAST_EVENT_AT": "MAX(HAPPENED_AT)",
            "LAST_EVENT_TYPE": "MAX_BY(EVENT_TYPE, STEP)",
        },
    ),
    computed("STAGE", STAGE, "the furthest milestone that has a time"),
    computed("DAYS_TO_FIRST_VISIT", "DATEDIFF(day, SIGNED_UP_AT, FIRST_VISIT_AT)"),
    computed("DAYS_TO_FIRST_ORDER", "DATEDIFF(day, SIGNED_UP_AT, FIRST_ORDER_AT)"),
    computed("DAYS_TO_FIRST_PAYMENT", "DATEDIFF(day, FIRST_ORDER_AT, FIRST_PAYMENT_AT)"),
    computed("DAYS_TO_SECOND_ORDER", "DATEDIFF(day, FIRST_ORDER_AT, SECOND_ORDER_AT)"),
    computed("DAYS_TO_TICKET_AFTER_ORDER", "DATEDIFF(day, FIRST_ORDER_AT, FIRST_TICKET_AFTER_ORDER_AT)"),
)
