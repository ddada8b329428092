"""Versions in time: worked out by hand, and of random histories held against a walk and against dbt."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from snowflake.snowpark import Session

from snowpark_models.marts.customer_history import customer_history
from snowpark_models.staging.stg_customer_history import stg_customer_history
from snowpark_models.versions import versions
from tests.models.dbt_snapshots import snapshots
from tests.models.given import Value, given, rows_of

BEGIN = datetime(2026, 1, 1)
Version = tuple[object, ...]
Commit = tuple[int, int, int | None]
"""Position, second of the commit, and the credit limit from then on; None: the customer is deleted."""


def at(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def committed(customer: int, commits: list[Commit]) -> list[dict[str, Value]]:
    """Rows of STG_CUSTOMER_HISTORY: what RAW's history makes of commits."""
    followed = zip(commits, [*commits[1:], None], strict=True)
    return [
        {
            "customer_id": customer,
            "from_position": f"{position:05}",
            "to_position": f"{after[0]:05}" if after else None,
            "valid_from": str(at(second)),
            "valid_to": str(at(after[1])) if after else None,
            "credit_limit": limit or None,
        }
        for (position, second, limit), after in followed
        if limit is not None
    ]


def test_versions_merge_vanish_end_and_leave_gaps(session: Session) -> None:
    rows = [
        *committed(1, [(1, 10, 5), (2, 20, 5), (3, 30, 7)]),
        *committed(2, [(1, 10, 5), (2, 20, 6), (3, 20, 5), (4, 40, None)]),
        *committed(3, [(1, 10, 5), (2, 20, None), (3, 30, 5)]),
        *committed(4, [(1, 10, 0), (2, 20, 0)]),
        *committed(5, [(1, 10, 5), (2, 10, None)]),
        *committed(6, [(1, 30, 5), (2, 20, 6), (3, 40, 7)]),
    ]
    history = customer_history(given(session, stg_customer_history, *rows))
    assert rows_of(history, "customer_id", "valid_from", "valid_to", "is_current", "credit_limit") == [
        (1, at(10), at(30), False, 5),  # equal versions are one
        (1, at(30), None, True, 7),
        (2, at(10), at(40), False, 5),  # what was replaced at once was never seen; a delete ends the last
        (3, at(10), at(20), False, 5),  # deleted, and back
        (3, at(30), None, True, 5),
        (4, at(10), None, True, None),  # NULL is equal to NULL
        (6, at(30), at(40), False, 6),  # a clock set back stands still
        (6, at(40), None, True, 7),
    ]


def seen(commits: list[Commit], second: int) -> int | None:
    """The limit that a reader saw at the end of a second: that of the last commit whose time had come."""
    latest, state = 0, None
    for _, committed_at, limit in commits:
        latest = max(latest, committed_at)
        if latest <= second:
            state = limit
    return state


def walked(customer: int, commits: list[Commit], until: int) -> list[Version]:
    """The versions by looking at each second."""
    found: list[Version] = []
    states = [seen(commits, second) for second in range(until)]
    begin = 0
    for second in range(1, until + 1):
        if second == until or states[second] != states[begin]:
            if states[begin] is not None:
                is_current = second == until
                end = None if is_current else at(second)
                found.append((customer, at(begin), end, is_current, states[begin] or None))
            begin = second
    return found


def random_histories(customers: int, last_second: int) -> dict[int, list[Commit]]:
    """Commits of few values, with ties, deletes, returns and clocks set back."""
    chance = random.Random(20261123)
    histories: dict[int, list[Commit]] = {}
    for customer in range(customers):
        second, commits = 1, []
        for position in range(chance.randint(1, 9)):
            second = min(last_second, max(1, second + chance.choice((0, 0, 1, 2, 3, -2))))
            is_there = bool(commits) and commits[-1][2] is not None
            limit = None if is_there and chance.random() < 1 / 4 else chance.choice((0, 1, 1, 2))
            commits.append((position, second, limit))
        histories[customer] = commits
    return histories


def versions_of(session: Session, histories: dict[int, list[Commit]]) -> list[tuple[object, ...]]:
    """Customer, from when, until when, whether current, and limit: of what the platform makes."""
    rows = [row for customer, commits in histories.items() for row in committed(customer, commits)]
    committed_rows = session.sql(
        "SELECT $1 AS CUSTOMER_ID, $2 AS FROM_POSITION, $3::TIMESTAMP_NTZ AS VALID_FROM, "
        f"$4::TIMESTAMP_NTZ AS VALID_TO, $5 AS CREDIT_LIMIT FROM VALUES {', '.join(map(as_values, rows))}"
    )
    found = versions(committed_rows, key="CUSTOMER_ID", kept=["CREDIT_LIMIT"])
    return rows_of(found, "customer_id", "valid_from", "valid_to", "is_current", "credit_limit")


def as_values(row: dict[str, Value]) -> str:
    names = ("customer_id", "from_position", "valid_from", "valid_to", "credit_limit")
    cells = ("NULL" if row[name] is None else repr(row[name]) for name in names)
    return f"({', '.join(cells)})"


def test_versions_are_what_a_reader_saw_second_by_second(session: Session) -> None:
    histories = random_histories(customers=40, last_second=50)
    expected = [
        version for customer, commits in histories.items() for version in walked(customer, commits, until=60)
    ]
    assert len(expected) > 60
    assert versions_of(session, histories) == expected


def test_versions_are_those_of_dbt_snapshots_taken_each_second(session: Session, tmp_path: Path) -> None:
    """The same states one after the other, seen by `dbt snapshot` (strategy check, deletes invalidate)."""
    histories = random_histories(customers=100, last_second=6)
    states = []
    for second in range(7):
        limits = {customer: seen(commits, second) for customer, commits in histories.items()}
        there = {customer: limit or None for customer, limit in limits.items() if limit is not None}
        states.append((at(second), there))
    expected = snapshots(tmp_path, states)
    assert len(expected) > 150
    found = versions_of(session, histories)
    assert [(key, value, begin, end) for key, begin, end, _, value in found] == expected
    assert all(is_current == (end is None) for _, _, end, is_current, _ in found)
