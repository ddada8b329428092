"""Lets several threads talk to the warehouse, one statement at a time, in an order that a seed decides."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor

LIMIT_SECONDS = 120
WAITS_FOR_A_LOCK_SECONDS = 0.5
"""A statement that takes longer lets the others go on: one of them may have to release what it waits for."""
STAYS = 0.8
"""How likely it is that the same one goes on: some stand still for long, as processes do."""


class Turns:
    """Who may send the next statement."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.changed = threading.Condition()
        self.alive: set[str] = set()
        self.asking: set[str] = set()
        self.at_work: dict[str, float] = {}
        self.last = ""

    def take(self, name: str) -> None:
        """Wait for one's turn; it comes when nobody is at work but who waits for a lock."""
        deadline = time.monotonic() + LIMIT_SECONDS
        with self.changed:
            self.at_work.pop(name, None)
            self.asking.add(name)
            while name in self.asking:
                self._choose()
                self.changed.wait(WAITS_FOR_A_LOCK_SECONDS / 5)
                assert time.monotonic() < deadline, f"{name} never had a turn"

    def end(self, name: str) -> None:
        """One who needs no more turns."""
        with self.changed:
            self.alive.discard(name)
            self.at_work.pop(name, None)
            self.changed.notify_all()

    def _choose(self) -> None:
        stuck = time.monotonic() - WAITS_FOR_A_LOCK_SECONDS
        if self.asking | self.at_work.keys() < self.alive or any(at > stuck for at in self.at_work.values()):
            return
        is_staying = self.last in self.asking and self.chance.random() < STAYS
        chosen = self.last if is_staying else self.chance.choice(sorted(self.asking))
        self.last = chosen
        self.asking.discard(chosen)
        self.at_work[chosen] = time.monotonic()
        self.changed.notify_all()


@contextmanager
def one_statement_at_a_time(monkeypatch: pytest.MonkeyPatch, turns: Turns) -> Iterator[None]:
    """Every statement of a thread that takes part waits for its turn."""
    execute = SnowflakeCursor.execute

    def in_turn(cursor: SnowflakeCursor, *arguments: Any, **named: Any) -> Any:
        name = threading.current_thread().name
        if name in turns.alive:
            turns.take(name)
        return execute(cursor, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(SnowflakeCursor, "execute", in_turn)
        yield


def interleaved(turns: Turns, work: Mapping[str, Callable[[], object]]) -> dict[str, object]:
    """Run each piece of work in a thread of its own; returns by name what it gave, or its error."""
    ended: dict[str, object] = {}

    def run(name: str) -> None:
        try:
            ended[name] = work[name]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            ended[name] = error
        finally:
            turns.end(name)

    turns.alive = set(work)
    threads = [threading.Thread(target=run, args=(name,), name=name) for name in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_SECONDS)
        assert not thread.is_alive(), f"{thread.name} did not end"
    return ended
