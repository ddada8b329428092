"""Selectors on the command line, and the warehouse that some subcommands look into."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import load_settings
from snowpark_models.model import Model
from snowpark_models.runner import plan
from snowpark_models.runner.modified import modified
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.run import failures
from snowpark_models.runner.selection import asks_for_state
from snowpark_models.runner.warehouse import Warehouse

SELECTORS = "model, layer, file, tag:NAME or state:modified; +x with what it reads, x+ with what reads it"


def add_selectors(parser: argparse.ArgumentParser) -> None:
    """SELECTOR …, and --developer, whose ledger state:modified compares with."""
    parser.add_argument("selection", nargs="*", metavar="SELECTOR", help=f"{SELECTORS}; all when left out")
    add_developer(parser)


def add_developer(parser: argparse.ArgumentParser) -> None:
    """--developer: whose schemas are read and written."""
    parser.add_argument(
        "--developer", metavar="NAME", help="whose schemas, such as ana; PLATFORM_DEVELOPER when left out"
    )


def namespace(options: argparse.Namespace) -> Namespace:
    """The developer's schemas, or production's where nobody is named.

    Raises:
        ModelError: no schema can be called after the developer.
        SettingsError: a setting is missing.
    """
    developer: str = load_settings().developer if options.developer is None else options.developer
    return Namespace(developer.upper())


@contextmanager
def warehouse(options: argparse.Namespace) -> Iterator[Warehouse]:
    """The warehouse of the settings.

    Raises:
        BuildError: the warehouse refused a statement.
        ConnectionFailed, SettingsError: it cannot be reached.
    """
    where = namespace(options)
    with connect_snowflake(load_settings().snowflake, "python -m snowpark_models") as connection:
        session = snowpark_session(connection)
        with failures(f"{options.command} failed", stands=""):
            yield Warehouse(session, where)


def selected(options: argparse.Namespace) -> list[Model]:
    """The selected models; asks the warehouse only for state:modified."""
    selection: Sequence[str] = options.selection
    if not asks_for_state(selection):
        return plan(selection)
    with warehouse(options) as house:
        return plan(selection, modified=modified(house, plan()))
