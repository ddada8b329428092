"""Windows end at commits, idle databases move on, and commit times survive a clock change."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flows.ingest.changes.window import next_window, utc_times
from tests.ingest.given import Answers, lsn

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
UTC = ZoneInfo("UTC")
NOON = datetime(2026, 1, 1, 12)


def commits(*numbers: int, dummies: tuple[int, ...] = ()) -> Answers:
    rows = [
        (bytes.fromhex(lsn(n).hex), NOON + timedelta(seconds=n), b"\0" if n in dummies else b"\7")
        for n in numbers
    ]
    return Answers({"cdc.lsn_time_mapping": rows})


def test_a_window_ends_at_the_last_commit_it_was_given() -> None:
    source = commits(3, 5, 8)
    window = next_window(source, lsn(2), 3, UTC)  # type: ignore[arg-type]
    assert window is not None
    assert (window.after, window.up_to, window.transactions) == (lsn(2), lsn(8), 3)
    assert window.ends_at == NOON + timedelta(seconds=8)
    assert "TOP (3)" in source.asked[0]
    assert f"start_lsn > 0x{lsn(2)}" in source.asked[0]


def test_dummy_rows_move_an_idle_cursor() -> None:
    window = next_window(commits(9, dummies=(9,)), lsn(2), 3, UTC)  # type: ignore[arg-type]
    assert window is not None
    assert window.is_idle
    assert window.up_to == lsn(9)


def test_nothing_harvested_is_no_window() -> None:
    assert next_window(commits(), lsn(2), 3, UTC) is None  # type: ignore[arg-type]


def test_the_hour_that_a_clock_change_repeats_is_told_by_the_order_of_the_log() -> None:
    local = [datetime(2026, 10, 25, 2, 50), datetime(2026, 10, 25, 2, 10), datetime(2026, 10, 25, 3, 0)]
    assert utc_times(local, COPENHAGEN) == [
        datetime(2026, 10, 25, 0, 50),
        datetime(2026, 10, 25, 1, 10),
        datetime(2026, 10, 25, 2, 0),
    ]


def test_a_window_that_begins_in_the_repeated_hour_goes_by_the_cursor() -> None:
    local, cursor = [datetime(2026, 10, 25, 2, 10)], datetime(2026, 10, 25, 0, 50)
    assert utc_times(local, COPENHAGEN, before=cursor) == [datetime(2026, 10, 25, 1, 10)]
    assert utc_times(local, COPENHAGEN) == [datetime(2026, 10, 25, 0, 10)]
    source = Answers({"cdc.lsn_time_mapping": [(bytes.fromhex(lsn(3).hex), local[0], b"\7")]})
    window = next_window(source, lsn(2), 3, COPENHAGEN, cursor)  # type: ignore[arg-type]
    assert window is not None
    assert window.ends_at == datetime(2026, 10, 25, 1, 10)


def test_commits_a_little_out_of_order_are_no_clock_change() -> None:
    first, second = datetime(2026, 10, 25, 2, 30, 0, 3000), datetime(2026, 10, 25, 2, 30)
    utc = datetime(2026, 10, 25, 0, 30, 0, 3000)
    assert utc_times([first, second], COPENHAGEN) == [utc, utc]


@given(st.lists(st.integers(0, 6 * 3600), min_size=2, max_size=20).map(sorted))
def test_commit_times_never_go_back(seconds: list[int]) -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    local = [
        (start + timedelta(seconds=s)).astimezone(COPENHAGEN).replace(tzinfo=None, fold=0) for s in seconds
    ]
    assert utc_times(local, COPENHAGEN) == sorted(utc_times(local, COPENHAGEN))
