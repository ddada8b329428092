"""Shellcorp's codes and formats, as docs/shellcorp.md gives them; suites share them."""

from __future__ import annotations

from typing import Final

COUNTRIES: Final = ("CN", "DE", "DK", "EG", "FR", "GB", "IL", "JP", "NO", "SE", "US")
CURRENCIES: Final = ("EUR", "USD", "GBP", "DKK", "SEK")
SEGMENTS: Final = ("consumer", "business", "enterprise", "public")
ACCOUNT_TYPES: Final = ("current", "savings", "credit", "prepaid")
ACCOUNT_STATUSES: Final = ("open", "frozen", "closed")
ACTIVITY_TYPES: Final = ("call", "meeting", "email", "onboarding", "contract_review", "site_visit")
ACTIVITY_STATUSES: Final = ("planned", "open", "completed", "cancelled")
CATEGORIES: Final = ("hardware", "spares", "software", "services")
ORDER_STATUSES: Final = ("placed", "paid", "shipped", "cancelled")
PAYMENT_METHODS: Final = ("card", "transfer", "direct_debit", "wallet")
PAYMENT_STATUSES: Final = ("authorised", "captured", "failed", "refunded")
TICKET_STATUSES: Final = ("open", "answered", "closed")

# Patterns of whole values
EMAIL: Final = "[^@]+@[^@]+"
GUID: Final = "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"
ACCOUNT_NUMBER: Final = "[AS]C-[0-9]{10}"
PRODUCT_CODE: Final = "[A-Z]{2}-[0-9]{5}"
