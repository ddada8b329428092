"""Expected failures: a task that meets one ends as failed with its one line, without a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from prefect.exceptions import FailedRun
from prefect.states import Failed

from deployments.connections import ConnectionFailed
from deployments.settings import SettingsError
from flows.ingest.errors import ConcurrentRunError, ReplicationError

OVERTAKEN = "Overtaken"

P = ParamSpec("P")
R = TypeVar("R")


def fails_in_one_line(function: Callable[P, R]) -> Callable[P, R]:
    """Make a task's expected errors its failed state, which `result_of` raises in the flow."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (SettingsError, ConnectionFailed, ReplicationError) as error:
            return cast(R, failed(error))

    return run


def failed(error: Exception) -> Any:
    """A failed state with an error's message; `Overtaken` when another run was faster."""
    name = OVERTAKEN if isinstance(error, ConcurrentRunError) else "Failed"
    return Failed(name=name, message=str(error))


def was_overtaken(_task: Any, _task_run: Any, state: Any) -> bool:
    """Whether a task failed only because another run was faster: it can go on from where that one ended."""
    return bool(state.name == OVERTAKEN)


def result_of(state: Any) -> Any:
    """What a task returned.

    Raises:
        FailedRun: it failed; with its one line.
    """
    if state.is_failed():
        raise FailedRun(state.message)
    return state.result()
