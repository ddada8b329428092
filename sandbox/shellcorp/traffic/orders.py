"""Orders: placed, paid, shipped, changed, renumbered, cancelled, purged."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.shellcorp.traffic.customers import draw_customer
from sandbox.shellcorp.traffic.transaction import Transaction, Value

CURRENCIES = ("EUR", "USD", "GBP", "DKK", "SEK")
METHODS = ("card", "transfer", "direct_debit", "wallet")
DISCOUNTS = tuple(map(Decimal, ("0", "0", "0.05", "0.125", "0.3333", "0.5")))
FOUR_DIGITS = Decimal("0.0001")
PROVIDER_SECONDS = 1.5
"""How much later the payment provider's clock says a payment was made."""

HIGHEST_ORDER = "SELECT MAX(order_id) FROM dbo.orders"
ORDER_WITH_STATUS = """
SELECT TOP (1) order_id, total_amount, currency_code
FROM dbo.orders
WHERE order_id >= %s AND status = %s
ORDER BY order_id
"""
UNTOUCHED_ORDER = """
SELECT TOP (1) order_id
FROM dbo.orders
WHERE
    order_id >= %s AND status = 'placed'
    AND NOT EXISTS (SELECT 1 FROM dbo.payments WHERE payments.order_id = orders.order_id)
ORDER BY order_id
"""
CATALOGUE = (
    "SELECT product_code, list_price FROM dbo.products WHERE is_discontinued = 0 ORDER BY product_code"
)
CAPTURED = "SELECT COALESCE(SUM(amount), 0) FROM dbo.payments WHERE order_id = %s AND status = 'captured'"
LINES = """
SELECT line_number, product_code, quantity, unit_price, discount_rate
FROM dbo.order_lines
WHERE order_id = %s
ORDER BY line_number
"""
INSERT_ORDER = """
INSERT INTO dbo.orders (customer_id, status, currency_code, total_amount, placed_at, shipped_at, updated_at)
VALUES (%s, %s, %s, %s, %s, NULL, %s)
"""
INSERT_LINES = """
INSERT INTO dbo.order_lines (
    order_id, line_number, product_code, quantity, unit_price, discount_rate, line_amount
)
VALUES"""
INSERT_PAYMENT = """
INSERT INTO dbo.payments (payment_id, order_id, method, status, amount, currency_code, paid_at, provider_ref)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
UPDATE_STATUS = "UPDATE dbo.orders SET status = %s, updated_at = %s WHERE order_id = %s"
SHIP = "UPDATE dbo.orders SET status = 'shipped', shipped_at = %s, updated_at = %s WHERE order_id = %s"
REFUND = "UPDATE dbo.payments SET status = 'refunded' WHERE order_id = %s AND status = 'captured'"
UPDATE_LINE = """
UPDATE dbo.order_lines SET quantity = %s, line_amount = %s WHERE order_id = %s AND line_number = %s
"""
UPDATE_TOTAL = """
UPDATE dbo.orders
SET
    total_amount = (
        SELECT SUM(line_amount) FROM dbo.order_lines WHERE order_lines.order_id = orders.order_id
    ),
    updated_at = %s
