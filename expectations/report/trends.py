"""How it went lately: each of the last runs in a few numbers, and the rules that failed most often."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from expectations.report.changes import TELLING, Rule
from expectations.report.history import History


@dataclass(frozen=True)
class RunTrend:
    """One run: tables checked, tables kept back or warned of, failed checks."""

    run_id: str
    at: datetime
    tables: int
    closed: int
    warned: int
    checks: int
    passed: int
    critical: int
    warnings: int

    @property
    def tone(self) -> str:
        """How the run looks at a glance."""
        return "bad" if self.closed else "fair" if self.warned else "good"


@dataclass(frozen=True)
class RuleTrend:
    """A rule that failed: in how many of the runs that checked its table, and whether in the newest."""

    rule: Rule
    severity: str
    failed: int
    checked: int
    is_failing: bool
    failing_rows: int | None


def runs_of(history: History) -> tuple[RunTrend, ...]:
    """The runs, oldest first."""
    gates = defaultdict(list)
    for gate in history.gates:
        gates[gate.run_id].append(gate)
    runs = (
        RunTrend(
            run_id=run_id,
            at=min(gate.checked_at for gate in own),
            tables=len(own),
            closed=sum(gate.critical > 0 for gate in own),
            warned=sum(gate.warnings > 0 and not gate.critical for gate in own),
            checks=sum(gate.checks for gate in own),
            passed=sum(gate.passed for gate in own),
            critical=sum(gate.critical for gate in own),
            warnings=sum(gate.warnings for gate in own),
        )
        for run_id, own in gates.items()
    )
    return tuple(sorted(runs, key=lambda run: run.at))


def failing_rules(history: History) -> tuple[RuleTrend, ...]:
    """The rules that failed, most often first."""
    checked = Counter(gate.name for gate in history.gates)
    newest = {gate.name: gate.run_id for gate in history.gates}
    failures = defaultdict(list)
    for failure in history.failures:
        if failure.severity in TELLING:
            failures[Rule(failure.name, failure.expectation)].append(failure)
    rules = (
        RuleTrend(
            rule=rule,
            severity=found[-1].severity,
            failed=len({failure.run_id for failure in found}),
            checked=checked[rule.table],
            is_failing=found[-1].run_id == newest.get(rule.table),
            failing_rows=found[-1].failing_rows,
        )
        for rule, found in failures.items()
    )
    return tuple(sorted(rules, key=lambda each: (-each.failed, not each.is_failing, each.rule)))
