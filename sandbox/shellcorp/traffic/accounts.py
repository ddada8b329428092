"""Accounts: opened, used, frozen, migrated to a new number, closed."""

from __future__ import annotations

from decimal import Decimal

from sandbox.shellcorp.traffic.customers import draw_customer
from sandbox.shellcorp.traffic.transaction import NothingToDo, Transaction

OLD_PREFIX, NEW_PREFIX = "AC-", "SC-"
TYPES = ("current", "savings", "credit", "prepaid")

HIGHEST_NUMBER = "SELECT MAX(CAST(RIGHT(account_number, 10) AS bigint)) FROM dbo.accounts"
AT_OR_AFTER = """
SELECT TOP (1) account_number, customer_id, account_type, balance
FROM dbo.accounts
WHERE account_number >= %s AND status = %s
ORDER BY account_number
"""
INSERT = """
INSERT INTO dbo.accounts (
    account_number, customer_id, account_type, status, balance, opened_on, closed_on, updated_at
)
VALUES (%s, %s, %s, 'open', %s, %s, NULL, %s)
"""
MOVE = "UPDATE dbo.accounts SET balance = balance + %s, updated_at = %s WHERE account_number = %s"
SET_STATUS = "UPDATE dbo.accounts SET status = %s, updated_at = %s WHERE account_number = %s"
CLOSE = """
UPDATE dbo.accounts
SET status = 'closed', closed_on = %s, balance = 0, updated_at = %s
WHERE account_number = %s
"""
MIGRATE = (
    "UPDATE dbo.accounts SET account_number = %s, updated_at = %s WHERE account_number = %s",
    "UPDATE dbo.activities SET account_number = %s WHERE account_number = %s",
)


def open_account(t: Transaction) -> None:
    """A new account of any customer."""
    customer = draw_customer(t)
    number = f"{NEW_PREFIX}{(t.first(HIGHEST_NUMBER)[0] or 0) + 1:010d}"
    deposit = Decimal(t.random.randint(0, 100_000)) / 100
    t.execute(INSERT, number, customer, t.random.choice(TYPES), deposit, t.at.date(), t.at.text(7))


def move_money(t: Transaction) -> None:
    """Move money between two accounts: both rows change, their sum does not."""
    source, _, kind, balance = _draw(t, "open")
    target, *_ = _draw(t, "open")
    available = balance if kind != "credit" else Decimal(5_000)
    amount = (available * t.random.randint(1, 50) / 100).quantize(Decimal("0.0001"))
    if source == target or amount <= 0:
        raise NothingToDo
    t.execute(MOVE, -amount, t.at.text(7), source)
    t.execute(MOVE, amount, t.at.text(7), target)


def freeze_account(t: Transaction) -> None:
    """Freeze an open account, or thaw a frozen one."""
    before, after = t.random.choice((("open", "frozen"), ("frozen", "open")))
    number, *_ = _draw(t, before)
    t.execute(SET_STATUS, after, t.at.text(7), number)


def close_account(t: Transaction) -> None:
    """Pay out the balance and end-date the account."""
    number, *_ = _draw(t, "open")
    t.execute(CLOSE, t.at.date(), t.at.text(7), number)


def migrate_account(t: Transaction) -> None:
    """Give an account its number of the new form: its key changes, and its activities follow."""
    old, *_ = t.first(AT_OR_AFTER, _random_number(t, OLD_PREFIX), "open")
    if not old.startswith(OLD_PREFIX):
        raise NothingToDo
    new = NEW_PREFIX + old.removeprefix(OLD_PREFIX)
    accounts, activities = MIGRATE
    t.execute(accounts, new, t.at.text(7), old)
    t.execute(activities, new, old)


def _draw(t: Transaction, status: str) -> tuple[str, int, str, Decimal]:
    number, customer, kind, balance = t.first(
        AT_OR_AFTER, _random_number(t, t.random.choice((OLD_PREFIX, OLD_PREFIX, NEW_PREFIX))), status
    )
    return number, customer, kind, balance


def _random_number(t: Transaction, prefix: str) -> str:
    return f"{prefix}{t.random.randint(0, t.first(HIGHEST_NUMBER)[0] or 0):010d}"
