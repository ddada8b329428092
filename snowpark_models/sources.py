"""The sources: mirrors in RAW that replication keeps. A staging model reads `RAW.ORDERS` as `raw_orders`."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "raw_"
SCHEMA: Final = "RAW"

TABLES: Final = (
    "ACCOUNTS",
    "ACTIVITIES",
    "CUSTOMERS",
    "ORDERS",
    "ORDER_LINES",
    "PAYMENTS",
    "PORTAL_SESSIONS",
    "PRODUCTS",
    "SUPPORT_TICKETS",
)

SOURCES: Final = {f"{PREFIX}{table.lower()}": table for table in TABLES}
"""Table of RAW by the name of the parameter that reads it."""
