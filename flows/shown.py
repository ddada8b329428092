"""What Prefect's UI shows of a run: tables, texts, links, bars, a name. What it refuses fails no data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException

NOT_TAKEN: Final = (httpx.HTTPError, PrefectException, RuntimeError)
"""Prefect's server is away, busy or refuses; its client says RuntimeError where it cannot reach the API."""


def show_table(key: str, table: list[dict[str, Any]], description: str) -> None:
    """Show a table, by a key of `[a-z0-9-]`."""
    with only_shown(f"table {key}"):
        create_table_artifact(key=key, table=table, description=description)


def show_text(key: str, text: str, description: str) -> None:
    """Show a text as it is."""
    with only_shown(f"text {key}"):
        create_markdown_artifact(f"```\n{text}\n```", key=key, description=description)


def show_link(key: str, link: str, text: str) -> None:
    """Show a link."""
    with only_shown(f"link {key}"):
        create_link_artifact(link, text, key=key)


@dataclass
class ProgressBar:
    """A bar of the run, there from its first move on."""

    key: str
    _artifact: UUID | None = field(default=None, init=False)

    def move(self, done: int, of: int, description: str) -> None:
        """Show how far the work is."""
        percent = 100 * done / of if of else 100.0
        with only_shown(f"progress {self.key}"):
            if self._artifact is None:
                made = create_progress_artifact(percent, key=self.key, description=description)
                self._artifact = cast(UUID, made)  # a coroutine only where a flow is async
            else:
                update_progress_artifact(self._artifact, percent, description)


@contextmanager
def only_shown(what: str) -> Iterator[None]:
    """Go on where Prefect does not take what the block shows."""
    try:
        yield
    except NOT_TAKEN as error:
        get_run_logger().warning("Prefect did not take the %s (%s); the data are as they are", what, error)
