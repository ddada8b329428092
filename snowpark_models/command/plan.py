"""`plan`: what a run would do with each model, why, and what is downstream; nothing is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from snowpark_models.command.selecting import add_selectors, selected, warehouse
from snowpark_models.command.tables import as_table
from snowpark_models.model import Model
from snowpark_models.runner import Options, discover
from snowpark_models.runner.forecast import Forecast
from snowpark_models.runner.materialise import look
from snowpark_models.runner.selection import downstreams_of

HELP = "what a run would do, why, and what it touches downstream; writes nothing"
HEADINGS = ("#", "model", "would", "why", "downstream")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_selectors(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    models, known = selected(options), discover()
    with warehouse(options) as house:
        forecasts = look(house, models, Options(house.namespace, known=known)).forecasts
        place = house.namespace.schema("marts")
    rows = [_row(number, each, known) for number, each in enumerate(forecasts, 1)]
    sys.stdout.write(as_table([HEADINGS, *rows]))
    sys.stdout.write(f"Nothing was written. Of a run marts would be in {place}.\n")
    return 0


def _row(number: int, each: Forecast, known: Sequence[Model]) -> Sequence[str]:
    is_touching = each.decision.mode != "nothing"
    below = sorted(downstreams_of([each.model.name], known)) if is_touching else []
    return (str(number), each.model.name, each.decision.mode, each.decision.reason, ", ".join(below))
