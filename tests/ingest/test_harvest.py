"""Whether CDC has harvested past a moment, also in the hour that a clock change repeats."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flows.ingest.source.harvest import Newest, is_later

NOON = datetime(2026, 10, 25, 2, 50)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("newest", "marked_newest", "marked_now", "expected"),
    [
        (at(1), at(0), at(0.5), True),
        (at(0.4), at(0), at(0.5), False),
        (None, None, at(0.5), False),
        (at(-50), at(0), at(0.5), True),  # the clock was set back by an hour, ten minutes later
        (at(-50), at(0), at(-55), True),  # it had been set back before the mark
        (at(-57), at(0), at(-55), False),
        (at(-0.2), at(0), at(0.5), False),  # commits that wait for each other may end out of the log's order
    ],
)
def test_a_commit_after_the_mark_is_told_by_its_time_and_by_the_order_of_the_log(
    newest: datetime | None, marked_newest: datetime | None, marked_now: datetime, expected: bool
) -> None:
    marked = Newest(b"\1", marked_newest, marked_now)
    assert is_later(Newest(b"\2", newest, at(10)), marked) == expected
