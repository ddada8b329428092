"""Visits to the portal, cleaned."""

from expectations.rules import always, between, matches, suite

SUITE = suite(
    "SESSION_ID",
    between("PAGES_VIEWED", low=1),
    between("DURATION_SECONDS", low=0),
    matches("LANDING_PAGE", "/.*", "begins with a slash", severity="warning"),
    matches("IP_ADDRESS", "([0-9A-F]{8}|[0-9A-F]{32})", "is 4 or 16 bytes in hex", severity="warning"),
    always(
        "A visit has a longest view exactly when it has ended",
        "IS_RUNNING = (LONGEST_VIEW_SECONDS IS NULL)",
        severity="warning",
        column="LONGEST_VIEW_SECONDS",
    ),
)
