"""The history equals the source at every past commit: the real view, on the stand-in Snowflake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.ingest.lsn import snapshot_position
from flows.ingest.snapshot.chunks import Chunk, Watermark, read_chunk
from flows.ingest.warehouse import history_sql
from flows.ingest.warehouse.apply import SnapshotEnd, finish_snapshot
from flows.ingest.warehouse.ledger import Ledger
from flows.ingest.warehouse.session import WarehouseSession
from tests.ingest.given import Answers, lsn
from tests.ingest.history import TRANSACTIONS, History, Values
from tests.ingest.test_apply import (
    LIVING,
    NOW,
    SLOW,
    apply,
    empty,
    mirror,
    next_label,
    stage,
    staged_window,
    warehouse,
)

__all__ = ["warehouse"]  # the fixture

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Version = tuple[int, int, str | None, datetime, datetime | None, str, str | None]


def time_of(commit: int) -> datetime:
    return NOW + timedelta(seconds=commit)


@pytest.fixture
def ledger(warehouse: WarehouseSession) -> Iterator[Ledger]:
    warehouse.execute("UPDATE OPS.CURSORS SET LSN = %s WHERE PIPELINE = 'apply'", (lsn(0).hex,))
    warehouse.execute(history_sql.create_history(LIVING))
    empty(warehouse)
    yield Ledger(warehouse, "apply", "test")
    warehouse.execute(history_sql.drop_history("LIVING"))


def staged_chunk(ledger: Ledger, state: dict[int, Values], watermark: int, keys: set[int]) -> Any:
    rows = [(key, *values) for key, values in state.items() if key in keys]
    source, label = Answers({"FROM [dbo].[living]": rows}), next_label()
    chunk, mark = Chunk("LIVING", lsn(0), 0, None, None), Watermark(lsn(watermark), time_of(watermark))
    return stage(ledger.warehouse, read_chunk(source, LIVING, chunk, mark, label), label) if rows else None  # type: ignore[arg-type]


def begin(ledger: Ledger, began: int) -> None:
    ledger.start_snapshot(LIVING, lsn(began), [], lsn(0), NOW)


def finish(ledger: Ledger, began: int, consistent_from: int) -> None:
    end = SnapshotEnd(LIVING, lsn(began), time_of(began), lsn(consistent_from), next_label().batch)
    finish_snapshot(ledger, end, lsn(0), NOW)


def versions(warehouse: WarehouseSession) -> list[Version]:
    rows = warehouse.rows(
        "SELECT ID, VALUE, STORY, _VALID_FROM, _VALID_TO, _FROM_POSITION, _TO_POSITION "
        "FROM RAW.LIVING__HISTORY ORDER BY ID, _FROM_POSITION"
    )
    return [tuple(row) for row in rows]  # type: ignore[misc]


def as_of(found: list[Version], commit: int) -> dict[int, Values]:
    """The table at a commit: by position and by time, which must agree."""
    position, moment = snapshot_position(lsn(commit)), time_of(commit)
    by_position = [v for v in found if v[5] <= position and (v[6] is None or position < v[6])]
    by_time = [v for v in found if v[3] <= moment and (v[4] is None or moment < v[4])]
    assert by_position == by_time
    state = {key: (value, story) for key, value, story, *_ in by_position}
    assert len(state) == len(by_position), "two versions of a row at once"
    return state


@settings(SLOW, max_examples=12)
@given(TRANSACTIONS, st.data())
def test_the_history_equals_the_source_at_every_commit(
    ledger: Ledger, transactions: list, data: st.DataObject
) -> None:
    """Streaming up to a gap, then a snapshot anew beside streaming; each window may come again, later."""
    warehouse = ledger.warehouse
    empty(warehouse)
    history = History.of(transactions)
    commits = len(history.changes)
    gap_at = data.draw(st.integers(0, commits), "a gap begins after")
    began = data.draw(st.integers(gap_at, commits), "the snapshot begins at")
    consistent = data.draw(st.integers(began, commits), "its last chunk is as new as")
    windows = [(0, gap_at), (began, consistent), (consistent, commits)]
    apply(warehouse, staged_window(warehouse, history, 0, gap_at))
    begin(ledger, began)
    for keys in ({1, 2}, {3}):
        read_at = data.draw(st.integers(began, consistent), "chunk is as new as")
        watermark = data.draw(st.integers(began, read_at), "watermark")
        apply(warehouse, staged_chunk(ledger, history.states[read_at], watermark, keys))
    for number, (after, up_to) in enumerate(windows[1:]):
        apply(warehouse, staged_window(warehouse, history, after, up_to))
        if number == 0:
            finish(ledger, began, consistent)
    for after, up_to in data.draw(st.lists(st.sampled_from(windows), max_size=2), "delivered again"):
        apply(warehouse, staged_window(warehouse, history, after, up_to))
    found = versions(warehouse)
    for commit in (*range(gap_at), *range(consistent, commits + 1)):
        assert as_of(found, commit) == history.states[commit], f"at commit {commit}"
    assert mirror(warehouse) == history.states[commits]


def test_batches_in_another_order_give_the_same_history(ledger: Ledger) -> None:
    history = History.of([[("put", 1, "a")], [("set", 1, None)], [("write", 1, None)], [("set", 1, None)]])
    for commit in (3, 1, 0, 2, 1):
        apply(ledger.warehouse, staged_window(ledger.warehouse, history, commit, commit + 1))
    found = versions(ledger.warehouse)
    assert [as_of(found, commit) for commit in range(5)] == history.states
    assert len(found) == 4


def test_a_snapshot_again_makes_versions_of_what_differs_only(ledger: Ledger) -> None:
    """1 stays, 2 changed and 3 was deleted in the gap."""
    before = History.of([[("put", 1, "a"), ("put", 2, None), ("put", 3, "c")]])
    apply(ledger.warehouse, staged_window(ledger.warehouse, before, 0, 1))
    begin(ledger, 4)
    for read_at in (4, 5):
        read = {1: before.states[1][1], 2: (7, "new")}
        apply(ledger.warehouse, staged_chunk(ledger, read, read_at, {1, 2, 3}))
    finish(ledger, began=4, consistent_from=5)
    assert [(key, value, since, until) for key, value, _, since, until, *_ in versions(ledger.warehouse)] == [
        (1, 101, time_of(1), None),
        (2, 102, time_of(1), time_of(4)),
        (2, 7, time_of(4), None),
        (3, 103, time_of(1), time_of(4)),
    ]


def test_several_changes_of_a_commit_are_one_version(ledger: Ledger) -> None:
    history = History.of([[("put", 1, "a"), ("set", 1, None), ("set", 1, None)], [("delete", 1, None)]])
    apply(ledger.warehouse, staged_window(ledger.warehouse, history, 0, 2))
    assert [version[:5] for version in versions(ledger.warehouse)] == [(1, 103, "a", time_of(1), time_of(2))]
