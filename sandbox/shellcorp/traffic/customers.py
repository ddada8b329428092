"""Customers: registered, edited, corrected, forgotten."""

from __future__ import annotations

import uuid
from decimal import Decimal

from sandbox.shellcorp.traffic import texts
from sandbox.shellcorp.traffic.transaction import Transaction

COUNTRIES = ("CN", "DE", "DK", "EG", "FR", "GB", "IL", "JP", "NO", "SE", "US")
SEGMENTS = ("consumer", "business", "enterprise", "public")

HIGHEST = "SELECT MAX(customer_id) FROM dbo.customers"
ANY = "SELECT TOP (1) customer_id FROM dbo.customers WHERE customer_id >= %s ORDER BY customer_id"
WITHOUT_TRACE = """
SELECT TOP (1) customer_id
FROM dbo.customers
WHERE
    customer_id >= %s
    AND NOT EXISTS (SELECT 1 FROM dbo.accounts WHERE accounts.customer_id = customers.customer_id)
    AND NOT EXISTS (SELECT 1 FROM dbo.orders WHERE orders.customer_id = customers.customer_id)
ORDER BY customer_id
"""
INSERT = """
INSERT INTO dbo.customers (
    external_ref, name, email, country_code, segment, credit_limit, is_active, notes, created_at, updated_at
)
VALUES (%s, %s, %s, %s, %s, %s, 1, %s, %s, %s)
"""
SET_EMAIL = "UPDATE dbo.customers SET email = %s, updated_at = %s WHERE customer_id = %s"
RENAME = "UPDATE dbo.customers SET name = %s, country_code = %s, updated_at = %s WHERE customer_id = %s"
SET_CREDIT_LIMIT = "UPDATE dbo.customers SET credit_limit = %s, updated_at = %s WHERE customer_id = %s"
SET_SEGMENT = "UPDATE dbo.customers SET segment = %s, updated_at = %s WHERE customer_id = %s"
SET_ACTIVE = "UPDATE dbo.customers SET is_active = %s, updated_at = %s WHERE customer_id = %s"
SET_NOTES = "UPDATE dbo.customers SET notes = %s, updated_at = %s WHERE customer_id = %s"
FORGET = (
    "DELETE FROM dbo.activities WHERE customer_id = %s",
    "DELETE FROM dbo.support_tickets WHERE customer_id = %s",
    "DELETE FROM dbo.portal_sessions WHERE customer_id = %s",
    "DELETE FROM dbo.customers WHERE customer_id = %s",
)


def draw_customer(t: Transaction) -> int:
    """Any customer."""
    return int(t.draw(HIGHEST, ANY)[0])


def register_customer(t: Transaction) -> None:
    """A new customer; the e-mail address, made from the identity, is set in the same transaction."""
    notes = texts.letter(t.random) if t.chance(0.2) else None
    t.execute(
        INSERT, str(uuid.uuid4()), texts.person(t.random), None, t.random.choice(COUNTRIES),
        t.random.choice(SEGMENTS), _credit_limit(t), notes, t.at.text(3), t.at.text(7),
    )  # fmt: skip
    customer = t.new_identity()
    if t.chance(0.7):
        t.execute(SET_EMAIL, _email(t, customer), t.at.text(7), customer)


def rename_customer(t: Transaction, name: str | None = None) -> None:
    """A new name and country; the notes stay untouched, whatever their size."""
    name = name or texts.person(t.random)
    t.execute(RENAME, name, t.random.choice(COUNTRIES), t.at.text(7), draw_customer(t))


def change_email(t: Transaction) -> None:
    """Set the e-mail address, or unset it."""
    customer = draw_customer(t)
    email = _email(t, customer) if t.chance(0.6) else None
    t.execute(SET_EMAIL, email, t.at.text(7), customer)


def write_notes(t: Transaction) -> None:
    """Write notes, sometimes 100 kB; sometimes clear them, to NULL or to an empty text."""
    notes = t.random.choice((texts.letter(t.random), texts.letter(t.random), None, ""))
    t.execute(SET_NOTES, notes, t.at.text(7), draw_customer(t))


def correct_customer(t: Transaction) -> None:
    """Many changes of one row in one transaction, the last one wins."""
    customer = draw_customer(t)
    for _ in range(t.random.randint(2, 5)):
        t.execute(SET_CREDIT_LIMIT, _credit_limit(t), t.at.text(7), customer)
        t.execute(SET_SEGMENT, t.random.choice(SEGMENTS), t.at.text(7), customer)
    t.execute(SET_ACTIVE, t.chance(0.8), t.at.text(7), customer)


def forget_customer(t: Transaction) -> None:
    """Delete a customer who has neither account nor order, and all that is kept of them."""
    (customer,) = t.draw(HIGHEST, WITHOUT_TRACE)
    for statement in FORGET:
        t.execute(statement, customer)


def _email(t: Transaction, customer: int) -> str:
    return (
        f"customer{customer}.{t.random.randint(1, 99)}@{t.random.choice(('mail', 'post', 'books'))}.example"
    )


def _credit_limit(t: Transaction) -> Decimal | None:
    return Decimal(t.random.randint(0, 10_000_000)) / 100 if t.chance(0.7) else None
