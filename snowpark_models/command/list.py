"""`list`: the models in the order in which they are built."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from snowpark_models.command.selecting import add_selectors, selected
from snowpark_models.command.tables import as_table
from snowpark_models.model import Model

HELP = "models in the order in which they are built"
HEADINGS = ("#", "layer", "model", "grain", "owner", "reads")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_selectors(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    models = selected(options)
    sys.stdout.write(as_table([HEADINGS, *(_row(number, model) for number, model in enumerate(models, 1))]))
    return 0


def _row(number: int, model: Model) -> Sequence[str]:
    return (str(number), model.layer, model.name, model.grain, model.owner, ", ".join(model.upstreams))
