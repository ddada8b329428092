"""Expected failures: a task that meets one ends as failed with its one line, without a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from prefect.client.schemas.objects import State
from prefect.states import Failed

from deployments.connections import ConnectionFailed
from deployments.messages import without_values
from deployments.settings import SettingsError
from flows.ingest.errors import ConcurrentRunError, ReplicationError, TablesStandError

OVERTAKEN = "Overtaken"
TABLES_STAND = "Tables stand"
FAILED_BY_GATE = "Failed by gate"
"""The state of a run in which a gate closed; its message begins with the gate's table."""
NAMES: dict[type[Exception], str] = {ConcurrentRunError: OVERTAKEN, TablesStandError: TABLES_STAND}
"""Of failed states that mean more than that something failed."""
UNEXPECTED = "encountered an exception"
"""How Prefect words a state that an exception has ended; of a task only the task itself tells which."""
P = ParamSpec("P")
R = TypeVar("R")


class SaidByItsFlow(logging.Filter):
    """Leaves out what a failed task says at its end: its flow ends with the same line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is kept."""
        said = record.getMessage()
        return UNEXPECTED in said or not said.startswith("Finished in state Failed(")


logging.getLogger("prefect.task_runs").addFilter(SaidByItsFlow())


class TaskFailedError(Exception):
    """A task ended as failed; its flow may end alike."""

    def __init__(self, state: State[Any]) -> None:
        super().__init__(state.message)
        self._name = state.name

    def as_state(self) -> State[Any]:
        """A failed state of the same name, with the same line."""
        return Failed(name=self._name, message=str(self))


def fails_in_one_line(function: Callable[P, R]) -> Callable[P, R]:
    """Make a task's expected errors its failed state, which `result_of` raises in the flow."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (SettingsError, ConnectionFailed, ReplicationError) as error:
            return cast(R, failed(error))

    return run


def failed(error: Exception) -> State[Any]:
    """A failed state with an error's message, and with the name of its kind."""
    return Failed(name=NAMES.get(type(error), "Failed"), message=str(error))


def line_of(state: State[Any]) -> str:
    """What a state says, for mails: an exception that nobody expected may quote values of rows."""
    message = str(state.message)
    return without_values(message) if UNEXPECTED in message else message


def was_overtaken(_task: Any, _task_run: Any, state: Any) -> bool:
    """Whether a task failed only because another run was faster: it can go on from where that one ended."""
    return bool(state.name == OVERTAKEN)


def only_tables_stand(state: Any) -> bool:
    """Whether all that is wrong is that some tables stand: the others are up to date."""
    return bool(state.name == TABLES_STAND)


def result_of(state: Any) -> Any:
    """What a task returned.

    Raises:
        TaskFailedError: it failed; with its one line.
    """
    if state.is_failed():
        raise TaskFailedError(state)
    return state.result()
