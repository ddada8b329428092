"""Lines of the orders as the portal writes them."""

from expectations.rules import (
    LIVE_ROWS,
    as_its_log_says,
    as_the_source_was,
    changes_with_the_source,
    matches,
    mirror,
    never_null,
    refers_to,
)
from expectations.vocabulary import PRODUCT_CODE

SUITE = mirror(
    ("ORDER_ID", "LINE_NUMBER"),
    never_null("PRODUCT_CODE", "QUANTITY", "UNIT_PRICE", "DISCOUNT_RATE", "LINE_AMOUNT"),
    matches("PRODUCT_CODE", PRODUCT_CODE, "is two capitals, a dash and five digits"),
    refers_to("RAW.ORDERS", "ORDER_ID", among=LIVE_ROWS, severity="warning"),
    refers_to("RAW.PRODUCTS", "PRODUCT_CODE", among=LIVE_ROWS, severity="warning"),
    as_its_log_says(
        "ORDER_LINES",
        ("ORDER_ID", "LINE_NUMBER"),
        "PRODUCT_CODE",
        "QUANTITY",
        "UNIT_PRICE",
        "DISCOUNT_RATE",
        "LINE_AMOUNT",
    ),
    as_the_source_was("ORDER_LINES"),
    changes_with_the_source(days=4),
)
