"""What Prefect watches the platform for: each a trigger, and what is said when it fires.

Subjects and bodies are templates that Prefect's server fills in (docs.prefect.io, "Automations").
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture

FLOWS: Final = ("pipeline", "replicate", "transform", "report", "digest", "reconcile", "prove")
"""The flows that are watched: all but `notify`, which tells."""
WITHOUT_REPORT: Final = ("replicate", "digest", "reconcile", "prove")
"""Flows of whose failures no mail tells yet, when they run by themselves."""
COMPLETED: Final = ("Completed", "Warned")
NOT_COMPLETED: Final = ("Failed", "Failed by gate", "Tables stand", "Overtaken")
STOPPED: Final = ("Crashed", "Cancelled", "TimedOut")
FINAL: Final = (*COMPLETED, *NOT_COMPLETED, *STOPPED)
"""Names of the states in which a run of the platform can end: Prefect names its events after them."""
HEARTBEAT: Final = "prefect.flow-run.heartbeat"
RUN_LINK: Final = "{{ flow_run|ui_url }}"


@dataclass(frozen=True)
class Patience:
    """How long each watch waits.

    Attributes:
        heartbeat: for a sign of life; more than three of PREFECT_FLOWS_HEARTBEAT_FREQUENCY, 180 s.
        running: for a run to end.
        replicated: for the mirrors to be brought up to date; six runs of the schedule.
        again: until the same thing is told again.
    """

    heartbeat: timedelta = timedelta(minutes=10)
    running: timedelta = timedelta(hours=3)
    replicated: timedelta = timedelta(hours=1)
    again: timedelta = timedelta(hours=1)


USUAL: Final = Patience()


@dataclass(frozen=True)
class Watch:
    """One automation.

    Attributes:
        acts: what is done about it at once.
        is_told: whether people are told; `subject` and `body` say what, `link` where to look.
        is_mailed: whether a mail is sent; False where the platform itself sends one.
    """

    name: str
    description: str
    trigger: EventTrigger
    subject: str = ""
    body: str = ""
    link: str = RUN_LINK
    acts: tuple[ActionTypes, ...] = ()
    is_mailed: bool = True

    @property
    def is_told(self) -> bool:
        """Whether people are told."""
        return bool(self.subject)


def watches(patience: Patience = USUAL) -> tuple[Watch, ...]:
    """Every watch."""
    return (
        died(patience),
        crashed(),
        stuck(patience),
        late(patience),
        failed(patience),
        not_replicated(patience),
        lagging(patience),
        gate_closed(),
    )


def died(patience: Patience) -> Watch:
    """A process that was killed cannot say so: its run would be Running for ever, and hold its place."""
    return Watch(
        "shellcorp: the process of a run is gone",
        "Ends a run as Crashed that gives no sign of life any more, so that the next one may begin.",
        EventTrigger(
            after={HEARTBEAT},
            expect={HEARTBEAT, *_events(*FINAL)},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related=_of(*FLOWS),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=patience.heartbeat,
        ),
        acts=(
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message="Leave it, the next run goes on: the process of this run is gone (no sign of life). "
                "Was its worker stopped, or short of memory?",
            ),
        ),
    )


def crashed() -> Watch:
    """A run crashed, by its own word or by that of `died`."""
    return Watch(
        "shellcorp: a run crashed",
        "Tells of a run that ended without a verdict.",
        _reactive(_events("Crashed"), [_of(*FLOWS), _DEPLOYED]),
        subject="{{ flow.name }} crashed",
        body="{{ flow_run.state.message }}\nNothing is half-written. If it happens again, look at the "
        "worker's memory and disk.",
    )


def stuck(patience: Patience) -> Watch:
    """A run takes much longer than ever."""
    return Watch(
        "shellcorp: a run does not end",
        "Tells of a run that has not ended in the time in which all should. It is not cancelled: the first "
        "snapshot of a large source may take longer.",
        EventTrigger(
            after=_events("Running"),
            expect=_events(*FINAL),
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related=[_of(*FLOWS), _DEPLOYED],
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=patience.running,
        ),
        subject="{{ flow.name }} does not end",
        body=f"It began more than {_told(patience.running)} ago. Look at its log and its progress: if a line "
        "is new, leave it; else cancel it, and the next run goes on from there.",
    )


def late(patience: Patience) -> Watch:
    """A schedule came, and no worker took the run."""
    return Watch(
        "shellcorp: a run is late",
        "Tells that no worker takes the runs of a deployment.",
        _reactive(
            _events("Late"),
            [_of(*FLOWS), _DEPLOYED],
            within=patience.again,
            for_each={"related:deployment:prefect.resource.id"},
        ),
        subject="{{ flow.name }} is late",
        body="No worker took it. Start one: prefect worker start --pool {{ flow_run.work_pool_name }}. "
        "The next run brings all that is missing; late ones may be cancelled.",
    )


def failed(patience: Patience) -> Watch:
    """A run failed that no report speaks of."""
    return Watch(
        "shellcorp: a run failed",
        f"Tells of failures of {', '.join(WITHOUT_REPORT)}; those of the pipeline stand in its report.",
        _reactive(
            _events(*NOT_COMPLETED),
            [_of(*WITHOUT_REPORT), _DEPLOYED],
            within=patience.again,
            for_each={"related:flow:prefect.resource.id"},
        ),
        subject="{{ flow.name }} ended as {{ flow_run.state.name }}",
        body="{{ flow_run.state.message }}\ndocs/runbook.md has more, by the words of this message.",
    )


def not_replicated(patience: Patience) -> Watch:
    """The mirrors stand still, for whatever reason: runs fail, are late, or were switched off."""
    return Watch(
        "shellcorp: nothing was replicated",
        "Tells, again and again, that no run has brought the mirrors up to date.",
        EventTrigger(
            expect=_events("Completed", "Tables stand"),
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related=_of("replicate"),
            posture=Posture.Proactive,
            threshold=1,
            within=patience.replicated,
        ),
        subject="Nothing was replicated",
        body=f"No run of replicate has completed in {_told(patience.replicated)}. Look at its last runs, and "
        "whether a worker runs. SQL Server keeps changes for its retention only, three days by default.",
        link="",
    )


def lagging(patience: Patience) -> Watch:
    """Replication works, and does not keep up."""
    return Watch(
        "shellcorp: replication lags",
        "Tells that a run ended further behind its source than PLATFORM_LAG_LIMIT_SECONDS allows.",
        EventTrigger(
            expect={"shellcorp.replication.lagging"},
            match={"prefect.resource.id": "sqlserver://*"},
            posture=Posture.Reactive,
            threshold=1,
            within=patience.again,
        ),
        subject="Replication lags by {{ event.payload.lag_seconds }} s",
        body="The last commit that arrived is of {{ event.payload.committed_at }} UTC. Look at the sizes of "
        "windows in the log of replicate, and at a capture job that runs behind: docs/runbook.md.",
    )


def gate_closed() -> Watch:
    """A gate closed; the platform itself mails that to whom it concerns."""
    return Watch(
        "shellcorp: a gate closed",
        "Tells the workspace's channel, where there is one. Mails are sent by the run itself.",
        EventTrigger(
            expect={"shellcorp.gate.closed"},
            match={"prefect.resource.id": "snowflake://*"},
            posture=Posture.Reactive,
            threshold=1,
        ),
        subject="Gate closed on {{ event.resource.name }}",
        body="{{ event.payload.failed }} of {{ event.payload.checks }} checks failed; readers keep the last "
        "good table. {{ event.payload.page }}",
        is_mailed=False,
    )


_DEPLOYED: Final[dict[str, str | list[str]]] = {"prefect.resource.role": "deployment"}
"""Runs of deployments: not the parts of a pipeline, which tells of them."""


def _of(*flows: str) -> dict[str, str | list[str]]:
    return {"prefect.resource.role": "flow", "prefect.resource.name": list(flows)}


def _events(*states: str) -> set[str]:
    return {f"prefect.flow-run.{state}" for state in states}


def _reactive(
    events: set[str],
    related: list[dict[str, str | list[str]]],
    within: timedelta = timedelta(0),
    for_each: Collection[str] = (),
) -> EventTrigger:
    """Fires at the first such event, and again for the first one after `within`."""
    return EventTrigger(
        expect=events,
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related=related,
        for_each=set(for_each),
        posture=Posture.Reactive,
        threshold=1,
        within=within,
    )


def _told(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"
