"""Customers, cleaned."""

from expectations.rules import always, between, matches, one_of, suite, unique
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
)
