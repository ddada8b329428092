"""What a run of replication tells, in Prefect: its log, and a progress bar while a snapshot is loaded."""

from __future__ import annotations

from logging import Logger, LoggerAdapter
from typing import cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact


class PrefectProgress:
    """Tells the run's log, which the terminal shows too, and keeps one progress artifact."""

    def __init__(self) -> None:
        self._logger: Logger | LoggerAdapter[Logger] = get_run_logger()
        self._artifact: UUID | None = None

    def step(self, message: str) -> None:
        """A line of the log."""
        self._logger.info(message)

    def warn(self, message: str) -> None:
        """A warning in the log."""
        self._logger.warning(message)

    def snapshot(self, chunks_loaded: int, chunks: int) -> None:
        """Move the progress bar."""
        percent = 100 * chunks_loaded / chunks
        if self._artifact is None:
            created = create_progress_artifact(
                percent, key="snapshot", description=f"Snapshot, {chunks} chunks."
            )
            self._artifact = cast(UUID, created)  # a coroutine only where a flow is async
        else:
            update_progress_artifact(self._artifact, percent)
