"""How replicate, transform and report follow each other as runs of their own, started by events.

A run that was asked to `go_on` emits `shellcorp.run.finished` at its end, and says by the label
`shellcorp.next` which deployment comes next; the triggers of prefect.yaml start that one. All of them carry
the id of the first run, as the parts of a `pipeline` do, so its one report tells of all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from prefect.client.schemas.objects import State
from prefect.events import emit_event

from flows.failures import line_of
from flows.run import this_run_link, this_run_name

FINISHED: Final = "shellcorp.run.finished"
NEXT: Final = "shellcorp.next"


def go_on_with(
    following: Literal["transform", "report"], run_id: str, started_at: datetime, ended: State[Any]
) -> None:
    """Have the next deployment of the chain run."""
    emit_event(
        event=FINISHED,
        resource={"prefect.resource.id": f"shellcorp.run.{run_id}", NEXT: following},
        payload={
            "run": run_id,
            "run_name": this_run_name(),
            "run_link": this_run_link(),
            "started_at": started_at.isoformat(),
            "problem": "" if ended.is_completed() else line_of(ended),
        },
    )
