"""Changes of status, each from what the one before led to.

Which statuses there may be is checked in STG_ACTIVITIES: a mistake that was put right stays in the history.
"""

from expectations.rules import (
    adds_up_to,
    always,
    between,
    computed,
    failing,
    suite,
)

CHAIN_IS_BROKEN = """
SELECT {keys}
FROM checked
QUALIFY
    FROM_STATUS IS DISTINCT FROM LAG(TO_STATUS) OVER (PARTITION BY ACTIVITY_ID ORDER BY CHANGED_AT)
    OR NEXT_CHANGED_AT IS DISTINCT FROM LEAD(CHANGED_AT) OVER (PARTITION BY ACTIVITY_ID ORDER BY CHANGED_AT)
    OR CHANGE_NUMBER <> ROW_NUMBER() OVER (PARTITION BY ACTIVITY_ID ORDER BY CHANGED_AT)
"""

CURRENT_STATUS_IS_ANOTHER = """
SELECT {keys}
FROM (SELECT ACTIVITY_ID, COMMITTED_AT AS CHANGED_AT, STATUS FROM STAGING.STG_ACTIVITIES) AS staged
WHERE NOT EXISTS (
    SELECT 1
    FROM checked
    WHERE checked.ACTIVITY_ID = staged.ACTIVITY_ID AND IS_CURRENT AND TO_STATUS = STATUS
)
"""

HOURS_ARE_OTHERS = """
SELECT {keys}
FROM checked
QUALIFY HOURS_IN_FROM_STATUS IS DISTINCT FROM (
    DATEDIFF(second, LAG(CHANGED_AT) OVER (PARTITION BY ACTIVITY_ID ORDER BY CHANGED_AT), CHANGED_AT) / 3600
)::NUMBER(12, 2)
"""

VISIBLE = """(
    SELECT
        ACTIVITY_ID AS ID,
        STATUS,
        VALID_FROM,
        VALID_TO,
        LAG(STATUS) OVER (PARTITION BY ACTIVITY_ID ORDER BY FROM_POSITION) AS STATUS_BEFORE,
        LAG(VALID_TO) OVER (PARTITION BY ACTIVITY_ID ORDER BY FROM_POSITION) AS ENDED_BEFORE
    FROM STAGING.STG_ACTIVITY_HISTORY
    WHERE VALID_TO IS NULL OR VALID_FROM < VALID_TO
) AS history"""
"""The versions that somebody could see. Rules on it only warn: the model has times of its own where the
source's clock was set back."""

HISTORY_SAYS_OTHERWISE = f"""
SELECT {{keys}}
FROM checked
LEFT JOIN {VISIBLE} ON ID = ACTIVITY_ID
    AND IFF(TO_STATUS = 'deleted', VALID_TO = CHANGED_AT, VALID_FROM = CHANGED_AT AND STATUS = TO_STATUS)
WHERE ID IS NULL
"""

CHANGE_MISSING = f"""
SELECT ID AS ACTIVITY_ID, VALID_FROM AS CHANGED_AT
FROM {VISIBLE}
LEFT JOIN checked ON ID = ACTIVITY_ID AND VALID_FROM = CHANGED_AT
WHERE ACTIVITY_ID IS NULL AND (STATUS IS DISTINCT FROM STATUS_BEFORE OR ENDED_BEFORE <> VALID_FROM)
"""

SUITE = suite(
    ("ACTIVITY_ID", "CHANGED_AT"),
    between("HOURS_IN_FROM_STATUS", low=0),
    always("A change leads to another status", "FROM_STATUS IS NULL OR FROM_STATUS <> TO_STATUS"),
    always(
        "The first change, and no other, comes from nowhere", "(CHANGE_NUMBER = 1) = (FROM_STATUS IS NULL)"
    ),
    always(
        "What is not followed by a change, and nothing else, is current",
        "IS_CURRENT = (NEXT_CHANGED_AT IS NULL)",
    ),
    failing("Each change begins where the one before led to", CHAIN_IS_BROKEN),
    # STG_ACTIVITIES is not read by the model: its own gate may have kept it as it was
    failing("No current status of STG_ACTIVITIES is missing", CURRENT_STATUS_IS_ANOTHER, "warning"),
    computed(
        "IS_REOPENING",
        "COALESCE(FROM_STATUS IN ('completed', 'cancelled') AND TO_STATUS IN ('planned', 'open'), FALSE)",
    ),
    computed("HOURS_ARE_A_MINIMUM", "CHANGE_NUMBER = 2"),
    failing("Hours are those since the change before", HOURS_ARE_OTHERS),
    adds_up_to(
        "STAGING.STG_ACTIVITY_HISTORY",
        "ACTIVITY_ID",
        totals={},
        others={
            "CUSTOMER_ID": "MAX_BY(CUSTOMER_ID, FROM_POSITION)",
            "ACTIVITY_TYPE": "MAX_BY(ACTIVITY_TYPE, FROM_POSITION)",
        },
    ),
    failing("A change leads to what the history has from then on", HISTORY_SAYS_OTHERWISE, "warning"),
    failing("No change of the history is left out", CHANGE_MISSING, "warning"),
)
