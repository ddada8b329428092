"""Orders as the portal and the back office write them."""

from expectations.rules import mirror, never_null

SUITE = mirror(
    "ORDER_ID",
    never_null("CUSTOMER_ID", "STATUS", "CURRENCY_CODE", "TOTAL_AMOUNT", "PLACED_AT", "UPDATED_AT"),
)
