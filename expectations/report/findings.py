"""What is wrong, as shown: the gates that are not open, their failed checks, and since when they fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from expectations.gate.results import CheckResult, GateResult
from expectations.report.changes import Changes, Rule, Since
from expectations.report.limits import Limits
from expectations.report.ownership import TableFacts, masked_error, masked_key
from expectations.report.summary import RunSummary
from expectations.report.words import counted, day, moment, one_line, whole


@dataclass(frozen=True)
class Finding:
    """One failed check; `age` says since when it fails, where that is known."""

    sentence: str
    severity: str
    extent: str
    age: str
    keys: tuple[str, ...]
    error: str | None


@dataclass(frozen=True)
class Problem:
    """One gate that is not open; `more` failed checks are left to the Data Docs."""

    name: str
    outcome: str
    owner: str | None
    readers: str
    findings: tuple[Finding, ...]
    more: int


def problem_of(
    gate: GateResult, summary: RunSummary, changes: Changes, zone: tzinfo, limits: Limits
) -> Problem:
    """A gate that is not open."""
    facts = summary.facts(gate.name)
    shown = gate.failures[: limits.checks]
    return Problem(
        name=one_line(gate.name, limits.name),
        outcome="overridden" if gate in summary.overridden else gate.outcome,
        owner=one_line(facts.owner, limits.name) if facts and facts.owner else None,
        readers=_readers(gate, summary, zone, limits),
        findings=tuple(
            finding_of(check, facts, limits, _age(changes, Rule(gate.name, check.expectation), zone))
            for check in shown
        ),
        more=len(gate.failures) - len(shown),
    )


def finding_of(check: CheckResult, facts: TableFacts | None, limits: Limits, age: str = "") -> Finding:
    """One failed check, its personal values masked."""
    if check.error:
        extent = "could not be checked"
    elif check.failing_rows is None:
        extent = "does not hold"
    else:
        extent = f"{whole(check.failing_rows)} of {counted(check.checked_rows or 0, 'row')}"
    return Finding(
        sentence=one_line(check.expectation, limits.sentence),
        severity=check.severity,
        extent=extent,
        age=age,
        keys=keys_of(check, facts, limits),
        error=one_line(masked_error(check.error, facts), limits.error) if check.error else None,
    )


def keys_of(check: CheckResult, facts: TableFacts | None, limits: Limits) -> tuple[str, ...]:
    """The keys of failing rows; those that look alike without their personal values once."""
    masked = (one_line(masked_key(key, facts), limits.key) for key in check.sample_keys)
    return tuple(dict.fromkeys(masked))[: limits.keys]


def since_words(since: Since, zone: tzinfo) -> str:
    """`since 3 March, 4 runs`, or for how many runs at least."""
    if since.is_whole:
        return f"since {day(since.at.astimezone(zone))}, {counted(since.runs, 'run')}"
    return f"since {day(since.at.astimezone(zone))} or before"


def _age(changes: Changes, rule: Rule, zone: tzinfo) -> str:
    if rule in changes.lasting:
        return since_words(changes.lasting[rule], zone)
    return "new in this run" if rule in changes.newly_failing else ""


def _readers(gate: GateResult, summary: RunSummary, zone: tzinfo, limits: Limits) -> str:
    """What those who read the table have meanwhile."""
    override = next((each for each in summary.overrides if each.name == gate.name), None)
    if override is not None:
        told = f"Let through by {override.started_by} for this run: {override.reason}"
        told = told if gate.failures else f"{told} ({override.failed})"
        return one_line(told, limits.sentence)
    if gate.outcome != "closed":
        return "Published all the same."
    if gate.layer.lower() == "raw":
        return "What is built from it was not replaced."
    good = next((good for good in summary.history.last_good if good.name == gate.name), None)
    if good is None:
        return "Not published."
    rows = "" if good.row_count is None else f", {counted(good.row_count, 'row')}"
    return f"Readers have the table of {moment(good.at.astimezone(zone))}{rows}."
