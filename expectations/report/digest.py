"""The mail about a week: how good the layers were, what failed, what was kept back, what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from email.message import EmailMessage

from expectations.gate.catalog import LAYERS
from expectations.report.chart import Chart, chart_of
from expectations.report.history import History
from expectations.report.lately import TopRule, top_rules
from expectations.report.limits import WIDEST, Limits
from expectations.report.message import address, message_of
from expectations.report.page import link, when
from expectations.report.trends import RunTrend, runs_of
from expectations.report.week import WEEK, SourceWeek, Week
from expectations.report.words import COMPANY, counted, day, one_line, seconds, whole

CHART_RUNS = 42
"""Of a week's runs the newest so many are drawn."""
FIGURES = ("Lag, median and worst", "Runs of replication", "Queries to the source", "Rows read", "Time taken")


@dataclass(frozen=True)
class LayerWeek:
    """Quality of a layer: how many of its checks passed, this week and the week before; widths of a bar."""

    name: str
    passed: str
    before: str
    percents: tuple[int, int, int]


@dataclass(frozen=True)
class KeptLine:
    """A table that was kept back."""

    name: str
    owner: str | None
    extent: str


@dataclass(frozen=True)
class Figure:
    """A figure of this week, and of the week before."""

    name: str
    now: str
    before: str


@dataclass(frozen=True)
class DigestPage:
    """All that is shown of a week."""

    subject: str
    tone: str
    headline: str
    advice: str
    reason: str
    when: str
    about: str | None
    layers: tuple[LayerWeek, ...]
    chart: Chart | None
    top_rules: tuple[TopRule, ...]
    kept: tuple[KeptLine, ...]
    more_kept: int
    source: tuple[Figure, ...]
    data_docs_link: str | None
    prefect_link: str | None = None

    @property
    def preview(self) -> str:
        """What a list of mails shows behind the subject."""
        return f"{self.advice} {self.reason}"


def compose_digest(week: Week, sender: str, recipients: Sequence[str], zone: tzinfo = UTC) -> EmailMessage:
    """The mail about a week, ready to be sent."""
    message = message_of("digest", lambda limits: digest_page_of(week, zone, limits), week.ends_at)
    what = ("digest", f"{week.ends_at.astimezone(zone):%G-W%V}", ", ".join(recipients))
    address(message, sender, recipients, what)
    return message


def digest_page_of(week: Week, zone: tzinfo = UTC, limits: Limits = WIDEST) -> DigestPage:
    """Choose and measure what is shown of a week."""
    runs = runs_of(week.this_week)
    tones = [run.tone for run in runs]
    days = f"{day((week.ends_at - WEEK).astimezone(zone))} to {day(week.ends_at.astimezone(zone))}"
    headline = _headline(tones)
    return DigestPage(
        subject=one_line(f"{COMPANY}: the week {days} — {headline[0].lower()}{headline[1:]}", limits.subject),
        tone="bad" if "bad" in tones else "fair" if "fair" in tones or not runs else "good",
        headline=headline,
        advice=f"The week {days}: {_quality(runs) or 'no run checked anything'}.",
        reason=f"The week before: {before}." if (before := _quality(runs_of(week.week_before))) else "",
        when=when(week.ends_at, zone),
        about=None if week.concern.is_all else one_line(str(week.concern), limits.sentence),
        layers=_layers(week),
        chart=chart_of(runs[-CHART_RUNS:], zone),
        top_rules=top_rules(week.this_week, week.ownership, limits),
        kept=_kept(week, limits),
        more_kept=max(0, len(week.kept_back) - limits.lines),
        source=_source(week) if week.concern.covers("raw", "", {}) else (),
        data_docs_link=link(week.data_docs_link),
    )


def _headline(tones: Sequence[str]) -> str:
    if not tones:
        return "Nothing was checked"
    if bad := tones.count("bad"):
        return f"Gates closed in {bad} of {counted(len(tones), 'run')}"
    if fair := tones.count("fair"):
        return f"All published, with warnings in {fair} of {counted(len(tones), 'run')}"
    return f"All {counted(len(tones), 'run')} published"


def _quality(runs: Sequence[RunTrend]) -> str:
    checks, passed = sum(run.checks for run in runs), sum(run.passed for run in runs)
    return f"{_share(passed, checks)} of {counted(checks, 'check')} passed" if checks else ""


def _share(part: int, of: int) -> str:
    """A share as percents; never 100 % unless it is all."""
    return "100 %" if part == of else f"{min(99.99, 100 * part / of):.2f} %"


def _layers(week: Week) -> tuple[LayerWeek, ...]:
    layers = (_layer(name.upper(), week.this_week, week.week_before) for name in LAYERS)
    return tuple(layer for layer in layers if layer is not None)


def _layer(name: str, history: History, before: History) -> LayerWeek | None:
    now, then = ([gate for gate in each.gates if gate.layer == name] for each in (history, before))
    checks, passed = sum(gate.checks for gate in now), sum(gate.passed for gate in now)
    if not checks:
        return None
    critical = sum(gate.critical for gate in now)
    failed, warned = (max(3, 100 * n // checks) if n else 0 for n in (critical, checks - passed - critical))
    checks_then, passed_then = sum(gate.checks for gate in then), sum(gate.passed for gate in then)
    return LayerWeek(
        name,
        f"{_share(passed, checks)} of {counted(checks, 'check')}",
        _share(passed_then, checks_then) if checks_then else "–",
        (100 - failed - warned, warned, failed),
    )


def _kept(week: Week, limits: Limits) -> tuple[KeptLine, ...]:
    return tuple(
        KeptLine(
            name=one_line(kept.name, limits.name),
            owner=one_line(facts.owner, limits.name)
            if (facts := week.ownership.get(kept.name)) and facts.owner
            else None,
            extent=f"{whole(kept.kept)} of {counted(kept.runs, 'run')}",
        )
        for kept in week.kept_back[: limits.lines]
    )


def _source(week: Week) -> tuple[Figure, ...]:
    if week.source is None:
        return ()
    now = _figures(week.source)
    before = _figures(week.source_before) if week.source_before else ("–",) * len(now)
    return tuple(map(Figure, FIGURES, now, before))


def _figures(source: SourceWeek) -> tuple[str, ...]:
    return (
        f"{seconds(source.lag_seconds)}, {seconds(source.worst_lag_seconds)}",
        whole(source.runs),
        whole(source.queries),
        whole(source.rows),
        seconds(source.milliseconds / 1000),
    )
