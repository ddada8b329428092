"""What is told of a transform at its end: two tables, a name, and the state with its one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from expectations.gate import GateResult
from flows.failures import FAILED_BY_GATE
from flows.shown import show_table
from flows.transformation import Transformation
from snowpark_models.runner import ModelOutcome


def publish_artifacts(
    verdicts: Sequence[GateResult], outcomes: Sequence[ModelOutcome], data_docs: str
) -> None:
    """Every gate and every model of a run, as two tables in Prefect's UI."""
    gates = [
        {
            "table": verdict.name,
            "gate": verdict.outcome,
            "checks": len(verdict.checks),
            "failed": len(verdict.failures),
            "first failure": verdict.failures[0].expectation if verdict.failures else "",
        }
        for verdict in verdicts
    ]
    described = f"Every gate of this run. [Data Docs]({data_docs})"
    show_table("gates", gates, described)
    models = [
        {
            "model": o.model.name,
            "outcome": o.outcome,
            "rows": o.row_count,
            "set aside": o.rows_set_aside,
            "reason": o.reason,
        }
        for o in outcomes
    ]
    show_table("models", models, "Every model of this run.")


def name_by_outcome(verdicts: Sequence[GateResult], outcomes: Sequence[ModelOutcome]) -> str:
    """What a run is called when it has ended."""
    closed = [verdict.name for verdict in verdicts if not verdict.allows_publishing]
    counts = Counter(outcome.outcome for outcome in outcomes)
    told = [f"{count} models {outcome}" for outcome, count in counts.items() if outcome != "gate closed"]
    return ", ".join([*(f"{name} closed" for name in closed), *told]) or "nothing to build"


def final_state(transformation: Transformation, outcomes: Sequence[ModelOutcome]) -> State[Any]:
    """How the run ended: what is wrong first, and a gate by its table's name."""
    verdicts = transformation.verdicts
    overrides = transformation.overrides
    refused = [v for v in verdicts if not v.allows_publishing and v.name not in overrides.used]
    closed = [str(verdict) for verdict in refused]
    broken = [f"{o.model.name}: {o.reason}" for o in outcomes if o.outcome == "contract broken"]
    kept = [outcome for outcome in outcomes if not outcome.is_published]
    if kept or closed:
        reasons = [*closed, *broken] or [f"{kept[0].model.name} was {kept[0].reason}"]
        message = f"{'; '.join(reasons)}. {len(kept)} models keep their last good table."
        message = f"{message} {overrides}".rstrip()
        return Failed(name=FAILED_BY_GATE if closed else "Failed", message=message)
    published = f"{len(outcomes)} model{'' if len(outcomes) == 1 else 's'} published"
    warned = [str(verdict) for verdict in verdicts if verdict.outcome == "warned"]
    warned += [str(stale) for stale in transformation.stale]
    warned += [problem] if (problem := transformation.gate.docs_problem) else []
    told = "; ".join(
        [published, *_told_of_quarantine(outcomes), *([str(overrides)] if overrides.names else [])]
    )
    if warned or overrides.used:
        return Completed(name="Warned", message=". ".join([*(["; ".join(warned)] if warned else []), told]))
    return Completed(message=told)


def _told_of_quarantine(outcomes: Sequence[ModelOutcome]) -> list[str]:
    aside = {o.model.name: o.rows_set_aside for o in outcomes if o.rows_set_aside}
    count = sum(aside.values())
    return [f"{count:,} row{'' if count == 1 else 's'} set aside in {', '.join(aside)}"] if aside else []
