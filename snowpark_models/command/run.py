"""`run`: bring models up to date in a developer's schemas; production is read, and never written."""

from __future__ import annotations

import argparse
import sys
import uuid

from snowpark_models.command.selecting import add_selectors, namespace, selected, warehouse
from snowpark_models.command.wishes import add_wishes, wished
from snowpark_models.errors import ModelError
from snowpark_models.model import Model
from snowpark_models.runner import Candidate, ModelOutcome, materialise

HELP = "bring models up to date in a developer's schemas"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_selectors(parser)
    add_wishes(parser)


def run(options: argparse.Namespace) -> int:
    """Build, and print a line a model; 1 when one of them keeps what it was.

    Raises:
        BackfillError: a range is asked for that a model cannot have.
        ModelError: nobody is named whose schemas are written.
    """
    where = namespace(options)
    if where.is_production:
        raise ModelError(
            "production is built by the flow transform, which holds the gates: "
            "`prefect deployment run transform/shellcorp`, or `python -m flows.transform`. "
            "Give --developer NAME, or set PLATFORM_DEVELOPER, to build in schemas of your own."
        )
    models = selected(options)
    wanted = wished(options, models)
    with warehouse(options) as house:
        run_id = f"{where.developer.lower()}-{uuid.uuid4().hex[:12]}"
        outcomes = materialise(house.session, models, by_contract_only, run_id, Lines(), wanted)
    sys.stdout.write(
        f"Held to their contracts only, not to their suites: the gates are the flow's. {run_id}\n"
    )
    return 0 if all(outcome.is_published for outcome in outcomes) else 1


def by_contract_only(candidate: Candidate) -> bool:  # noqa: ARG001 - an Audit
    """The audit of a developer's run: the runner has held what was built to its contract before it asks."""
    return True


class Lines:
    """A line on each stale source, and on each model that is done with."""

    def __init__(self) -> None:
        self._place = ""

    def warned(self, message: str) -> None:
        """Say it, apart from the models."""
        sys.stderr.write(f"{message}\n")

    def started(self, model: Model, number: int, total: int) -> None:
        """Remember which one it is."""
        self._place = f"{number}/{total} {model.name}"

    def ended(self, outcome: ModelOutcome) -> None:
        """Say what became of it."""
        seconds = (outcome.ended_at - outcome.started_at).total_seconds()
        rows = "" if outcome.row_count is None else f", {outcome.row_count:,} rows"
        sys.stdout.write(
            f"{self._place}: {outcome.outcome}, {outcome.decision.mode}{rows}, "
            f"{seconds:.1f} s ({outcome.reason})\n"
        )
        sys.stdout.flush()
