"""Lines of the orders, cleaned."""

from expectations.rules import (
    always,
    between,
    computed,
    keeps_up_with,
    matches,
    rows_of_mirror,
    suite,
)
from expectations.vocabulary import PRODUCT_CODE

SUITE = suite(
    ("ORDER_ID", "LINE_NUMBER"),
    matches("PRODUCT_CODE", PRODUCT_CODE, "is two capitals, a dash and five digits"),
    between("LINE_NUMBER", low=1),
    between("QUANTITY", 1, 1_000),
    between("DISCOUNT_RATE", 0, 0.5),
    always("UNIT_PRICE is above 0", "UNIT_PRICE > 0", column="UNIT_PRICE"),
    always(
        "LINE_AMOUNT is quantity times unit price less the discount",
        "LINE_AMOUNT = ROUND(QUANTITY * UNIT_PRICE * (1 - DISCOUNT_RATE), 4)",
        column="LINE_AMOUNT",
    ),
    rows_of_mirror(
        "RAW.ORDER_LINES",
        {"ORDER_ID": "ORDER_ID", "LINE_NUMBER": "LINE_NUMBER"},
        "QUANTITY",
        "UNIT_PRICE",
        "DISCOUNT_RATE",
        "LINE_AMOUNT",
        columns={"PRODUCT_CODE": "UPPER(TRIM(PRODUCT_CODE))"},
    ),
    computed("LIST_AMOUNT", "QUANTITY * UNIT_PRICE"),
    computed("DISCOUNT_AMOUNT", "LIST_AMOUNT - LINE_AMOUNT"),
    keeps_up_with("RAW.ORDER_LINES"),
)
