"""Visits to the portal, cleaned."""

from expectations.rules import (
    always,
    between,
    computed,
    keeps_up_with,
    matches,
    rows_of_mirror,
    set_aside,
    suite,
    volume_is_usual,
)

SUITE = suite(
    "SESSION_ID",
    set_aside(between("PAGES_VIEWED", low=1), between("DURATION_SECONDS", low=0)),  # as browsers say
    matches("LANDING_PAGE", "/.*", "begins with a slash", severity="warning"),
    matches("IP_ADDRESS", "([0-9A-F]{8}|[0-9A-F]{32})", "is 4 or 16 bytes in hex", severity="warning"),
    always(
        "A visit has a longest view exactly when it has ended",
        "IS_RUNNING = (LONGEST_VIEW_SECONDS IS NULL)",
        severity="warning",
        column="LONGEST_VIEW_SECONDS",
    ),
    rows_of_mirror(
        "RAW.PORTAL_SESSIONS",
        "SESSION_ID",
        "CUSTOMER_ID",
        "PAGES_VIEWED",
        columns={
            "LANDING_PAGE": "TRIM(LANDING_PAGE)",
            "USER_AGENT": "NULLIF(TRIM(USER_AGENT), '')",
            "IP_ADDRESS": "HEX_ENCODE(IP_ADDRESS)",
            "LONGEST_VIEW_SECONDS": "DATEDIFF(millisecond, TO_TIME('00:00:00'), LONGEST_VIEW) / 1000",
        },
        times=(
            "ENDED_AT",
            "STARTED_AT",
        ),
        none_missing=False,
    ),
    computed("IS_RUNNING", "ENDED_AT IS NULL"),
    computed("STARTED_ON", "TO_DATE(STARTED_AT)"),
    computed("DURATION_SECONDS", "DATEDIFF(millisecond, STARTED_AT, ENDED_AT) / 1000"),
    keeps_up_with("RAW.PORTAL_SESSIONS"),
    volume_is_usual("STARTED_AT"),
)
