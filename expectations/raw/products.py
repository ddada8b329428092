"""Articles of the catalogue as the back office writes them."""

from expectations.rules import as_its_log_says, as_the_source_was, matches, mirror, never_null
from expectations.vocabulary import PRODUCT_CODE

SUITE = mirror(
    "PRODUCT_CODE",
    never_null("NAME", "CATEGORY", "LIST_PRICE", "IS_DISCONTINUED"),
    matches("PRODUCT_CODE", PRODUCT_CODE, "is two capitals, a dash and five digits"),
    as_its_log_says(
        "PRODUCTS",
        "PRODUCT_CODE",
        "NAME",
        "CATEGORY",
        "LIST_PRICE",
        "WEIGHT_KG",
        "IS_DISCONTINUED",
        large=("PICTURE",),
    ),
    as_the_source_was("PRODUCTS"),
)
