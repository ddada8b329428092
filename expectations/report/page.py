"""What the templates show of a run: the summary, cut and measured for a reader's eye."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from urllib.parse import urlsplit

from expectations.gate.catalog import LAYERS
from expectations.gate.results import GateResult
from expectations.report.changes import changes_of
from expectations.report.chart import Chart, chart_of
from expectations.report.findings import Problem, problem_of
from expectations.report.lately import ChangesShown, TopRule, changes_shown, top_rules
from expectations.report.limits import WIDEST, Limits
from expectations.report.set_aside import SetAside
from expectations.report.summary import ReplicatedTable, RunSummary
from expectations.report.trends import runs_of
from expectations.report.words import COMPANY, and_more, counted, duration, one_line, reason_of, verdict_of

LONGEST_LINK: Final = 2_000


@dataclass(frozen=True)
class Kept:
    """A table that was not published for another reason than its own gate."""

    name: str
    outcome: str


@dataclass(frozen=True)
class Bar:
    """A replicated table; `percent` of the widest bar."""

    name: str
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
    """All that is shown of a run; `more_…` counts what is left out."""

    subject: str
    tone: str
    headline: str
    reason: str
    advice: str
    when: str
    run_name: str
    took: str
    about: str | None
    first_error: str | None
    gaps: tuple[str, ...]
    more_gaps: int
    problems: tuple[Problem, ...]
    more_problems: int
    set_aside: tuple[SetAside, ...]
    more_set_aside: int
    kept: tuple[Kept, ...]
    more_kept: int
    changes: ChangesShown
    chart: Chart | None
    top_rules: tuple[TopRule, ...]
    layers: tuple[Layer, ...]
    bars: tuple[Bar, ...]
    more_bars: int
    summary: RunSummary
    data_docs_link: str | None
    prefect_link: str | None

    @property
    def preview(self) -> str:
        """What a list of mails shows behind the subject."""
        return f"{self.advice} {self.reason or self.first_error or ''}"

    @property
    def is_wrong(self) -> bool:
        """Whether there is anything to tell before all else."""
        return bool(self.first_error or self.gaps or self.problems or self.set_aside or self.kept)


def page_of(summary: RunSummary, zone: tzinfo = UTC, limits: Limits = WIDEST) -> Page:
    """Choose and measure what is shown.

    Args:
        summary: the run, as far as it concerns the reader.
        zone: in which times are told.
        limits: how much is shown of what has no end.
    """
    wrong = (*summary.closed, *summary.overridden, *summary.warned)
    own_gate = {gate.name for gate in summary.closed}
    kept = [model for model in summary.kept if model.name not in own_gate]
    verdict, changes, bars = verdict_of(summary), changes_of(summary), _bars(summary.tables, limits)
    return Page(
        subject=one_line(f"{COMPANY}: {verdict} — {reason_of(summary)}", limits.subject),
        tone={"published": "good", "published with warnings": "fair"}.get(summary.verdict, "bad"),
        headline=verdict[0].upper() + verdict[1:],
        reason=_reason(summary, limits),
        advice=_advice(summary),
        when=when(summary.ended_at, zone),
        run_name=one_line(summary.run_name, limits.name),
        took=duration(summary.ended_at - summary.started_at),
        about=None if summary.concern.is_all else one_line(str(summary.concern), limits.sentence),
        first_error=_first_error(summary, limits),
        gaps=tuple(one_line(gap, limits.name) for gap in summary.gaps[: limits.lines]),
        more_gaps=max(0, len(summary.gaps) - limits.lines),
        problems=tuple(problem_of(gate, summary, changes, zone, limits) for gate in wrong[: limits.gates]),
        more_problems=max(0, len(wrong) - limits.gates),
        set_aside=summary.set_aside[: limits.lines],
        more_set_aside=max(0, len(summary.set_aside) - limits.lines),
        kept=tuple(Kept(one_line(m.name, limits.name), m.outcome) for m in kept[: limits.lines]),
        more_kept=max(0, len(kept) - limits.lines),
        changes=changes_shown(changes, zone, limits),
        chart=chart_of(runs_of(summary.history), zone),
        top_rules=top_rules(summary.history, summary.ownership, limits, summary.gates),
        layers=tuple(layer for layer in (_layer(name, summary.gates) for name in LAYERS) if layer.tables),
        bars=bars[: limits.lines],
        more_bars=max(0, len(bars) - limits.lines),
        summary=summary,
        data_docs_link=link(summary.data_docs_link),
        prefect_link=link(summary.prefect_link),
    )


def link(address: str | None) -> str | None:
    """The link, if it leads somewhere that a mail may lead to, and is no longer than servers take."""
    if not address or len(address) > LONGEST_LINK:
        return None
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        return None
    return address if scheme in ("http", "https", "file") else None


def when(moment: datetime, zone: tzinfo) -> str:
    """A time as the head of a mail has it."""
    at = moment.astimezone(zone)
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M %Z}"


def _reason(summary: RunSummary, limits: Limits) -> str:
    """The reason as a sentence; none for a failed run, whose error is shown in full."""
    reason = one_line(reason_of(summary), limits.sentence)
    return "" if summary.verdict == "failed" else f"{reason[0].upper()}{reason[1:]}."


def _first_error(summary: RunSummary, limits: Limits) -> str | None:
    """What ended the run, unless it says no more than the closed gates do."""
    error = summary.first_error
    if not error or any(gate.name in error for gate in summary.closed):
        return None
    return one_line(error, limits.error)


def _advice(summary: RunSummary) -> str:
    if summary.verdict == "published":
        return "Today's numbers can be used."
    if summary.verdict == "published with warnings":
        return "Today's numbers can be used; mind what is listed below."
    if summary.verdict == "failed":
        new = sum(model.outcome == "published" for model in summary.models)
        if new:
            return f"The run did not come to its end: {counted(new, 'table')} new, all others as they were."
        return "The run did not come to its end. Readers have the last good tables."
    if not summary.kept and summary.closed:
        return f"What is built from {and_more([gate.name for gate in summary.closed])} was not replaced."
    if not summary.kept:
        return "Nothing was replaced."
    own_gate = {gate.name for gate in summary.closed}
    names = sorted((model.name for model in summary.kept), key=lambda name: name not in own_gate)
    kept = f"Readers have the last good rows of {and_more(names)}"
    others = len(summary.models) - len(summary.kept)
    return f"{kept}; {counted(others, 'other table')} can be used." if others else f"{kept}."


def _bars(tables: tuple[ReplicatedTable, ...], limits: Limits) -> tuple[Bar, ...]:
    widest = max((table.snapshot_rows + table.changes for table in tables), default=0)
    bars = (
        Bar(
            one_line(table.table.lower(), limits.name),
            table,
            _percent(table.snapshot_rows + table.changes, widest),
        )
        for table in tables
    )
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
