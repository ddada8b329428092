"""Features of each customer that know nothing of the time after them."""

from typing import Final

from expectations.rules import (
    adds_up_to,
    always,
    as_of_the_newest_commit,
    at_as_of,
    between,
    counts,
    has_all_of,
    has_not_drifted,
    nothing_from,
    refers_to,
    same_in_all_rows,
    suite,
)
from expectations.rules.upstreams import Columns


def _in(days: int, event_ts: str, condition: str = "TRUE") -> str:
    """How many events of the last days meet a condition."""
    return f"COUNT_IF({event_ts} >= DATEADD(day, -{days}, NOW) AND {condition})"


EVENTS: Final[tuple[tuple[str, str, Columns, Columns], ...]] = (
    ("STAGING.STG_CUSTOMERS", "CREATED_AT", {}, {"TENURE_DAYS": "DATEDIFF(day, MAX(CREATED_AT), MAX(NOW))"}),
    ("STAGING.STG_ACCOUNTS", "OPENED_ON", {"OPEN_ACCOUNTS": "COUNT_IF(NOT IS_CLOSED)"}, {}),
    (
        "STAGING.STG_ORDERS",
        "PLACED_AT",
        {
            **{f"ORDERS_{days}D": _in(days, "PLACED_AT") for days in (7, 30, 90)},
            "CANCELLED_ORDERS_90D": _in(90, "PLACED_AT", "IS_CANCELLED"),
        },
        {"DAYS_SINCE_LAST_ORDER": "DATEDIFF(day, MAX(PLACED_AT), MAX(NOW))"},
    ),
    (
        "STAGING.STG_PORTAL_SESSIONS",
        "STARTED_AT",
        {
            **{f"SESSIONS_{days}D": _in(days, "STARTED_AT") for days in (7, 30, 90)},
            "PAGES_VIEWED_30D": "SUM(IFF(STARTED_AT >= DATEADD(day, -30, NOW), PAGES_VIEWED, 0))",
        },
        {"DAYS_SINCE_LAST_SESSION": "DATEDIFF(day, MAX(STARTED_AT), MAX(NOW))"},
    ),
    (
        "STAGING.STG_SUPPORT_TICKETS",
        "OPENED_AT",
        {
            **{f"TICKETS_{days}D": _in(days, "OPENED_AT") for days in (7, 30, 90)},
            "OPEN_TICKETS": "COUNT_IF(NOT IS_CLOSED)",
            "LOW_RATINGS_90D": _in(90, "OPENED_AT", "COALESCE(SATISFACTION <= 2, FALSE)"),
        },
        {},
    ),
)
"""What is counted of which upstream: the column that says when it happened, counts, and other values."""

_CLOCKS = " UNION ALL ".join(
    f"SELECT CUSTOMER_ID, {event_ts}::TIMESTAMP_NTZ AS EVENT_TS, COMMITTED_AT AS AVAILABLE_TS FROM {upstream}"
    for upstream, event_ts, _, _ in EVENTS
)
CLOCKS = (
    f"(SELECT clocks.* FROM ({_CLOCKS}) AS clocks "
    "CROSS JOIN (SELECT MAX(AS_OF) AS NOW FROM checked) AS told_at WHERE EVENT_TS < NOW) AS STAGING"
)
"""When what is counted happened, and when it was committed."""

SUITE = suite(
    "CUSTOMER_ID",
    same_in_all_rows("AS_OF"),
    counts("OPEN_ACCOUNTS", "ORDERS_7D", "CANCELLED_ORDERS_90D", "SESSIONS_7D", "PAGES_VIEWED_30D"),
    counts("TICKETS_7D", "OPEN_TICKETS", "LOW_RATINGS_90D"),
    between("TENURE_DAYS", low=0),
    between("DAYS_SINCE_LAST_ORDER", low=0),
    between("DAYS_SINCE_LAST_SESSION", low=0),
    has_all_of("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    nothing_from(
        "AS_OF",
        EVENT_TS="event that is counted happened",
        AVAILABLE_TS="event that is counted was known",
    ),
    always(
        "A shorter window counts no more than a longer one, and a part no more than its whole",
        "ORDERS_7D <= ORDERS_30D AND ORDERS_30D <= ORDERS_90D AND CANCELLED_ORDERS_90D <= ORDERS_90D "
        "AND SESSIONS_7D <= SESSIONS_30D AND SESSIONS_30D <= SESSIONS_90D "
        "AND TICKETS_7D <= TICKETS_30D AND TICKETS_30D <= TICKETS_90D AND LOW_RATINGS_90D <= TICKETS_90D",
    ),
    always(
        "SESSION_TREND is the last 30 days less half of the 60 before",
        "SESSION_TREND = SESSIONS_30D - (SESSIONS_90D - SESSIONS_30D) / 2",
        column="SESSION_TREND",
    ),
    as_of_the_newest_commit(
        *("STAGING.STG_CUSTOMERS", "STAGING.STG_ACCOUNTS", "STAGING.STG_ORDERS"),
        *("STAGING.STG_PORTAL_SESSIONS", "STAGING.STG_SUPPORT_TICKETS"),
    ),
    *(
        adds_up_to(
            at_as_of(upstream), "CUSTOMER_ID", totals, others, among=f"{event_ts}::TIMESTAMP_NTZ < NOW"
        )
        for upstream, event_ts, totals, others in EVENTS
    ),
    adds_up_to(
        CLOCKS,
        "CUSTOMER_ID",
        totals={},
        others={"EVENT_TS": "MAX(EVENT_TS)", "AVAILABLE_TS": "MAX(AVAILABLE_TS)"},
    ),
    has_not_drifted("FEATURES.CUSTOMER_CHURN_FEATURES__V2", "ORDERS_30D", "SESSIONS_30D", "TICKETS_30D"),
)
