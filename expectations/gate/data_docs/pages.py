"""The pages' text: templates filled with what the gates found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import great_expectations
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from expectations.gate.data_docs.history import PastGate, PastRun
from expectations.gate.results import CheckResult, GateResult
from expectations.report.ownership import Ownership, TableFacts, masked_error, masked_key
from expectations.severity import SEVERITIES

SHOWN_RUNS: Final = 30
"""Runs in the strip beside each table."""
_GRAVEST_FIRST: Final = ("closed", "warned", "open")
_OUTSIDE_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class GateShown:
    """One gate on a run's page: what its row in GATE_RUNS says, and its checks, what failed first."""

    gate: PastGate
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True)
class TableShown:
    """One table in the index: its newest gate, and those of the last runs, None where a run left it out."""

    newest: PastGate
    strip: tuple[PastGate | None, ...]


def run_page(run: PastRun, results: Sequence[GateResult], ownership: Ownership) -> str:
    """The page of one run: closed gates first; personal values are masked."""
    checks = {result.name: _shown(result, ownership.get(result.name)) for result in results}
    shown = [GateShown(gate, checks.get(gate.name, ())) for gate in run.gates]
    shown.sort(key=lambda each: _GRAVEST_FIRST.index(each.gate.outcome))
    return _render("run.html", run=run, gates=shown)


def index_page(runs: Sequence[PastRun]) -> str:
    """The page that lists all tables, with their last gates, and all runs; `runs` the newest first."""
    shown = list(reversed(runs[:SHOWN_RUNS]))
    by_run = [{gate.name: gate for gate in run.gates} for run in shown]
    newest: dict[str, PastGate] = {}
    for run in runs:
        for gate in run.gates:
            newest.setdefault(gate.name, gate)
    tables = [TableShown(gate, tuple(run.get(name) for run in by_run)) for name, gate in newest.items()]
    layers: dict[str, list[TableShown]] = {}
    for table in tables:
        layers.setdefault(table.newest.layer, []).append(table)
    return _render("index.html", runs=runs, layers=layers)


def _shown(result: GateResult, facts: TableFacts | None) -> tuple[CheckResult, ...]:
    """The checks as the page has them: what failed first, then by severity."""
    passed = [check for check in result.checks if check.success]
    passed.sort(key=lambda check: SEVERITIES.index(check.severity))
    return tuple(
        replace(
            check,
            sample_keys=tuple(dict.fromkeys(masked_key(key, facts) for key in check.sample_keys)),
            error=masked_error(check.error, facts) if check.error else None,
        )
        for check in (*result.failures, *passed)
    )


def _render(template: str, **values: object) -> str:
    version = great_expectations.__version__
    text = _environment().get_template(template).render(version=version, **values)
    return _OUTSIDE_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("expectations.gate.data_docs"),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["whole"] = lambda number: "" if number is None else f"{number:,}"
    environment.filters["moment"] = lambda moment: f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return environment
