"""Counters that never go back: identity values and rowversions. Rollbacks leave gaps, as in SQL Server."""

from __future__ import annotations

BLOCK = 1000
"""Reserved at once; after a crash the next value jumps, as SQL Server's identity cache does."""


class Sequences:
    """The last value given out and the persisted high-water mark of each counter, by name."""

    def __init__(self, marks: dict[str, int]) -> None:
        self._last = dict(marks)
        self._marks = dict(marks)
        self._steps: dict[str, int] = {}

    def take(self, name: str, count: int, first: int, step: int) -> int:
        """The first of `count` new values."""
        start = self.following(name, first, step)
        if count:
            self._last[name] = start + (count - 1) * step
        self._steps[name] = step
        return start

    def following(self, name: str, first: int, step: int) -> int:
        """The value that comes next."""
        return self._last[name] + step if name in self._last else first

    def last(self, name: str) -> int | None:
        """The last value given out."""
        return self._last.get(name)

    def pass_by(self, name: str, value: int, step: int) -> None:
        """An explicit value was written: go on behind it."""
        self._steps[name] = step
        last = self._last.get(name)
        if last is None or (value - last) * step > 0:
            self._last[name] = value

    def restart(self, name: str) -> None:
        """TRUNCATE: begin with the seed again."""
        self._last.pop(name, None)
        self._marks.pop(name, None)

    def due(self, names: set[str]) -> dict[str, int]:
        """The marks to persist with a commit that used these counters."""
        marks: dict[str, int] = {}
        for name in names:
            step = self._steps.get(name, 1)
            last = self._last.get(name)
            mark = self._marks.get(name)
            if last is not None and (mark is None or (last - mark) * step > 0):
                marks[name] = last + BLOCK * step
        return marks

    def persisted(self, marks: dict[str, int]) -> None:
        """The marks are durable now."""
        self._marks.update(marks)

    def exact(self) -> dict[str, int]:
        """What a clean end persists, so that the next start goes on without a jump."""
        return {name: value for name, value in self._last.items() if self._marks.get(name) != value}
