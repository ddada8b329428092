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

POLL_SECONDS = 0.25


@dataclass
class Harvest:
    """Tells when CDC knows all that was committed before a moment. Times are the server's own.

    A commit after the moment, once harvested, shows it: commits are harvested in order. On a database
    where nothing is committed, three polls of the capture job without news show it as well.
    """

    session: SourceSession
    since: datetime | None = None

    def mark(self) -> None:
        """The moment is now: something was just read that CDC may not know yet."""
        self.since = self.session.rows(statements.NEWEST_HARVEST)[0][1]

    def is_past_mark(self) -> bool:
        """Whether CDC has harvested all that was committed before the mark; waits a little when not."""
        if self.since is None:
            self.mark()
        newest, now = self.session.rows(statements.NEWEST_HARVEST)[0]
        since = self.since or now
        if newest is not None and newest > since:
            return True
        if now - since > 3 * self._polling_interval() + timedelta(seconds=1):
            return True
        time.sleep(POLL_SECONDS)
        return False

    def _polling_interval(self) -> timedelta:
        try:
            seconds = self.session.scalar(statements.POLLING_INTERVAL)
        except SourceError:
            seconds = None  # a login without rights in msdb is right
        return DEFAULT_POLLING_INTERVAL if seconds is None else timedelta(seconds=int(seconds))
