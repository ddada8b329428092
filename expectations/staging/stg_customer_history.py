"""Versions of customers, commit by commit."""

from expectations.rules import always, suite, versions_follow_each_other, versions_of_mirror

SUITE = suite(
    ("CUSTOMER_ID", "FROM_POSITION"),
    versions_follow_each_other("CUSTOMER_ID", "FROM_POSITION", "TO_POSITION"),
    always("A version has an end in both or in neither", "(TO_POSITION IS NULL) = (VALID_TO IS NULL)"),
    versions_of_mirror(
        "RAW.CUSTOMERS__HISTORY",
        "CUSTOMER_ID",
        "CREDIT_LIMIT",
        "IS_ACTIVE",
        columns={"COUNTRY_CODE": "UPPER(TRIM(COUNTRY_CODE))", "SEGMENT": "TRIM(SEGMENT)"},
    ),
)
