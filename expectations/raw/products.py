"""Articles of the catalogue as the back office writes them."""

from expectations.rules import matches, mirror, never_null
from expectations.vocabulary import PRODUCT_CODE

SUITE = mirror(
    "PRODUCT_CODE",
    never_null("NAME", "CATEGORY", "LIST_PRICE", "IS_DISCONTINUED"),
    matches("PRODUCT_CODE", PRODUCT_CODE, "is two capitals, a dash and five digits"),
)
