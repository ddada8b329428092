"""`plan`: what a run would do with each model, why, and what is downstream; nothing is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from snowpark_models.command.selecting import add_selectors, selected, warehouse
from snowpark_models.command.tables import as_table
from snowpark_models.command.wishes import add_wishes, wished
from snowpark_models.model import Model
from snowpark_models.runner.forecast import Forecast
from snowpark_models.runner.materialise import look
from snowpark_models.runner.selection import downstreams_of

HELP = "what a run would do, why, and what it touches downstream; writes nothing"
HEADINGS = ("#", "model", "would", "why", "downstream")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_selectors(parser)
    add_wishes(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table.

    Raises:
        BackfillError: a range is asked for that a model cannot have.
    """
    models = selected(options)
    wanted = wished(options, models)
    with warehouse(options) as house:
        looked = look(house, models, wanted)
        place = house.namespace.schema("marts")
    for stale in looked.stale:
        sys.stderr.write(f"{stale}\n")
    rows = [_row(number, each, wanted.known) for number, each in enumerate(looked.forecasts, 1)]
    sys.stdout.write(as_table([HEADINGS, *rows]))
    sys.stdout.write(f"Nothing was written. Of a run marts would be in {place}.\n")
    return 0


def _row(number: int, each: Forecast, known: Sequence[Model]) -> Sequence[str]:
    is_touching = each.decision.mode != "nothing"
    below = sorted(downstreams_of([each.model.name], known)) if is_touching else []
    return (str(number), each.model.name, each.decision.mode, each.decision.reason, ", ".join(below))
