"""Customers, cleaned."""

from expectations.rules import (
    always,
    between,
    keeps_up_with,
    matches,
    one_of,
    rows_of_mirror,
    suite,
    unique,
)
from expectations.vocabulary import COUNTRIES, EMAIL, SEGMENTS

SUITE = suite(
    "CUSTOMER_ID",
    unique("EXTERNAL_REF"),
    unique("EMAIL", severity="warning"),
    matches("EMAIL", EMAIL, "has the form something@something"),
    one_of("COUNTRY_CODE", *COUNTRIES),
    one_of("SEGMENT", *SEGMENTS),
    between("CREDIT_LIMIT", 0, 1_000_000),
    always("NAME is not blank", "LENGTH(NAME) > 0", column="NAME"),
    always("A customer is created before it is updated", "CREATED_AT <= UPDATED_AT", severity="warning"),
    rows_of_mirror(
        "RAW.CUSTOMERS",
        "CUSTOMER_ID",
        "CREDIT_LIMIT",
        "IS_ACTIVE",
        "CREATED_AT",
        columns={
            "EXTERNAL_REF": "UPPER(EXTERNAL_REF)",
            "NAME": "TRIM(NAME)",
            "EMAIL": "LOWER(NULLIF(TRIM(EMAIL), ''))",
            "COUNTRY_CODE": "UPPER(TRIM(COUNTRY_CODE))",
            "SEGMENT": "TRIM(SEGMENT)",
            "NOTES": "NULLIF(TRIM(NOTES), '')",
        },
        times=("UPDATED_AT",),
    ),
    keeps_up_with("RAW.CUSTOMERS"),
)
