"""How far CDC has harvested the log: a table's rows can be newer than CDC's max LSN, and so a chunk's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.ingest.errors import SourceError
from flows.ingest.source import statements
from flows.ingest.source.session import SourceSession

DEFAULT_POLLING_INTERVAL = timedelta(seconds=5)
"""Of the capture job, where the login may not read msdb (Microsoft, sys.sp_cdc_add_job)."""

CLOCK_SET_BACK = timedelta(minutes=30)
"""A commit whose time is so much before an earlier one's was made after the server's clock went back."""

CLOCK_JITTER = timedelta(minutes=1)

POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Newest:
    """The newest harvested commit, both None when there is none, and now; times are the server's own."""

    lsn: bytes | None
    ended_at: datetime | None
    now: datetime


@dataclass
class Harvest:
    """Tells when CDC knows all that was committed before a moment.

    A commit after the moment, once harvested, shows it: commits are harvested in order. On a database
    where nothing is committed, three polls of the capture job without news show it as well.
    """

    session: SourceSession
    marked: Newest | None = None
    _seen: bytes | None = None
    _quiet_since: float = 0.0

    def mark(self) -> None:
        """The moment is now: something was just read that CDC may not know yet."""
        self.marked = self._newest()
        self._seen, self._quiet_since = self.marked.lsn, time.monotonic()

    def is_past_mark(self) -> bool:
        """Whether CDC has harvested all that was committed before the mark; waits a little when not."""
        if self.marked is None:
            self.mark()
            return self.is_past_mark()
        newest = self._newest()
        if is_later(newest, self.marked):
            return True
        if newest.lsn != self._seen:
            self._seen, self._quiet_since = newest.lsn, time.monotonic()
        if time.monotonic() - self._quiet_since > 3 * self._polling_interval().total_seconds() + 1:
            return True
        time.sleep(POLL_SECONDS)
        return False

    def _newest(self) -> Newest:
        return Newest(*self.session.rows(statements.NEWEST_HARVEST)[0])

    def _polling_interval(self) -> timedelta:
        try:
            seconds = self.session.scalar(statements.POLLING_INTERVAL)
        except SourceError:
            seconds = None  # a login without rights in msdb is right
        return DEFAULT_POLLING_INTERVAL if seconds is None else timedelta(seconds=int(seconds))


def is_later(newest: Newest, marked: Newest) -> bool:
    """Whether the newest commit was made after a mark, also when the clock was set back in between."""
    if newest.ended_at is None:
        return False
    if newest.ended_at > marked.now:
        return True
    before = marked.ended_at
    if before is None or not -CLOCK_JITTER <= marked.now - before < CLOCK_SET_BACK:
        return False  # the mark itself may be of the time after
    return newest.ended_at < before - CLOCK_SET_BACK
