"""Customers as the portal writes them."""

from expectations.rules import (
    as_its_log_says,
    as_the_source_was,
    changes_with_the_source,
    matches,
    mirror,
    never_null,
    unique,
)
from expectations.vocabulary import EMAIL, GUID

SUITE = mirror(
    "CUSTOMER_ID",
    never_null("EXTERNAL_REF", "NAME", "COUNTRY_CODE", "SEGMENT", "IS_ACTIVE", "CREATED_AT", "UPDATED_AT"),
    unique("EXTERNAL_REF"),
    matches("EXTERNAL_REF", GUID, "is a GUID in upper case"),
    matches("EMAIL", EMAIL, "has the form something@something"),
    matches("COUNTRY_CODE", "[A-Z]{2}", "is a country code of two capitals"),
    as_its_log_says(
        "CUSTOMERS",
        "CUSTOMER_ID",
        "EXTERNAL_REF",
        "NAME",
        "EMAIL",
        "COUNTRY_CODE",
        "SEGMENT",
        "CREDIT_LIMIT",
        "IS_ACTIVE",
        "CREATED_AT",
        "UPDATED_AT",
        large=("NOTES",),
    ),
    as_the_source_was("CUSTOMERS"),
    changes_with_the_source(days=14),
)
