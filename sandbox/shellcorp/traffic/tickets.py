"""Support tickets: opened, answered, closed, reopened."""

from __future__ import annotations

from sandbox.shellcorp.traffic import texts
from sandbox.shellcorp.traffic.customers import draw_customer
from sandbox.shellcorp.traffic.transaction import Transaction

HIGHEST = "SELECT MAX(ticket_id) FROM dbo.support_tickets"
WITH_STATUS = """
SELECT TOP (1) ticket_id, body
FROM dbo.support_tickets
WHERE ticket_id >= %s AND status = %s
ORDER BY ticket_id
"""
INSERT = """
INSERT INTO dbo.support_tickets (
    customer_id, subject, body, priority, status, satisfaction, opened_at, closed_at
)
VALUES (%s, %s, %s, %s, 'open', NULL, %s, NULL)
"""
ANSWER = "UPDATE dbo.support_tickets SET status = 'answered', body = %s WHERE ticket_id = %s"
CLOSE = """
UPDATE dbo.support_tickets
SET status = 'closed', closed_at = %s, satisfaction = %s
WHERE ticket_id = %s
"""
REOPEN = """
UPDATE dbo.support_tickets
SET status = 'open', closed_at = NULL, satisfaction = NULL, priority = 1
WHERE ticket_id = %s
"""
BODY_CHARACTERS = 60_000
"""Longer bodies are not appended to."""


def open_ticket(t: Transaction) -> None:
    """A customer asks; one letter in ten has 100 kB."""
    customer = draw_customer(t)
    subject, body = texts.line(t.random), texts.letter(t.random)
    t.execute(INSERT, customer, subject, body, t.random.randint(1, 4), t.at.text(0))


def answer_ticket(t: Transaction) -> None:
    """Append an answer to the body of an open ticket."""
    ticket, body = t.draw(HIGHEST, WITH_STATUS, "open")
    t.execute(ANSWER, f"{body[:BODY_CHARACTERS]}\r\n---\r\n{texts.line(t.random)}", ticket)


def close_ticket(t: Transaction) -> None:
    """Close an answered ticket, satisfied or without a word; the body stays untouched."""
    ticket, _ = t.draw(HIGHEST, WITH_STATUS, "answered")
    satisfaction = t.random.randint(10, 50) / 10 if t.chance(0.6) else None
    t.execute(CLOSE, t.at.text(0), satisfaction, ticket)


def reopen_ticket(t: Transaction) -> None:
    """The customer isn't content: closing time and satisfaction go back to NULL."""
    ticket, _ = t.draw(HIGHEST, WITH_STATUS, "closed")
    t.execute(REOPEN, ticket)
