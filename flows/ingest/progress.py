"""How the engine tells what it does; the flows show it in Prefect and on the terminal."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by the engine while it works."""

    def step(self, message: str) -> None:
        """Something happened that a person may want to read."""

    def warn(self, message: str) -> None:
        """Something happened that a person must know, though the run goes on."""

    def snapshot(self, chunks_loaded: int, chunks: int) -> None:
        """The snapshot came this far, over all tables."""


class Silence:
    """Tells nobody."""

    def step(self, message: str) -> None:
        """Ignore it."""

    def warn(self, message: str) -> None:
        """Ignore it."""

    def snapshot(self, chunks_loaded: int, chunks: int) -> None:
        """Ignore it."""
