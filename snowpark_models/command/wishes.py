"""What is asked for beside what is new: a rebuild, or a range computed again; of `run`, and of its `plan`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from snowpark_models.command.selecting import namespace
from snowpark_models.errors import BackfillError
from snowpark_models.model import Model
from snowpark_models.runner import Options, discover
from snowpark_models.runner.backfill import FORM, Backfill


def add_wishes(parser: argparse.ArgumentParser) -> None:
    """--backfill and --full-refresh."""
    parser.add_argument("--backfill", metavar=FORM, help="compute again what has COLUMN in [BEGIN, END)")
    parser.add_argument("--full-refresh", action="store_true", help="rebuild them, whatever the ledger says")


def wished(options: argparse.Namespace, models: Sequence[Model]) -> Options:
    """Where to build, and what is asked for.

    Raises:
        BackfillError: a range is written wrongly, or asked for with a rebuild.
    """
    if options.backfill and options.full_refresh:
        raise BackfillError("--full-refresh computes all again, and --backfill a range: give one of them")
    return Options(
        namespace(options),
        rebuilt=[model.name for model in models] if options.full_refresh else [],
        backfill=Backfill.parsed(options.backfill) if options.backfill else None,
        known=discover(),
    )
