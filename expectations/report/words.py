"""Numbers, times and verdicts as people read them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from expectations.report.summary import RunSummary

COMPANY: Final = "Shellcorp"
_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
"""What no mail has: control characters, halves of surrogates, and what turns the direction of other text."""


def subject_of(summary: RunSummary) -> str:
    """The subject: its first words say whether today's numbers can be used."""
    return f"{COMPANY}: {verdict_of(summary)} — {reason_of(summary)}"


def verdict_of(summary: RunSummary) -> str:
    """The verdict, loud where it must be."""
    return {
        "published": "published",
        "published with warnings": "published with warnings",
        "not published": "NOT published",
        "failed": "run FAILED",
    }[summary.verdict]


def reason_of(summary: RunSummary) -> str:
    """Why, in a few words."""
    if summary.closed:
        return f"gate closed on {and_more([gate.name for gate in summary.closed])}"
    if summary.kept:
        return f"kept as they were: {and_more([model.name for model in summary.kept])}"
    if summary.first_error:
        return one_line(summary.first_error, 100)
    if not summary.gates:
        return "nothing was checked in this run"
    if summary.gaps:
        return f"changes are missing of {and_more(list(summary.gaps))}"
    if summary.overridden:
        return f"let through by hand: {and_more([gate.name for gate in summary.overridden])}"
    if summary.warned:
        return f"look at {and_more([gate.name for gate in summary.warned])}"
    return checks_passed(summary)


def checks_passed(summary: RunSummary) -> str:
    """How many checks passed; of how many, where a failed one did not weigh."""
    checks = [check for gate in summary.gates for check in gate.checks]
    passed = sum(check.success for check in checks)
    share = whole(passed) if passed == len(checks) else f"{whole(passed)} of {whole(len(checks))}"
    tables = len(summary.gates)
    return f"{share} checks on {whole(tables)} table{'' if tables == 1 else 's'} passed"


def and_more(names: list[str], shown: int = 2) -> str:
    """The first names and how many follow: `A, B and 3 more`."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def whole(count: int | None) -> str:
    """12345 as `12,345`; unknown as a dash."""
    return "–" if count is None else f"{count:,}"


def seconds(lag: float | None) -> str:
    """A lag: `4 s`, `3 min`, `2 h`; unknown as a dash."""
    if lag is None:
        return "–"
    if lag < 10:
        return f"{lag:.1f} s"
    if lag < 120:
        return f"{lag:.0f} s"
    return f"{lag / 60:.0f} min" if lag < 7200 else f"{lag / 3600:.0f} h"


def duration(length: timedelta) -> str:
    """How long a run took: `41 s`, `3 min 5 s`, `1 h 12 min`."""
    total = round(length.total_seconds())
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60} s"
    return f"{total // 3600} h {total % 3600 // 60} min"


def moment(at: datetime) -> str:
    """A time in the zone that it is given in: `Tue 10 March, 07:00`."""
    return f"{at:%a} {at.day} {at:%B, %H:%M}"


def day(at: datetime) -> str:
    """A day in the zone that it is given in: `10 March`."""
    return f"{at.day} {at:%B}"


def counted(count: int, noun: str) -> str:
    """`1 table`, `12 tables`."""
    return f"{whole(count)} {noun}{'' if count == 1 else 's'}"


def clean(text: str) -> str:
    """The text with a sign in place of each character that no mail should carry."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str, length: int) -> str:
    """The text without line breaks and control characters, cut to a length in characters."""
    flat = clean(" ".join(text.split()))
    return flat if len(flat) <= length else flat[: length - 1].rstrip() + "…"
