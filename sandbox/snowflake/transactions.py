"""The one write lock, and how far a session's transaction is.

Snowflake reads what is committed when each statement starts, and makes a second writer of a table wait.
DuckDB fixes a transaction's snapshot at its first statement and fails the second writer. So the engine's
transaction begins only with the first write, after the write lock is held: until then each read sees what is
committed, and from then on nobody else can commit. As there is a single lock, no two sessions can deadlock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from enum import Enum

from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.errors import cancelled


class WriteLock:
    """Held by the one session that writes; the others wait in the order in which they came."""

    def __init__(self, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self._changed = threading.Condition()
        self._owner: object | None = None
        self._queue: deque[object] = deque()

    def acquire(self, owner: object, timeout_seconds: float | None = None) -> None:
        """Wait for the lock; at once where `owner` holds it already.

        Raises:
            ProgrammingError: 000625, it was not released within the timeout; 000604, `cancel` was called.
        """
        wait = self.timeout_seconds if timeout_seconds is None else timeout_seconds
        deadline = time.monotonic() + wait
        with self._changed:
            if self._owner is owner:
                return
            self._queue.append(owner)
            try:
                while self._owner is not None or self._queue[0] is not owner:
                    in_time = self._changed.wait(max(0.0, deadline - time.monotonic()))
                    if owner not in self._queue:
                        raise cancelled()
                    if not in_time:
                        raise _not_released(wait)
                self._owner = owner
            finally:
                if owner in self._queue:
                    self._queue.remove(owner)
                self._changed.notify_all()

    def release(self, owner: object) -> None:
        """Let the next session write; nothing where `owner` does not hold the lock."""
        with self._changed:
            if self._owner is owner:
                self._owner = None
                self._changed.notify_all()

    def cancel(self, owner: object) -> None:
        """End the wait of `owner`, if it waits."""
        with self._changed:
            if owner in self._queue:
                self._queue.remove(owner)
                self._changed.notify_all()


class State(Enum):
    """How far a session's transaction is."""

    NONE = "none"
    OPEN = "begun, nothing written"
    WRITING = "holds the write lock"
    FAILED = "rolled back: only ROLLBACK is possible"


def _not_released(seconds: float) -> ProgrammingError:
    return ProgrammingError(
        msg=f"Statement was aborted: it waited {seconds:g} s for another session's transaction that has "
        "written and was neither committed nor rolled back. Run it again, or raise LOCK_TIMEOUT.",
        errno=625,
        sqlstate="57014",
    )
