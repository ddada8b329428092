"""Which failures a flow tries again: those of a run that another one overtook, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.tasks import Task

from flows.failures import fails_in_one_line
from flows.ingest.errors import ConcurrentRunError, SourceError
from flows.replicate import catch_up


def like_catch_up(outcomes: Iterator[Exception | None]) -> Task[[], str]:
    """A task that tries again as `catch_up` does, without its pause."""

    @fails_in_one_line
    def attempt() -> str:
        if (error := next(outcomes)) is not None:
            raise error
        return "caught up"

    task = catch_up.with_options(name="attempt", retry_delay_seconds=0)
    task.fn = attempt
    return task


def run(outcomes: Iterator[Exception | None]) -> State[str]:
    task = like_catch_up(outcomes)

    @flow(name="tries again")
    def tries_again() -> State[str]:
        return task(return_state=True)

    return tries_again(return_state=True)


@pytest.mark.usefixtures("prefect_server")
def test_a_run_that_was_overtaken_goes_on_from_there() -> None:
    overtaken = ConcurrentRunError("Another run has moved the cursor")
    assert run(iter([overtaken, overtaken, None])).is_completed()


@pytest.mark.usefixtures("prefect_server")
def test_any_other_failure_is_final() -> None:
    attempts = iter([SourceError("Change Data Capture is off"), None])
    assert run(attempts).is_failed()
    assert list(attempts) == [None], "there was one attempt"
