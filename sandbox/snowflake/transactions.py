"""Transactions as a Snowflake session sees them, on an engine whose snapshots do not move.

Snowflake reads what is committed when each statement starts, and makes a second writer of a table wait.
DuckDB fixes a transaction's snapshot at its first statement and fails the second writer. So the engine's
transaction begins only with the first write, after the one write lock is held: until then each read sees what is
committed, and from then on nobody else can commit. Because there is a single lock, no two sessions can deadlock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from enum import Enum

from snowflake.connector.errors import ProgrammingError


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
            ProgrammingError: 000625, it was not released within the timeout.
        """
        wait = self.timeout_seconds if timeout_seconds is None else timeout_seconds
        deadline = time.monotonic() + wait
        with self._changed:
            if self._owner is owner:
                return
            ticket = object()
            self._queue.append(ticket)
            try:
                while self._owner is not None or self._queue[0] is not ticket:
                    if not self._changed.wait(deadline - time.monotonic()):
                        raise ProgrammingError(
                            msg=f"Statement was aborted: it waited {wait:g} s for a transaction of another "
                            "session that has locked the table and not yet been committed or rolled back.",
                            errno=625,
                            sqlstate="57014",
                        )
                self._owner = owner
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def release(self, owner: object) -> None:
        """Let the next session write; nothing where `owner` does not hold the lock."""
        with self._changed:
            if self._owner is owner:
                self._owner = None
                self._changed.notify_all()


class State(Enum):
    """How far a session's transaction is."""

    NONE = "none"
    OPEN = "begun, nothing written"
    WRITING = "holds the write lock"
    FAILED = "a statement failed: only ROLLBACK is possible"
