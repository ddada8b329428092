"""What a run of replication tells, in Prefect: its log, and a progress bar while a snapshot is loaded."""

from __future__ import annotations

from logging import Logger, LoggerAdapter

from prefect import get_run_logger

from flows.shown import ProgressBar


class PrefectProgress:
    """Tells the run's log, which the terminal shows too, and keeps one progress bar."""

    def __init__(self) -> None:
        self._logger: Logger | LoggerAdapter[Logger] = get_run_logger()
        self._bar = ProgressBar("snapshot")

    def step(self, message: str) -> None:
        """A line of the log."""
        self._logger.info(message)

    def warn(self, message: str) -> None:
        """A warning in the log."""
        self._logger.warning(message)

    def snapshot(self, chunks_loaded: int, chunks: int, rows: int) -> None:
        """Move the progress bar."""
        done = f"Snapshot: {rows:,} rows, {chunks_loaded:,} of {chunks:,} chunks."
        self._bar.move(chunks_loaded, chunks, done)
