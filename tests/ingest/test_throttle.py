"""A budget of rows a second or of a share of time, in a time that the test moves."""

from __future__ import annotations

import pytest

from flows.ingest.context import Limits
from flows.ingest.errors import ReplicationError
from flows.ingest.snapshot.chunks import rows_per_chunk
from flows.ingest.snapshot.throttle import Throttle
from tests.ingest.given import INT, LONG_TEXT, Answers, table


@pytest.mark.parametrize(
    ("throttle", "rows", "seconds", "wait"),
    [
        (Throttle(), 10_000, 2.0, 0.0),
        (Throttle(rows_per_second=1_000), 10_000, 2.0, 8.0),
        (Throttle(rows_per_second=1_000), 1_000, 2.0, 0.0),
        (Throttle(share=0.25), 10, 2.0, 6.0),
        (Throttle(rows_per_second=1_000, share=0.25), 10_000, 2.0, 8.0),
    ],
)
def test_a_chunk_is_followed_by_a_pause(throttle: Throttle, rows: int, seconds: float, wait: float) -> None:
    now = [100.0]
    throttle.clock = lambda: now[0]
    assert throttle.is_open()
    throttle.book(rows, seconds)
    assert throttle.seconds_left == pytest.approx(wait)
    now[0] += wait
    assert throttle.is_open()


@pytest.mark.parametrize(
    "wrong",
    [
        {"snapshot_share": 0},
        {"snapshot_share": 2},
        {"snapshot_rows_per_second": 0},
        {"max_transactions_per_window": 0},
        {"chunk_rows": -1},
    ],
)
def test_a_limit_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ReplicationError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first_rows", "expected"),
    [((1000, 1_000_000), 50), ((0, None), 500), ((1000, 10), 500), ((1, 10**9), 1)],
)
def test_chunks_of_large_values_have_fewer_rows(first_rows: tuple[int, int | None], expected: int) -> None:
    stories = table({"id": INT, "story": LONG_TEXT}, key=["id"], name="stories")
    source = Answers({"DATALENGTH([story])": [first_rows]})
    assert rows_per_chunk(source, stories, 500, 50_000) == expected  # type: ignore[arg-type]
