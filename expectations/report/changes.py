"""What changed since the run before: rules that fail now and did not, or hold again; rows that moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from expectations.gate.results import GateResult
from expectations.report.history import History, PastGate
from expectations.report.summary import RunSummary

TELLING = ("critical", "warning")
"""Severities whose coming and going is told."""


@dataclass(frozen=True, order=True)
class Rule:
    """One expectation on one table: what can fail in one run and hold in the next."""

    table: str
    expectation: str


@dataclass(frozen=True)
class Since:
    """How long a rule has failed without a break: the first run of the streak that is known, how many runs.

    Not `is_whole` means that it failed in the oldest known run already.
    """

    at: datetime
    runs: int
    is_whole: bool


@dataclass(frozen=True)
class Move:
    """Rows of a published table, before and now."""

    table: str
    before: int
    after: int

    @property
    def share(self) -> float:
        """The change as a share of the greater number, between -1 and 1."""
        return (self.after - self.before) / max(self.after, self.before, 1)


@dataclass(frozen=True)
class Changes:
    """What one run changed, as its tables' runs before had it."""

    is_first: bool
    newly_failing: tuple[Rule, ...] = ()
    mended: tuple[Rule, ...] = ()
    lasting: Mapping[Rule, Since] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()


def changes_of(summary: RunSummary) -> Changes:
    """Compare a run with the last run before it that checked the same table."""
    past = _runs_by_table(summary.history, summary.run_id)
    failed: defaultdict[Rule, set[str]] = defaultdict(set)
    for failure in summary.history.failures:
        failed[Rule(failure.name, failure.expectation)].add(failure.run_id)
    newly, mended, lasting = [], [], {}
    for gate in summary.gates:
        for check in gate.checks:
            rule, runs = Rule(gate.name, check.expectation), past.get(gate.name, [])
            had_failed = bool(runs) and runs[-1].run_id in failed[rule]
            if check.severity not in TELLING or not runs:
                continue
            if check.success and had_failed:
                mended.append(rule)
            elif not check.success and had_failed:
                lasting[rule] = _since(runs, failed[rule])
            elif not check.success:
                newly.append(rule)
    return Changes(not past, tuple(newly), tuple(mended), lasting, _moves(summary))


def first_failed(changes: Changes, gate: GateResult) -> Since | None:
    """Since when a gate's oldest failure lasts; None if all are new."""
    streaks = [
        changes.lasting[rule]
        for check in gate.failures
        if (rule := Rule(gate.name, check.expectation)) in changes.lasting
    ]
    return max(streaks, key=lambda since: since.runs, default=None)


def _runs_by_table(history: History, run_id: str) -> dict[str, list[PastGate]]:
    """The gates of the runs before, by table, oldest first."""
    past: defaultdict[str, list[PastGate]] = defaultdict(list)
    for gate in history.gates:
        if gate.run_id != run_id:
            past[gate.name].append(gate)
    return dict(past)


def _since(runs: list[PastGate], failed: set[str]) -> Since:
    streak = 0
    while streak < len(runs) and runs[-1 - streak].run_id in failed:
        streak += 1
    return Since(runs[-streak].checked_at, streak + 1, streak < len(runs))


def _moves(summary: RunSummary) -> tuple[Move, ...]:
    """Published tables whose number of rows is another than before, the greatest change first."""
    before = {good.name: good.row_count for good in summary.history.last_good}
    moves = [
        Move(model.name, count, model.row_count)
        for model in summary.models
        if model.outcome in ("published", "unchanged")
        and model.row_count is not None
        and (count := before.get(model.name)) is not None
        and count != model.row_count
    ]
    return tuple(sorted(moves, key=lambda move: (-abs(move.share), move.table)))
