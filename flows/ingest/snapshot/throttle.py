"""A budget that slows snapshots down; the stream of changes goes on meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_WAIT_SECONDS = 1.0
"""Between two looks at the stream of changes."""


@dataclass
class Throttle:
    """Says when the next chunk may be read.

    Attributes:
        rows_per_second: of all snapshots together; None without a limit.
        share: of the time in which the source may be busy with chunks, above 0 and at most 1.
    """

    rows_per_second: float | None = None
    share: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _free_at: float = 0.0

    @property
    def is_limited(self) -> bool:
        """Whether there is a budget at all; then chunks are read one after the other."""
        return self.rows_per_second is not None or self.share < 1

    def book(self, rows: int, seconds: float) -> None:
        """A chunk of so many rows was just read, which took the source so long."""
        whole = seconds / self.share
        if self.rows_per_second is not None:
            whole = max(whole, rows / self.rows_per_second)
        self._free_at = self.clock() + whole - seconds

    @property
    def seconds_left(self) -> float:
        """How long to wait before the next chunk."""
        return max(0.0, self._free_at - self.clock())

    def is_open(self) -> bool:
        """Whether a chunk may be read now; waits a little when not."""
        if not self.seconds_left:
            return True
        time.sleep(min(self.seconds_left, LONGEST_WAIT_SECONDS))
        return not self.seconds_left
