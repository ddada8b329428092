"""Questions of the customers as the portal writes them."""

from expectations.rules import LIVE_ROWS, mirror, never_null, refers_to

SUITE = mirror(
    "TICKET_ID",
    never_null("CUSTOMER_ID", "SUBJECT", "BODY", "PRIORITY", "STATUS", "OPENED_AT"),
    refers_to("RAW.CUSTOMERS", "CUSTOMER_ID", among=LIVE_ROWS, severity="warning"),
)
