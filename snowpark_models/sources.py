"""The sources: what replication keeps in RAW.

A staging model reads the mirror `RAW.ORDERS` as `raw_orders`, and the history `RAW.CUSTOMERS__HISTORY`, all
versions of the rows, as `raw_customers_history`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

PREFIX: Final = "raw_"
SCHEMA: Final = "RAW"
CHANGE_LOG_SUFFIX: Final = "__CHANGES"
HISTORY_SUFFIX: Final = "__HISTORY"


@dataclass(frozen=True)
class Freshness:
    """How old the newest change of a source may be; None: as old as it likes.

    Attributes:
        warn_after: a run says so, and builds.
        error_after: a run builds nothing that reads it.
    """

    warn_after: timedelta | None = timedelta(days=1)
    error_after: timedelta | None = None


@dataclass(frozen=True)
class Source:
    """A table of the source, as RAW keeps it.

    Attributes:
        table: its mirror.
        key: the key of the source's table.
        freshness: how old its newest change may be; a history's is that of its mirror.
        is_history: read is the history, a view that the replication's policy of the table asks for. It has
            the versions of a row, so what arrives in the mirror, by the same keys, arrives in it.
    """

    table: str
    key: tuple[str, ...]
    freshness: Freshness = Freshness()
    is_history: bool = False

    @property
    def name(self) -> str:
        """The parameter by which a staging model reads it."""
        return f"{PREFIX}{self.table.lower()}{'_history' if self.is_history else ''}"

    @property
    def relation(self) -> str:
        """What is read: the mirror or the history, by its name in RAW."""
        return f"{self.table}{HISTORY_SUFFIX}" if self.is_history else self.table

    @property
    def change_log(self) -> str:
        """The table of RAW with its changes."""
        return f"{self.table}{CHANGE_LOG_SUFFIX}"


_ALL: Final = (
    Source("ACCOUNTS", ("account_number",)),
    Source("ACTIVITIES", ("activity_id",)),
    Source("ACTIVITIES", ("activity_id",), is_history=True),
    Source("CUSTOMERS", ("customer_id",)),
    Source("CUSTOMERS", ("customer_id",), is_history=True),
    Source("ORDERS", ("order_id",)),
    Source("ORDER_LINES", ("order_id", "line_number")),
    Source("PAYMENTS", ("payment_id",)),
    Source("PORTAL_SESSIONS", ("session_id",)),
    Source("PRODUCTS", ("product_code",), freshness=Freshness(warn_after=timedelta(days=30))),
    Source("SUPPORT_TICKETS", ("ticket_id",)),
)

SOURCES: Final = {source.name: source for source in _ALL}
"""Each source by the name of the parameter that reads it."""
