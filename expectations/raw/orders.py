"""Orders as the portal and the back office write them."""

from expectations.rules import LIVE_ROWS, mirror, never_null, one_of, refers_to
from expectations.vocabulary import CURRENCIES

SUITE = mirror(
    "ORDER_ID",
    never_null("CUSTOMER_ID", "STATUS", "CURRENCY_CODE", "TOTAL_AMOUNT", "PLACED_AT", "UPDATED_AT"),
    one_of("CURRENCY_CODE", *CURRENCIES),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
)
