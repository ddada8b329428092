"""Running an iterator ahead of its consumer, in a thread of its own, by a bounded number of items."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.05
"""How often a thread that waits for its queue looks whether it is to stop."""


class Stopped(Exception):  # noqa: N818 - reads as what happened
    """The run is ending, so what is read is no longer wanted."""


@contextmanager
def ahead(items: Iterator[T], depth: int, stop: Event) -> Iterator[Iterator[T]]:
    """The same items, made by a thread while the consumer works on earlier ones.

    When the block is left the thread has ended, whatever happened, and nobody else uses what it used.

    Args:
        items: made in the thread, one after the other; its errors are raised where it is consumed.
        depth: how many items wait at most.
        stop: ends the iteration.

    Raises:
        Stopped: `stop` was set.
    """
    line = _Line[T](items, depth, stop)
    try:
        yield line.consume()
    finally:
        line.end()


class _Line(Generic[T]):
    """The thread and its queue; the end of the items is a message of its own."""

    def __init__(self, items: Iterator[T], depth: int, stop: Event) -> None:
        self._items = items
        self._queue: Queue[tuple[T] | BaseException | None] = Queue(depth)
        self._stop = stop
        self._left = Event()
        self._thread = Thread(target=self._produce, name="read-ahead", daemon=True)
        self._thread.start()

    def consume(self) -> Iterator[T]:
        while not self._stop.is_set():
            try:
                message = self._queue.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            if message is None:
                return
            if isinstance(message, BaseException):
                raise message
            yield message[0]
        raise Stopped

    def end(self) -> None:
        self._left.set()
        self._thread.join()

    def _produce(self) -> None:
        try:
            for item in self._items:
                if not self._put((item,)):
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the items are consumed
            self._put(error)
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()

    def _put(self, message: tuple[T] | BaseException | None) -> bool:
        """False when nobody wants it any more."""
        while not (self._left.is_set() or self._stop.is_set()):
            try:
                self._queue.put(message, timeout=LOOK_SECONDS)
            except Full:
                continue
            return True
        return False
