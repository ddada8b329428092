"""Visits to the portal: begun, browsing, ended, purged."""

from __future__ import annotations

import random

from sandbox.shellcorp.traffic.customers import draw_customer
from sandbox.shellcorp.traffic.transaction import Transaction

PAGES = ("/", "/orders", "/søg?q=skruer;8", "/support/new", '/catalogue#"top"', "/帳戶", "/100%")
AGENTS = ("Mozilla/5.0 (X11; Linux) Shell/99.0", "Mozilla/5.0 (iPhone; CPU) Shell/101.2", "", None)

HIGHEST = "SELECT MAX(session_id) FROM dbo.portal_sessions"
RUNNING = """
SELECT TOP (1) session_id
FROM dbo.portal_sessions
WHERE ended_at IS NULL AND started_at <= %s
ORDER BY session_id
"""
INSERT = """
INSERT INTO dbo.portal_sessions (
    session_id, customer_id, started_at, ended_at, pages_viewed, longest_view,
    landing_page, user_agent, ip_address
)
VALUES (%s, %s, %s, NULL, 1, NULL, %s, %s, %s)
"""
VIEW = "UPDATE dbo.portal_sessions SET pages_viewed = pages_viewed + 1 WHERE session_id = %s"
END = "UPDATE dbo.portal_sessions SET ended_at = %s, longest_view = %s WHERE session_id = %s"
OLDEST = "SELECT MIN(session_id) FROM dbo.portal_sessions WHERE ended_at IS NOT NULL"
PURGE = "DELETE FROM dbo.portal_sessions WHERE session_id BETWEEN %s AND %s AND ended_at IS NOT NULL"


def begin_session(t: Transaction) -> None:
    """A customer signs in."""
    session = (t.first(HIGHEST)[0] or 0) + 1
    customer = draw_customer(t)
    page, agent = t.random.choice(PAGES), t.random.choice(AGENTS)
    t.execute(INSERT, session, customer, t.at.text(7), page, agent, _address(t.random))


def view_pages(t: Transaction) -> None:
    """The visit that runs longest goes on: several updates of one row."""
    (session,) = t.first(RUNNING, t.at.text(7))
    for _ in range(t.random.randint(1, 4)):
        t.execute(VIEW, session)


def end_session(t: Transaction) -> None:
    """The visit that runs longest ends."""
    (session,) = t.first(RUNNING, t.at.text(7))
    longest_view = f"00:{t.random.randint(0, 59):02d}:{t.random.randint(0, 59_999) / 1000:06.3f}"
    t.execute(END, t.at.text(7), longest_view, session)


def purge_sessions(t: Transaction) -> None:
    """Delete some of the oldest visits with one statement."""
    oldest = t.first(OLDEST)[0] or 0
    t.execute(PURGE, oldest, oldest + t.random.randint(0, 4))


def _address(rng: random.Random) -> bytes | None:
    size = rng.choice((None, 4, 4, 16))
    return rng.randbytes(size) if size else None
