"""Windows of the log: which commits a run applies next, and when they happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.ingest.lsn import Lsn
from flows.ingest.source import statements
from flows.ingest.source.reader import Row, SourceReader

DUMMY_TRANSACTION = 0
"""`tran_id` 0x00 marks what the capture job writes on an idle database (cdc.lsn_time_mapping)."""

CLOCK_JITTER = timedelta(minutes=1)
"""Commits that wait for each other may end a little out of the log's order; that is no clock change."""


@dataclass(frozen=True)
class Window:
    """The commits in (after, up_to]. `committed_at` has each commit's time in UTC, without time zone."""

    after: Lsn
    up_to: Lsn
    committed_at: dict[Lsn, datetime]
    transactions: int

    @property
    def is_idle(self) -> bool:
        """True when it holds no transaction: only the cursor moves."""
        return self.transactions == 0

    @property
    def ends_at(self) -> datetime:
        """When its last commit happened, UTC."""
        return self.committed_at[self.up_to]


def next_window(
    session: SourceReader,
    after: Lsn,
    max_transactions: int,
    zone: ZoneInfo,
    after_time: datetime | None = None,
) -> Window | None:
    """The next window, of at most `max_transactions` commits; None when CDC has harvested nothing newer.

    `after_time` is when the commit `after` happened, UTC; None when that is not known.

    Windows end at commits of cdc.lsn_time_mapping. The capture job writes that row together with the
    commit's changes, so a window is never half a commit.
    """
    commits = session.rows(statements.commits_after(after, max_transactions))
    if not commits:
        return None
    times = utc_times([ended_at for _, ended_at, _ in commits], zone, after_time)
    return Window(
        after=after,
        up_to=Lsn.from_bytes(commits[-1][0]),
        committed_at={Lsn.from_bytes(row[0]): time for row, time in zip(commits, times, strict=True)},
        transactions=sum(not _is_dummy(row) for row in commits),
    )


def clipped(window: Window | None, after: Lsn, up_to: Lsn) -> Window:
    """The part of a window that ends at an LSN; with no window, one that holds no commit."""
    times = {} if window is None else {lsn: at for lsn, at in window.committed_at.items() if lsn <= up_to}
    if window is not None and len(times) == len(window.committed_at):
        return window
    return Window(after, up_to, times, len(times))


def commit_time(session: SourceReader, lsn: Lsn, zone: ZoneInfo) -> datetime | None:
    """When a commit happened, UTC; None when CDC no longer knows it."""
    local = session.scalar(statements.commit_time(lsn))
    return None if local is None else utc_times([local], zone)[0]


def utc_times(local: Sequence[datetime], zone: ZoneInfo, before: datetime | None = None) -> list[datetime]:
    """Server-local commit times, in log order, as UTC without time zone; `before` is the commit before them.

    In the hour that a clock change repeats, a time that goes back belongs to the second round.
    """
    return list(_in_log_order(local, zone, before))


def _in_log_order(local: Sequence[datetime], zone: ZoneInfo, before: datetime | None) -> Iterator[datetime]:
    for moment in local:
        utc = moment.replace(tzinfo=zone, fold=0).astimezone(UTC).replace(tzinfo=None)
        if before is not None and before - CLOCK_JITTER <= utc < before:
            utc = before
        elif before is not None and utc < before:
            later = moment.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(tzinfo=None)
            utc = max(utc, later)
        before = utc
        yield utc


def _is_dummy(commit: Row) -> bool:
    transaction = commit[2]
    return transaction is None or int.from_bytes(transaction, "big") == DUMMY_TRANSACTION
