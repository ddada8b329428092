"""The readers of a run: a bounded number of sessions on SQL Server, each with a thread that reads in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any, TypeVar

from flows.ingest.source.reader import SourceReader

T = TypeVar("T")


class Readers:
    """At most `size` sessions, opened when they are first needed and kept until `close`."""

    def __init__(self, open_reader: Callable[[], SourceReader], size: int) -> None:
        self.size = size
        self._open_reader = open_reader
        self._idle: SimpleQueue[SourceReader] = SimpleQueue()

    @contextmanager
    def crew(self) -> Iterator[Crew]:
        """Threads that read; when the block is left, none of them runs any more, whatever happened."""
        with ThreadPoolExecutor(self.size, thread_name_prefix="reader") as executor:
            crew = Crew(self, executor)
            try:
                yield crew
            finally:
                crew.dismiss()

    @contextmanager
    def session(self) -> Iterator[SourceReader]:
        """A session for one task. One that met an error is closed: nobody knows what state it is in."""
        try:
            reader = self._idle.get_nowait()
        except Empty:
            reader = self._open_reader()
        try:
            yield reader
        except BaseException:
            reader.close()
            raise
        self._idle.put(reader)

    def close(self) -> None:
        """Close the sessions."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


class Crew:
    """The tasks that are under way. `stop` is set when what they read is no longer wanted."""

    def __init__(self, readers: Readers, executor: ThreadPoolExecutor) -> None:
        self.size = readers.size
        self.stop = Event()
        self._readers = readers
        self._executor = executor
        self._tasks: set[Future[Any]] = set()

    def submit(self, task: Callable[[SourceReader, Event], T]) -> Future[T]:
        """Have a task done by the next reader that is free."""
        stop = self.stop  # of this moment: `dismiss` begins a new one

        def run() -> T:
            with self._readers.session() as reader:
                return task(reader, stop)

        future = self._executor.submit(run)
        self._tasks.add(future)
        future.add_done_callback(self._tasks.discard)
        return future

    def dismiss(self) -> None:
        """Stop all tasks and wait until they have ended; what they read or met is not wanted."""
        self.stop.set()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        wait(tasks)
        self.stop = Event()
