"""The flow `pipeline`: replicate, transform, report. What is wrong is mailed, then ends the run as failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.failures import FAILED_BY_GATE, line_of, only_tables_stand
from flows.replicate import replicate
from flows.report import report
from flows.run import name_this_run, run_name_of, this_run_id, this_run_link, this_run_name
from flows.transform import transform


@flow(name="pipeline")
def pipeline() -> State[Any]:
    """Bring the mirrors up to date, publish the models that pass their gates, mail the report.

    Where some tables stand, the models that read them keep their last good tables, and the others go on.
    """
    run_id = this_run_id()
    started_at = datetime.now(UTC)
    states = [replicate(run_id=run_id, return_state=True)]
    if states[0].is_completed() or only_tables_stand(states[0]):
        states.append(transform(run_id=run_id, return_state=True))
    name_this_run("; ".join(map(run_name_of, states)))
    problems = [line_of(state) for state in states if not state.is_completed()]
    states.append(
        report(
            run_id=run_id,
            run_name=this_run_name(),
            run_link=this_run_link(),
            started_at=started_at,
            first_error=problems[0] if problems else None,
            return_state=True,
        )
    )
    if not states[-1].is_completed():
        problems.append(f"the report was not mailed: {line_of(states[-1])}")
    if problems:
        is_by_gate = any(state.name == FAILED_BY_GATE for state in states)
        return Failed(name=FAILED_BY_GATE if is_by_gate else "Failed", message=" ".join(problems))
    is_warned = any(state.name == "Warned" for state in states)
    return Completed(name="Warned" if is_warned else "Completed", message=states[-1].message)
