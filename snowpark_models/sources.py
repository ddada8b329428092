"""The sources: mirrors in RAW that replication keeps. A staging model reads `RAW.ORDERS` as `raw_orders`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

PREFIX: Final = "raw_"
SCHEMA: Final = "RAW"
CHANGE_LOG_SUFFIX: Final = "__CHANGES"


@dataclass(frozen=True)
class Source:
    """A mirror: its table in RAW, the key of the source's table, and how old its newest change may be."""

    table: str
    key: tuple[str, ...]
    freshness: timedelta = timedelta(days=1)

    @property
    def name(self) -> str:
        """The parameter by which a staging model reads it."""
        return f"{PREFIX}{self.table.lower()}"

    @property
    def change_log(self) -> str:
        """The table of RAW with its changes."""
        return f"{self.table}{CHANGE_LOG_SUFFIX}"


_ALL: Final = (
    Source("ACCOUNTS", ("account_number",)),
    Source("ACTIVITIES", ("activity_id",)),
    Source("CUSTOMERS", ("customer_id",)),
    Source("ORDERS", ("order_id",)),
    Source("ORDER_LINES", ("order_id", "line_number")),
    Source("PAYMENTS", ("payment_id",)),
    Source("PORTAL_SESSIONS", ("session_id",)),
    Source("PRODUCTS", ("product_code",), freshness=timedelta(days=30)),
    Source("SUPPORT_TICKETS", ("ticket_id",)),
)

SOURCES: Final = {source.name: source for source in _ALL}
"""Each source by the name of the parameter that reads it."""
