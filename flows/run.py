"""Which run this is, as OPS, QUALITY, the query tags and Prefect's UI name it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_UI_URL

from flows.shown import only_shown


def this_run_id() -> str:
    """The id of the running flow; a parent hands its own down, so that one pipeline is one run."""
    return str(runtime.flow_run.id)


def this_run_name() -> str:
    """The name that Prefect's UI shows for the running flow."""
    return str(runtime.flow_run.name)


def this_run_link() -> str | None:
    """Where Prefect's UI shows the running flow; None without a UI."""
    ui = PREFECT_UI_URL.value()
    return f"{ui}/runs/flow-run/{runtime.flow_run.id}" if ui else None


def in_utc(moment: datetime | None) -> datetime | None:
    """A parameter that is a time; without a time zone, as Prefect's forms let it be, it is in UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def run_name_of(state: State[Any]) -> str:
    """What the flow run that ended in a state is called; where it failed, that of its flow is said."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(cast(UUID, state.state_details.flow_run_id))
        if state.is_completed() or state.name != "Failed":
            return run.name
        return f"{client.read_flow(run.flow_id).name} failed"


def name_this_run(name: str) -> None:
    """Give the running flow a name that says what it did."""
    with only_shown("name"), get_client(sync_client=True) as client:
        client.update_flow_run(UUID(str(runtime.flow_run.id)), name=name)
    if (context := FlowRunContext.get()) and context.flow_run:
        context.flow_run.name = name  # for `this_run_name`
