"""Random rows of every source: orphans, tombstones and disagreeing totals included."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.models.given import Value

BEGIN = datetime(2026, 1, 1)
Row = dict[str, Value]
Rows = list[Row]


class Shellcorp:
    """Random rows of every source: orphans, tombstones and disagreeing totals included."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def rows(self) -> dict[str, Rows]:
        """Rows by source."""
        return {
            "raw_customers": [self.named(n) for n in range(1, 13)],
            "raw_accounts": [self.account(n) for n in range(15)],
            "raw_activities": [self.activity(n) for n in range(25)],
            "raw_products": [self.product(n) for n in range(5)],
            "raw_orders": [self.order(n) for n in range(40)],
            "raw_order_lines": [
                self.line(order, number) for order in range(42) for number in range(self.chance.randint(0, 3))
            ],
            "raw_payments": [self.payment(n) for n in range(60)],
            "raw_support_tickets": [self.ticket(n) for n in range(40)],
            "raw_portal_sessions": [self.visit(n) for n in range(60)],
        }

    def change(self, **columns: Value) -> Row:
        """A row with its platform columns; one in eight is a tombstone."""
        return {**columns, "_committed_at": self.moment(), "_deleted": self.chance.random() < 1 / 8}

    def moment(self) -> str:
        """A time of the half year, to the second."""
        return str(BEGIN + timedelta(seconds=self.chance.randrange(180 * 86_400)))

    def customer(self) -> int:
        """A customer, who may not exist."""
        return self.chance.randint(1, 13)

    def amount(self) -> str:
        """An amount of few different values, so that sums agree now and then."""
        return self.chance.choice(("0", "5.0000", "9.9999", "10.0001", "20"))

    def named(self, customer_id: int) -> Row:
        return self.change(customer_id=customer_id, name=f"Customer {self.chance.randint(1, 3)}")

    def product(self, number: int) -> Row:
        return self.change(product_code=f"HW-{number:05}")

    def order(self, order_id: int) -> Row:
        return self.change(
            order_id=order_id,
            customer_id=self.customer(),
            status=self.chance.choice(("placed", "paid", "shipped", "cancelled")),
            currency_code=self.chance.choice(("EUR", "SEK")),
            total_amount=self.amount(),
            placed_at=self.moment(),
            shipped_at=self.chance.choice((None, self.moment())),
        )

    def line(self, order_id: int, number: int) -> Row:
        return self.change(order_id=order_id, line_number=number + 1, quantity=1, line_amount=self.amount())

    def payment(self, number: int) -> Row:
        return self.change(
            payment_id=f"P{number}",
            order_id=self.chance.randrange(42),
            status=self.chance.choice(("authorised", "captured", "failed", "refunded")),
            amount=self.amount(),
            currency_code=self.chance.choice(("EUR", "SEK")),
            paid_at=self.moment(),
        )

    def account(self, number: int) -> Row:
        status = self.chance.choice(("open", "frozen", "closed"))
        return self.change(
            account_number=f"AC-{number:010}",
            customer_id=self.customer(),
            status=status,
            balance=self.amount(),
        )

    def activity(self, activity_id: int) -> Row:
        status = self.chance.choice(("planned", "open", "completed", "cancelled"))
        return self.change(
            activity_id=activity_id,
            customer_id=self.customer(),
            account_number=self.chance.choice((None, f"AC-{self.chance.randrange(15):010}")),
            status=status,
            end_date=self.chance.choice((None, "2026-01-01", "2026-02-01")),
        )

    def ticket(self, ticket_id: int) -> Row:
        opened = BEGIN + timedelta(hours=self.chance.randrange(20 * 24))
        closed = self.chance.random() < 2 / 3
        return self.change(
            ticket_id=ticket_id,
            customer_id=self.customer(),
            priority=self.chance.randint(1, 2),
            status="closed" if closed else "open",
            opened_at=str(opened),
            closed_at=str(opened + timedelta(hours=self.chance.randrange(200))) if closed else None,
        )

    def visit(self, session_id: int) -> Row:
        return self.change(session_id=session_id, customer_id=self.customer(), started_at=self.moment())

    def any_rows(self, source: str, count: int) -> Rows:
        """Some rows of a source, with keys among those of `rows`, each once."""
        return self.chance.sample(self.rows()[source], k=count)
