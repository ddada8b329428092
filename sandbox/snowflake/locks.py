"""Locks of tables: a second writer of a table waits for the first one's transaction.

A key is the path of an object: database, schema, table. A lock of a schema or database covers what is in it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Set as AbstractSet

from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.errors import cancelled

Key = tuple[str, ...]


class TableLocks:
    """Each key is held by one owner until its transaction ends; the others wait in the order they came.

    Who holds a lock already does not stand in line behind one who holds none, so that waiting for each other
    (a deadlock) is possible only between holders; it is seen as soon as the last of them wants to wait.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self._changed = threading.Condition()
        self._held: dict[object, set[Key]] = {}
        self._waiting: dict[object, AbstractSet[Key]] = {}  # in the order in which they came
        self._cancelled: set[object] = set()

    def acquire(self, owner: object, keys: AbstractSet[Key], timeout_seconds: float | None = None) -> None:
        """Wait until no other owner holds one of `keys`, then hold all of them.

        Raises:
            ProgrammingError: 000625, they were not released within the timeout, or would never be, as their
                holder waits for this owner; 000604, `cancel` was called.
        """
        wait = self.timeout_seconds if timeout_seconds is None else timeout_seconds
        deadline = time.monotonic() + wait
        with self._changed:
            self._waiting[owner] = keys
            try:
                while blockers := self._blockers(owner):
                    if self._waits_for(blockers, owner):
                        raise _deadlock(keys)
                    in_time = self._changed.wait(max(0.0, deadline - time.monotonic()))
                    if owner in self._cancelled:
                        raise cancelled()
                    if not in_time:
                        raise _not_released(keys, wait)
                self._held.setdefault(owner, set()).update(keys)
            finally:
                del self._waiting[owner]
                self._cancelled.discard(owner)
                self._changed.notify_all()

    def release(self, owner: object, kept: AbstractSet[Key] = frozenset()) -> None:
        """Let others have what `owner` holds, all but `kept`."""
        with self._changed:
            self._held[owner] = self._held.get(owner, set()) & kept
            if not self._held[owner]:
                del self._held[owner]
            self._changed.notify_all()

    def cancel(self, owner: object) -> None:
        """End the wait of `owner`, if it waits."""
        with self._changed:
            if owner in self._waiting:
                self._cancelled.add(owner)
                self._changed.notify_all()

    def _blockers(self, owner: object) -> set[object]:
        """Who must let go, or take its turn, before `owner` has what it waits for."""
        wanted = self._waiting[owner]
        blockers = {other for other, keys in self._held.items() if other is not owner and _meet(keys, wanted)}
        if owner not in self._held:
            for other, keys in self._waiting.items():
                if other is owner:
                    break
                if _meet(keys, wanted):
                    blockers.add(other)
        return blockers

    def _waits_for(self, blockers: set[object], owner: object) -> bool:
        """Whether one of `blockers` waits, through others or not, for `owner`."""
        seen: set[object] = set()
        ahead = set(blockers)
        while ahead:
            other = ahead.pop()
            seen.add(other)
            if other in self._waiting:
                following = self._blockers(other)
                if owner in following:
                    return True
                ahead |= following - seen
        return False


def _meet(some: AbstractSet[Key], others: AbstractSet[Key]) -> bool:
    """Whether one of the keys is the same as one of the others, or is above or inside of it."""
    return any(a[: len(b)] == b or b[: len(a)] == a for a in some for b in others)


def _not_released(keys: AbstractSet[Key], seconds: float) -> ProgrammingError:
    return _aborted(
        f"it waited {seconds:g} s for {_named(keys)}, which another session's transaction has written and "
        "neither committed nor rolled back. Run it again, or raise LOCK_TIMEOUT."
    )


def _deadlock(keys: AbstractSet[Key]) -> ProgrammingError:
    return _aborted(
        f"a deadlock: the transaction that has locked {_named(keys)} waits for this one. "
        "This one is still open: commit it, or roll it back and run it again."
    )


def _named(keys: AbstractSet[Key]) -> str:
    return ", ".join(".".join(key) for key in sorted(keys))


def _aborted(why: str) -> ProgrammingError:
    return ProgrammingError(msg=f"Statement was aborted: {why}", errno=625, sqlstate="57014")
