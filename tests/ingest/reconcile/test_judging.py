"""A key's row at an LSN, from what the source has later and from the changes since: for any history."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.ingest.reconcile.judging import UNKNOWN, Change, row_at
from flows.ingest.tables.types import SqlType
from tests.ingest.given import INT, LONG_TEXT, table
from tests.ingest.history import AFTER, BEFORE, DELETE, INSERT, KEYS, TRANSACTIONS, History

LIVING = table({"id": INT, "value": INT, "story": LONG_TEXT}, key=["id"], name="living")


def changes_of(history: History, key: int, after: int, up_to: int) -> list[Change]:
    return [
        Change(row[3], row[4], row[5:], LIVING.columns)
        for commit in history.changes[after:up_to]
        for row in commit
        if row[5] == key
    ]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(transactions=TRANSACTIONS, moments=st.data())
def test_a_row_is_told_at_every_lsn_whenever_the_source_is_read(
    transactions: list[Any], moments: st.DataObject
) -> None:
    history = History.of(transactions)
    last = len(history.states) - 1
    at = moments.draw(st.integers(0, last), "cursor")
    read = moments.draw(st.integers(at, last), "read")
    harvested = moments.draw(st.integers(read, last), "harvested")
    for key in range(1, KEYS + 1):
        now, then = (history.states[moment].get(key) for moment in (read, at))
        found = row_at(LIVING, now and (key, *now), changes_of(history, key, at, harvested))
        if then is None or found is None:
            assert found == then
        else:
            assert found[:2] == (key, then[0])
            assert found[2] in (then[1], UNKNOWN)


TOLD = [
    ("no change", [], (1, 5, "now"), (1, 5, "now")),
    ("inserted since", [(INSERT, 0b111, (1, 5, "now"))], (1, 5, "now"), None),
    ("renamed to it", [(AFTER, 0b111, (1, 5, None))], (1, 5, "x"), None),
    (
        "text alone",
        [(BEFORE, 0b010, (1, 4, None)), (AFTER, 0b010, (1, 5, None))],
        (1, 5, "now"),
        (1, 4, "now"),
    ),
    (
        "text set, too",
        [(BEFORE, 0b110, (1, 4, "old")), (AFTER, 0b110, (1, 5, "now"))],
        (1, 5, "now"),
        (1, 4, "old"),
    ),
    (
        "text set to",
        [(BEFORE, 0b100, (1, 4, None)), (AFTER, 0b100, (1, 4, "now"))],
        (1, 4, "now"),
        (1, 4, None),
    ),
    ("deleted", [(DELETE, 0b111, (1, 4, None))], None, (1, 4, UNKNOWN)),
    ("renamed", [(BEFORE, 0b011, (1, 4, None))], None, (1, 4, UNKNOWN)),
    (
        "another of its key",
        [(BEFORE, 0b011, (1, 4, None)), (INSERT, 0b111, (1, 9, "new"))],
        (1, 9, "new"),
        (1, 4, UNKNOWN),
    ),
]


@pytest.mark.parametrize(
    ("changes", "now", "then"), [case[1:] for case in TOLD], ids=[case[0] for case in TOLD]
)
def test_what_a_before_image_tells(changes: list[Any], now: Any, then: Any) -> None:
    since = [Change(operation, bytes([mask]), row, LIVING.columns) for operation, mask, row in changes]
    assert row_at(LIVING, now, since) == then


def test_no_image_has_an_old_style_text_and_an_older_instance_may_lack_a_column() -> None:
    old = table({"id": INT, "story": SqlType("text", 16), "new": INT}, key=["id"], name="old")
    changes = [
        Change(BEFORE, bytes([0b010]), (1, None, None), (*old.columns[:2], None)),
        Change(AFTER, bytes([0b010]), (1, "now", None), (*old.columns[:2], None)),
    ]
    assert row_at(old, (1, "now", 7), changes) == (1, UNKNOWN, UNKNOWN)
