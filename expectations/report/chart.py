"""The chart of the last runs: one column a run, made of table cells, which every mail program draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from expectations.report.trends import RunTrend
from expectations.report.words import counted, day

HEIGHT: Final = 72
"""Pixels of the highest column."""
SEEN: Final = 5
"""Pixels of the smallest part."""
FULL: Final = 14
"""So many runs, or more, take the whole width."""
SIGNS: Final = {"good": ".", "fair": "w", "bad": "X"}


@dataclass(frozen=True)
class Column:
    """One run: heights of its failed checks in pixels, above a foot that says how it ended."""

    tone: str
    title: str
    rest: int
    critical: int
    warnings: int


@dataclass(frozen=True)
class Chart:
    """The runs as columns, and the same in words and signs."""

    columns: tuple[Column, ...]
    first: str
    last: str
    highest: int
    sentence: str
    signs: str

    @property
    def width(self) -> int:
        """In percent: few runs do not become broad."""
        return max(30, min(100, 100 * len(self.columns) // FULL))


def chart_of(runs: Sequence[RunTrend], zone: tzinfo) -> Chart | None:
    """The chart, oldest run first; None where there are not two runs to compare."""
    if len(runs) < 2:
        return None
    highest = max(run.critical + run.warnings for run in runs)
    tones = [run.tone for run in runs]
    good, fair, bad = (tones.count(tone) for tone in ("good", "fair", "bad"))
    parts = [f"{good} without a warning"]
    parts += [f"{fair} published with warnings"] if fair else []
    parts += [f"{bad} with a closed gate"] if bad else []
    checks, failed = sum(run.checks for run in runs), sum(run.critical + run.warnings for run in runs)
    return Chart(
        columns=tuple(_column(run, highest, zone) for run in runs),
        first=day(runs[0].at.astimezone(zone)),
        last=day(runs[-1].at.astimezone(zone)),
        highest=highest,
        sentence=f"{counted(len(runs), 'run')}: {', '.join(parts)}. "
        f"{counted(checks, 'check')}, {failed:,} failed.",
        signs="".join(SIGNS[tone] for tone in tones),
    )


def _column(run: RunTrend, highest: int, zone: tzinfo) -> Column:
    critical, warnings = (_pixels(count, highest) for count in (run.critical, run.warnings))
    at = run.at.astimezone(zone)
    return Column(
        tone=run.tone,
        title=f"{day(at)}, {at:%H:%M}: {run.critical} critical, {run.warnings} warnings, {run.tables} tables",
        rest=max(0, HEIGHT + SEEN - critical - warnings),
        critical=critical,
        warnings=warnings,
    )


def _pixels(count: int, highest: int) -> int:
    """Height of a part: what is there at all is seen."""
    return max(SEEN, HEIGHT * count // highest) if count else 0