WHERE order_id = %s
"""
DELETE_LINE = "DELETE FROM dbo.order_lines WHERE order_id = %s AND line_number = %s"
RENUMBER = "UPDATE dbo.order_lines SET line_number = line_number + 1000 WHERE order_id = %s"
PURGE = (
    "DELETE FROM dbo.payments WHERE order_id = %s",
    "DELETE FROM dbo.order_lines WHERE order_id = %s",
    "DELETE FROM dbo.orders WHERE order_id = %s",
)
HIGHEST_LINE_NUMBER = 30_000


@dataclass(frozen=True)
class Line:
    """A line of an order; its amount follows from the rest."""

    number: int
    product: str
    quantity: int
    price: Decimal
    discount: Decimal

    @property
    def amount(self) -> Decimal:
        """What the line costs, rounded as the database rounds."""
        exact = self.quantity * self.price * (1 - self.discount)
        return exact.quantize(FOUR_DIGITS, rounding=ROUND_HALF_UP)

    def row(self, order: int) -> tuple[Value, ...]:
        """Values for INSERT_LINES."""
        return (order, self.number, self.product, self.quantity, self.price, self.discount, self.amount)


def place_order(t: Transaction) -> None:
    """Place an order with its lines; most are paid at once, some in part or with an authorisation only."""
    customer = draw_customer(t)
    lines = _random_lines(t, t.random.randint(1, 5), 1)
    total = sum((line.amount for line in lines), Decimal(0))
    currency = t.random.choice(CURRENCIES)
    payment = t.random.choices(("captured", "in part", "authorised", "none"), (12, 2, 2, 4))[0]
    status = "paid" if payment == "captured" else "placed"
    t.execute(INSERT_ORDER, customer, status, currency, total, t.at.text(3), t.at.text(7))
    order = t.new_identity()
    t.insert_many(INSERT_LINES, [line.row(order) for line in lines])
    if payment == "in part":
        _pay(t, order, "captured", (total / 3).quantize(FOUR_DIGITS), currency)
    elif payment != "none":
        _pay(t, order, payment, total, currency)


def pay_order(t: Transaction) -> None:
    """Capture what is still to be paid of a placed order."""
    order, total, currency = t.draw(HIGHEST_ORDER, ORDER_WITH_STATUS, "placed")
    (captured,) = t.first(CAPTURED, order)
    _pay(t, order, "captured", total - captured, currency)
    t.execute(UPDATE_STATUS, "paid", t.at.text(7), order)


def fail_payment(t: Transaction) -> None:
    """A payment that the provider refuses."""
    order, total, currency = t.draw(HIGHEST_ORDER, ORDER_WITH_STATUS, "placed")
    _pay(t, order, "failed", total, currency)


def ship_order(t: Transaction) -> None:
    """Ship a paid order."""
    order, _, _ = t.draw(HIGHEST_ORDER, ORDER_WITH_STATUS, "paid")
    t.execute(SHIP, t.at.text(0), t.at.text(7), order)


def cancel_order(t: Transaction) -> None:
    """Cancel an order and give the money back."""
    order, _, _ = t.draw(HIGHEST_ORDER, ORDER_WITH_STATUS, t.random.choice(("placed", "paid")))
    t.execute(REFUND, order)
    t.execute(UPDATE_STATUS, "cancelled", t.at.text(7), order)


def change_order(t: Transaction) -> None:
    """Change the quantity of a line and add one, on an order without payments."""
    order, lines = _untouched(t)
    line = t.random.choice(lines)
    changed = Line(line.number, line.product, t.random.randint(1, 20), line.price, line.discount)
    t.execute(UPDATE_LINE, changed.quantity, changed.amount, order, changed.number)
    (added,) = _random_lines(t, 1, lines[-1].number + 1)
    t.insert_many(INSERT_LINES, [added.row(order)])
    t.execute(UPDATE_TOTAL, t.at.text(7), order)


def replace_line(t: Transaction) -> None:
    """Delete a line and insert another one with the same key, in one transaction."""
    order, lines = _untouched(t)
    number = t.random.choice(lines).number
    (replacement,) = _random_lines(t, 1, number)
    t.execute(DELETE_LINE, order, number)
    t.insert_many(INSERT_LINES, [replacement.row(order)])
    t.execute(UPDATE_TOTAL, t.at.text(7), order)


def renumber_lines(t: Transaction) -> None:
    """Move the lines of an order to other numbers: keys change, the total does not."""
    status = t.random.choice(("placed", "paid", "shipped"))
    order, _, _ = t.draw(HIGHEST_ORDER, ORDER_WITH_STATUS, status)
    if t.rows(LINES, order)[-1][0] < HIGHEST_LINE_NUMBER:
        t.execute(RENUMBER, order)


def purge_order(t: Transaction) -> None:
    """Delete a cancelled order with all that belongs to it."""
    order, _, _ = t.draw(HIGHEST_ORDER, ORDER_WITH_STATUS, "cancelled")
    for statement in PURGE:
        t.execute(statement, order)


def _pay(t: Transaction, order: int, status: str, amount: Decimal, currency: str) -> None:
    reference = None if status == "failed" else t.random.randbytes(32)
    paid_at = t.at.plus(PROVIDER_SECONDS).text(3)
    method = t.random.choice(METHODS)
    t.execute(INSERT_PAYMENT, str(uuid.uuid4()), order, method, status, amount, currency, paid_at, reference)


def _untouched(t: Transaction) -> tuple[int, list[Line]]:
    (order,) = t.draw(HIGHEST_ORDER, UNTOUCHED_ORDER)
    return order, [Line(*row) for row in t.rows(LINES, order)]


def _random_lines(t: Transaction, count: int, first_number: int) -> list[Line]:
    catalogue = t.rows(CATALOGUE)
    return [_random_line(t.random, number, catalogue) for number in range(first_number, first_number + count)]


def _random_line(rng: random.Random, number: int, catalogue: list[tuple[str, Decimal]]) -> Line:
    product, price = rng.choice(catalogue)
    return Line(number, product, rng.randint(1, 20), price, rng.choice(DISCOUNTS))
