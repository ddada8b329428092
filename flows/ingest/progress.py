"""How the engine tells what it does; the flows show it in Prefect and on the terminal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Progress(Protocol):
    """Told by the engine while it works."""

    def step(self, message: str) -> None:
        """Something happened that a person may want to read."""

    def warn(self, message: str) -> None:
        """Something happened that a person must know, though the run goes on."""

    def snapshot(self, chunks_loaded: int, chunks: int, rows: int) -> None:
        """The snapshot came this far, over all tables, with so many rows loaded."""


class Silence:
    """Tells nobody."""

    def step(self, message: str) -> None:
        """Ignore it."""

    def warn(self, message: str) -> None:
        """Ignore it."""

    def snapshot(self, chunks_loaded: int, chunks: int, rows: int) -> None:
        """Ignore it."""


@dataclass
class Sparse:
    """Tells somebody else of at most one step in so many seconds; of warnings and snapshots, always."""

    other: Progress
    seconds: float
    _told: float | None = None
    _left_out: int = 0

    def step(self, message: str) -> None:
        """Tell it, or count it."""
        now = time.monotonic()
        if self._told is not None and now - self._told < self.seconds:
            self._left_out += 1
            return
        self.other.step(f"{message} ({self._left_out} steps before)" if self._left_out else message)
        self._told, self._left_out = now, 0

    def warn(self, message: str) -> None:
        """Tell it."""
        self.other.warn(message)

    def snapshot(self, chunks_loaded: int, chunks: int, rows: int) -> None:
        """Tell it."""
        self.other.snapshot(chunks_loaded, chunks, rows)
