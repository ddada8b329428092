"""Following the source until a time limit, with polls that cost it little, and Snowflake nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows.ingest.context import Context, utc_now
from flows.ingest.engine import advance, apply_next_windows, begin, conclude
from flows.ingest.errors import ConcurrentRunError
from flows.ingest.health.report import ReplicationReport
from flows.ingest.lsn import Lsn
from flows.ingest.policies.policy import Policies
from flows.ingest.progress import Sparse
from flows.ingest.source import statements
from flows.ingest.source.discovery import check_harvest
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse.landing import stage_folder

POLL_SECONDS = 1.0
STEP_SECONDS = 30.0
"""How often a run that follows tells of its windows."""
SHIFT = timedelta(hours=1)
"""After so long staged files are removed, and an idle cursor moves on: CDC's retention must not pass it."""
OVERTAKEN_AT_MOST = 5


@dataclass
class Watch:
    """Until when to follow: a number of seconds, or until somebody sets `stop`."""

    seconds: float
    stop: threading.Event = field(default_factory=threading.Event)
    poll_seconds: float = POLL_SECONDS
    polls: int = 0
    _began: float = field(default_factory=time.monotonic)

    def is_over(self) -> bool:
        """Whether the time is up, or somebody said stop."""
        return self.stop.is_set() or time.monotonic() - self._began >= self.seconds

    def wait(self) -> None:
        """Wait until the next poll, or until it is over."""
        left = self.seconds - (time.monotonic() - self._began)
        self.stop.wait(max(0.0, min(self.poll_seconds, left)))


@dataclass(frozen=True)
class Catalog:
    """What tells that a capture instance came or went, or that a captured table was altered."""

    instances: int
    newest_instance: datetime | None
    alterations: int


@dataclass(frozen=True)
class Pulse:
    """One poll of the source: whether a transaction, or anything at all, was harvested after an LSN."""

    has_transactions: bool
    has_moved: bool
    catalog: Catalog

    @classmethod
    def take(cls, session: SourceSession, after: Lsn, database: str) -> Pulse:
        """Ask with one query.

        Raises:
            SourceError: the last harvest is so old that the capture job must be stopped.
        """
        transaction, newest, harvested, now, *catalog = session.rows(statements.pulse(after))[0]
        check_harvest(database, harvested, now)
        has_moved = newest is not None and Lsn.from_bytes(newest) > after
        return cls(transaction is not None, has_moved, Catalog(*catalog))


def follow(
    context: Context, watch: Watch, read_policies: Callable[[], Policies] | None = None
) -> ReplicationReport:
    """Catch up, then apply every window soon after it was harvested, until the watch is over.

    An idle poll is one query to the source and no statement to Snowflake, whose warehouse may sleep.

    Args:
        context: of the run.
        watch: until when.
        read_policies: the policies as they are now; those that change are gone by from the next poll on.

    Raises:
        ConcurrentRunError: other runs were faster again and again.
        SourceError, TablesStandError: as `engine.catch_up`.
    """
    context = context.telling(Sparse(context.progress, STEP_SECONDS))
    started_from: Lsn | None = None
    overtaken = 0
    while started_from is None or not watch.is_over():
        known = Pulse.take(context.source, Lsn.zero(), context.database.name).catalog
        context.policies = context.policies if read_policies is None else read_policies()
        context.discover()
        try:
            began = begin(context)
            started_from = started_from or began
            with stage_folder(context.warehouse, context.run_id, utc_now()) as folder:
                for _ in _windows(context, watch, folder, known, read_policies):
                    overtaken = 0
        except ConcurrentRunError:
            overtaken += 1
            if overtaken > OVERTAKEN_AT_MOST:
                raise
            context.progress.step("another run was faster; going on from where it is")
            watch.wait()
    return conclude(context, started_from)


def _windows(
    context: Context,
    watch: Watch,
    folder: str,
    known: Catalog,
    read_policies: Callable[[], Policies] | None,
) -> Iterator[None]:
    """Apply windows for one shift, or until something else is captured or decided; yields after each."""
    ends_at = time.monotonic() + SHIFT.total_seconds()
    advance(context, folder, watch.is_over)
    cursor = context.ledger.require_cursor().lsn
    while True:
        pulse = Pulse.take(context.source, cursor, context.database.name)
        watch.polls += 1
        is_due = time.monotonic() > ends_at and pulse.has_moved
        is_decided = read_policies is not None and read_policies() != context.policies
        if watch.is_over() or is_due or is_decided or pulse.catalog != known:
            break
        if not pulse.has_transactions:
            watch.wait()
            continue
        if apply_next_windows(context, folder):
            advance(context, folder, watch.is_over)  # a gap: a table is read anew
        cursor = context.ledger.require_cursor().lsn
        yield
    if pulse.has_moved and not pulse.has_transactions:
        apply_next_windows(context, folder)  # an idle cursor moves on, too, though seldom
