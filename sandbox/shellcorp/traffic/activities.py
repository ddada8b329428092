"""Activities of the staff: planned, begun, ended, reopened, dropped."""

from __future__ import annotations

from sandbox.shellcorp.traffic import customers, texts
from sandbox.shellcorp.traffic.transaction import Transaction

TYPES = ("call", "meeting", "email", "onboarding", "contract_review", "site_visit")
MONTH_SECONDS = 30 * 86_400

HIGHEST = "SELECT MAX(activity_id) FROM dbo.activities"
CUSTOMER_AND_ACCOUNT = """
SELECT TOP (1) customers.customer_id, accounts.account_number
FROM dbo.customers AS customers
LEFT JOIN dbo.accounts AS accounts ON accounts.customer_id = customers.customer_id
WHERE customers.customer_id >= %s
ORDER BY customers.customer_id, accounts.account_number
"""
WITH_STATUS = """
SELECT TOP (1) activity_id
FROM dbo.activities
WHERE activity_id >= %s AND status = %s
ORDER BY activity_id
"""
STARTED_WITH_STATUS = """
SELECT TOP (1) activity_id
FROM dbo.activities
WHERE activity_id >= %s AND status = %s AND started_at <= %s
ORDER BY activity_id
"""
INSERT = """
INSERT INTO dbo.activities (
    activity_id, customer_id, account_number, activity_type, status, started_at, end_date, owner, details
)
VALUES (%s, %s, %s, %s, %s, %s, NULL, %s, %s)
"""
BEGIN = "UPDATE dbo.activities SET status = 'open', started_at = %s, owner = %s WHERE activity_id = %s"
END = "UPDATE dbo.activities SET status = %s, end_date = %s WHERE activity_id = %s"
REOPEN = "UPDATE dbo.activities SET status = 'open', end_date = NULL WHERE activity_id = %s"
SET_DETAILS = "UPDATE dbo.activities SET details = %s WHERE activity_id = %s"
DELETE = "DELETE FROM dbo.activities WHERE activity_id = %s"


def plan_activity(t: Transaction) -> None:
    """Plan an activity within a month, or begin one now."""
    activity = (t.first(HIGHEST)[0] or 0) + 1
    customer, account = t.draw(customers.HIGHEST, CUSTOMER_AND_ACCOUNT)
    status, delay = t.random.choice((("planned", t.random.randint(0, MONTH_SECONDS)), ("open", 0)))
    owner = texts.person(t.random) if t.chance(0.8) else None
    details = texts.letter(t.random) if t.chance(0.3) else None
    kind, started_at = t.random.choice(TYPES), t.at.plus(delay).text(3)
    t.execute(INSERT, activity, customer, account, kind, status, started_at, owner, details)


def begin_activity(t: Transaction) -> None:
    """Begin a planned activity."""
    (activity,) = t.draw(HIGHEST, WITH_STATUS, "planned")
    t.execute(BEGIN, t.at.text(3), texts.person(t.random), activity)


def end_activity(t: Transaction) -> None:
    """End-date an open activity; its details stay untouched."""
    (activity,) = t.draw(HIGHEST, STARTED_WITH_STATUS, "open", t.at.text(3))
    t.execute(END, t.random.choice(("completed", "completed", "cancelled")), t.at.date(), activity)


def reopen_activity(t: Transaction) -> None:
    """Take the end date back."""
    (activity,) = t.draw(HIGHEST, WITH_STATUS, "completed")
    t.execute(REOPEN, activity)


def write_details(t: Transaction) -> None:
    """Write the details, sometimes 100 kB, or clear them."""
    (activity,) = t.draw(HIGHEST, WITH_STATUS, t.random.choice(("open", "completed")))
    t.execute(SET_DETAILS, t.random.choice((texts.letter(t.random), None)), activity)


def drop_activity(t: Transaction) -> None:
    """Delete a planned activity."""
    (activity,) = t.draw(HIGHEST, WITH_STATUS, "planned")
    t.execute(DELETE, activity)
