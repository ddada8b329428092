"""Versions of activities, commit by commit."""

from expectations.rules import always, suite, versions_follow_each_other, versions_of_mirror

SUITE = suite(
    ("ACTIVITY_ID", "FROM_POSITION"),
    versions_follow_each_other("ACTIVITY_ID", "FROM_POSITION", "TO_POSITION"),
    always("A version has an end in both or in neither", "(TO_POSITION IS NULL) = (VALID_TO IS NULL)"),
    versions_of_mirror(
        "RAW.ACTIVITIES__HISTORY",
        "ACTIVITY_ID",
        "CUSTOMER_ID",
        "END_DATE",
        columns={"ACTIVITY_TYPE": "TRIM(ACTIVITY_TYPE)", "STATUS": "TRIM(STATUS)"},
    ),
)
