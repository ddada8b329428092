"""A made-up business whose customers leave, for what learns from it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from tests.models.shellcorp import Row, Rows
from tests.models.staged import HAPPENS, MODELS

NOW = datetime(2026, 6, 1)


class Business:
    """Customers with accounts, of whom a third leaves; who leaves complains before."""

    def __init__(self, seed: int, customers: int) -> None:
        self.chance = random.Random(seed)
        self.rows: dict[str, Rows] = {name: [] for name in MODELS}
        for customer in range(1, customers + 1):
            self.add(customer)

    def add(self, customer: int) -> None:
        leaves = NOW - timedelta(days=self.chance.randint(1, 420)) if self.chance.random() < 0.4 else None
        born = NOW - timedelta(days=self.chance.randint(500, 900))
        self.row("stg_customers", customer, born)
        self.row(
            "stg_accounts",
            customer,
            born,
            closed_on=leaves and str(leaves.date()),
            is_closed=leaves is not None,
        )
        for _ in range(self.chance.randint(0, 3)):
            opened = NOW - timedelta(days=self.chance.randint(30, 500))
            self.ticket(customer, opened, self.chance.choice((None, 4, 5)))
        if leaves is not None and self.chance.random() < 0.8:
            self.ticket(customer, leaves - timedelta(days=self.chance.randint(5, 70)), 1)
        for _ in range(self.chance.randint(0, 12)):
            visit = NOW - timedelta(days=self.chance.randint(1, 500))
            if leaves is None or visit < leaves - timedelta(days=30):
                end = str(visit + timedelta(minutes=9))
                self.row("stg_portal_sessions", customer, visit, ended_at=end, pages_viewed=3)
        self.row("stg_orders", customer, born + timedelta(days=3), updated_at=str(born))

    def ticket(self, customer: int, opened: datetime, satisfaction: int | None) -> None:
        closed_at = str(opened + timedelta(days=2))
        self.row(
            "stg_support_tickets",
            customer,
            opened,
            closed_at=closed_at,
            is_closed=True,
            satisfaction=satisfaction,
        )

    def row(self, model: str, customer: int, at: datetime, **columns: Any) -> None:
        key = {name: len(self.rows[model]) + 1 for name in MODELS[model].key if name != "customer_id"}
        clock = HAPPENS[model]
        told = str(at.date()) if clock.endswith("_on") else str(at)
        base: Row = {"is_cancelled": False, "committed_at": str(NOW), "customer_id": customer}
        self.rows[model].append({**base, **key, clock: told, **columns})
