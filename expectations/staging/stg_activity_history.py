"""Versions of activities, commit by commit."""

from expectations.rules import always, failing, suite

OVERLAPPING = """
SELECT {keys}
FROM checked
QUALIFY COALESCE(TO_POSITION, '~')
    > LEAD(FROM_POSITION) OVER (PARTITION BY ACTIVITY_ID ORDER BY FROM_POSITION)
"""

SUITE = suite(
    ("ACTIVITY_ID", "FROM_POSITION"),
    always("A version ends after it begins", "TO_POSITION IS NULL OR FROM_POSITION < TO_POSITION"),
    always("A version has an end in both or in neither", "(TO_POSITION IS NULL) = (VALID_TO IS NULL)"),
    failing("Each version of an activity ends before the next begins", OVERLAPPING),
)
