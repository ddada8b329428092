"""Finds the suite of a table: expectations/<layer>/<table>.py, its `SUITE`."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

from expectations.rules import Suite

LAYERS = ("raw", "staging", "marts", "features")


class SuiteMissing(Exception):  # noqa: N818 - reads as what happened
    """A table has no suite; the message names the file to add."""


def load_suite(layer: str, table: str) -> Suite:
    """The suite of a table.

    Raises:
        SuiteMissing: nobody wrote one yet, or the file has no `SUITE`.
    """
    name = f"expectations.{_known(layer)}.{table.lower()}"
    file = name.replace(".", "/") + ".py"
    if not table.isidentifier() or importlib.util.find_spec(name) is None:
        raise SuiteMissing(
            f"{layer}.{table} has no suite, so nothing of it can be published: add {file}, "
            f"with a SUITE like those beside it."
        )
    suite = getattr(importlib.import_module(name), "SUITE", None)
    if not isinstance(suite, Suite):
        raise SuiteMissing(f"{file} has no SUITE: assign one, as the files beside it do.")
    return suite


def suites_of(layer: str) -> tuple[str, ...]:
    """Names of the tables of a layer that have a suite, in alphabetical order."""
    package = importlib.import_module(f"expectations.{_known(layer)}")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def _known(layer: str) -> str:
    if layer.lower() not in LAYERS:
        raise SuiteMissing(f"{layer} is no layer: use one of {', '.join(LAYERS)}.")
    return layer.lower()
