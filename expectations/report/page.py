"""What the templates show: the summary, cut and measured for a reader's eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from expectations.gate.catalog import LAYERS
from expectations.gate.results import CheckResult, GateResult
from expectations.report.summary import ReplicatedTable, RunSummary
from expectations.report.words import one_line, reason_of, verdict_of, whole

GATES_SHOWN: Final = 12
CHECKS_SHOWN: Final = 5
KEY_LENGTH: Final = 80
ERROR_LENGTH: Final = 400


@dataclass(frozen=True)
class Finding:
    """One failed check, as shown."""

    sentence: str
    severity: str
    extent: str
    keys: tuple[str, ...]
    error: str | None


@dataclass(frozen=True)
class Problem:
    """One gate that is not open, as shown; `more` failed checks are left to the Data Docs."""

    name: str
    outcome: str
    findings: tuple[Finding, ...]
    more: int


@dataclass(frozen=True)
class Bar:
    """A replicated table; `percent` of the widest bar."""

    table: ReplicatedTable
    percent: int

    @property
    def moved(self) -> int:
        """Rows of the snapshot and changes together."""
        return self.table.snapshot_rows + self.table.changes


@dataclass(frozen=True)
class Layer:
    """The gates of one layer: how many checks ended how; percents of the bar add up to 100."""

    name: str
    tables: int
    passed: int
    warned: int
    failed: int

    @property
    def checks(self) -> int:
        """All checks of the layer."""
        return self.passed + self.warned + self.failed

    @property
    def percents(self) -> tuple[int, int, int]:
        """Widths of passed, warned and failed; what is there at all is seen."""
        failed, warned = (max(3, 100 * n // self.checks) if n else 0 for n in (self.failed, self.warned))
        return 100 - warned - failed, warned, failed


@dataclass(frozen=True)
class Page:
    """All that is shown of a run."""

    summary: RunSummary
    tone: str
    headline: str
    reason: str
    advice: str
    first_error: str | None
    problems: tuple[Problem, ...]
    more_problems: int
    bars: tuple[Bar, ...]
    layers: tuple[Layer, ...]
    data_docs_link: str | None
    prefect_link: str | None


def page_of(summary: RunSummary) -> Page:
    """Choose and measure what is shown."""
    wrong = (*summary.closed, *summary.warned)
    verdict = verdict_of(summary)
    return Page(
        summary=summary,
        tone={"published": "good", "published with warnings": "fair"}.get(summary.verdict, "bad"),
        headline=verdict[0].upper() + verdict[1:],
        reason=_reason(summary),
        advice=_advice(summary),
        first_error=_first_error(summary),
        problems=tuple(_problem(gate) for gate in wrong[:GATES_SHOWN]),
        more_problems=max(0, len(wrong) - GATES_SHOWN),
        bars=_bars(summary.tables),
        layers=tuple(layer for layer in (_layer(name, summary.gates) for name in LAYERS) if layer.tables),
        data_docs_link=_link(summary.data_docs_link),
        prefect_link=_link(summary.prefect_link),
    )


def _reason(summary: RunSummary) -> str:
    """The reason as a sentence; none for a failed run, whose error is shown in full."""
    reason = reason_of(summary)
    return "" if summary.verdict == "failed" else f"{reason[0].upper()}{reason[1:]}."


def _first_error(summary: RunSummary) -> str | None:
    """What ended the run, unless it says no more than the closed gates do."""
    error = summary.first_error
    if not error or any(gate.name in error for gate in summary.closed):
        return None
    return one_line(error, ERROR_LENGTH)


def _advice(summary: RunSummary) -> str:
    if summary.verdict == "published":
        return "Today's numbers can be used."
    if summary.verdict == "published with warnings":
        return "Today's numbers can be used; mind what is listed below."
    if summary.verdict == "failed":
        return "The run did not come to its end. Readers have the last good tables."
    published = sum(model.outcome == "published" for model in summary.models)
    kept = (
        f"{whole(len(summary.kept))} tables kept their last good rows"
        if summary.kept
        else "Nothing was replaced"
    )
    return f"{kept}, {whole(published)} are new." if published else f"{kept}."


def _problem(gate: GateResult) -> Problem:
    shown = gate.failures[:CHECKS_SHOWN]
    return Problem(
        gate.name, gate.outcome, tuple(_finding(check) for check in shown), len(gate.failures) - len(shown)
    )


def _finding(check: CheckResult) -> Finding:
    if check.error:
        extent = "could not be checked"
    elif check.failing_rows is None:
        extent = "does not hold"
    else:
        extent = f"{whole(check.failing_rows)} of {whole(check.checked_rows)} rows"
    return Finding(
        sentence=check.expectation,
        severity=check.severity,
        extent=extent,
        keys=tuple(one_line(key, KEY_LENGTH) for key in check.sample_keys),
        error=one_line(check.error, ERROR_LENGTH) if check.error else None,
    )


def _bars(tables: tuple[ReplicatedTable, ...]) -> tuple[Bar, ...]:
    widest = max((table.snapshot_rows + table.changes for table in tables), default=0)
    bars = (Bar(table, _percent(table.snapshot_rows + table.changes, widest)) for table in tables)
    return tuple(sorted(bars, key=lambda bar: (-bar.moved, bar.table.table)))


def _percent(part: int, whole_bar: int) -> int:
    """Width of a bar: what is there at all is seen, what is not is not."""
    return max(1, 100 * part // whole_bar) if part else 0


def _layer(name: str, gates: tuple[GateResult, ...]) -> Layer:
    own = [gate for gate in gates if gate.layer.lower() == name]
    checks = [check for gate in own for check in gate.checks]
    failed = sum(not check.success and check.severity == "critical" for check in checks)
    warned = sum(not check.success and check.severity != "critical" for check in checks)
    return Layer(name.upper(), len(own), len(checks) - failed - warned, warned, failed)


def _link(link: str | None) -> str | None:
    """The link, if it leads somewhere that a mail may lead to."""
    return link if link and urlsplit(link).scheme in ("http", "https", "file") else None
