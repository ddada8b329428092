"""The readers' threads: bounded, in order, and gone whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from threading import Event

import pytest

from flows.ingest.ahead import Stopped, ahead
from flows.ingest.errors import SourceError
from flows.ingest.source.reader import SourceReader
from flows.ingest.source.readers import Readers
from tests.ingest.given import Answers

LIMIT_SECONDS = 10.0


class Session(Answers):
    """Counts itself while it is open."""

    opened: list[Session] = []

    def __init__(self) -> None:
        super().__init__({"": [(1,)]})
        self.opened.append(self)

    def close(self) -> None:
        self.opened.remove(self)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    Session.opened.clear()
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
    assert Session.opened == []


def readers(size: int = 2) -> Readers:
    return Readers(Session, size)  # type: ignore[arg-type]


def wait_for(event: Event) -> None:
    assert event.wait(LIMIT_SECONDS)


def test_items_come_in_order_and_at_most_so_many_are_made_ahead() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for item in range(20):
            made.append(item)
            yield item

    with ahead(items(), 2, Event()) as read:
        for item in read:
            assert len(made) <= item + 5, "two wait, one waits for them, one is here, one is made"
    assert made == list(range(20))


def test_an_error_comes_after_the_items_before_it_and_the_items_are_closed() -> None:
    is_closed = Event()

    def items() -> Iterator[int]:
        try:
            yield 1
            raise SourceError("the server went away")
        finally:
            is_closed.set()

    seen = []
    with pytest.raises(SourceError, match="went away"), ahead(items(), 2, Event()) as read:
        seen.extend(iter(read))
    assert is_closed.is_set()


def test_a_consumer_that_fails_ends_the_thread_that_waits_for_it() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    def consume() -> None:
        with ahead(endless(), 1, Event()) as read:
            raise ValueError(f"full disk at {next(read)}")

    with pytest.raises(ValueError, match="full disk"):
        consume()


def test_a_run_that_ends_stops_who_waits_for_items() -> None:
    stop, may_go_on = Event(), Event()

    def late() -> Iterator[int]:
        wait_for(may_go_on)
        yield 1

    def end() -> None:
        stop.set()
        may_go_on.set()

    timer = threading.Timer(0.1, end)
    timer.start()
    with pytest.raises(Stopped), ahead(late(), 1, stop) as read:
        list(read)
    timer.join()


def test_no_more_sessions_are_opened_than_there_are_readers_and_they_are_used_again() -> None:
    pool = readers(2)

    def task(_reader: SourceReader, _stop: Event) -> int:
        time.sleep(0.01)
        return len(Session.opened)

    for _ in range(2):
        with pool.crew() as crew:
            assert max(future.result() for future in [crew.submit(task) for _ in range(8)]) <= 2
    assert len(Session.opened) <= 2
    pool.close()


def test_an_error_in_one_thread_stops_the_others_and_closes_its_session() -> None:
    pool, has_begun = readers(2), Event()

    def fails(_reader: SourceReader, _stop: Event) -> None:
        wait_for(has_begun)
        raise SourceError("one clear message")

    def reads(_reader: SourceReader, stop: Event) -> None:
        has_begun.set()
        wait_for(stop)

    def run() -> None:
        with pool.crew() as crew:
            crew.submit(reads)
            crew.submit(fails).result()

    with pytest.raises(SourceError, match="one clear message"):
        run()
    assert len(Session.opened) == 1, "the one that failed is closed at once"
    pool.close()


def test_tasks_that_are_dismissed_make_room_for_others() -> None:
    pool = readers(1)
    with pool.crew() as crew:
        waiting = [crew.submit(lambda _, stop: wait_for(stop)) for _ in range(3)]
        crew.dismiss()
        assert all(future.done() for future in waiting)
        assert crew.submit(lambda reader, _: reader.scalar("SELECT 1")).result() == 1
    pool.close()
