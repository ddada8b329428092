"""Articles of the catalogue, cleaned."""

from expectations.rules import (
    always,
    keeps_up_with,
    matches,
    one_of,
    rows_of_mirror,
    suite,
)
from expectations.vocabulary import CATEGORIES, PRODUCT_CODE

SUITE = suite(
    "PRODUCT_CODE",
    matches("PRODUCT_CODE", PRODUCT_CODE, "is two capitals, a dash and five digits"),
    one_of("CATEGORY", *CATEGORIES),
    always("LIST_PRICE is above 0", "LIST_PRICE > 0", column="LIST_PRICE"),
    always(
        "Only hardware and spares have a weight, and it is above 0",
        "WEIGHT_KG IS NULL OR (WEIGHT_KG > 0 AND CATEGORY IN ('hardware', 'spares'))",
        severity="warning",
        column="WEIGHT_KG",
    ),
    rows_of_mirror(
        "RAW.PRODUCTS",
        {"PRODUCT_CODE": "UPPER(TRIM(PRODUCT_CODE))"},
        "LIST_PRICE",
        "WEIGHT_KG",
        "IS_DISCONTINUED",
        columns={"NAME": "TRIM(NAME)", "CATEGORY": "TRIM(CATEGORY)", "HAS_PICTURE": "PICTURE IS NOT NULL"},
    ),
    keeps_up_with("RAW.PRODUCTS"),
)
