"""Moments as ticks: 100 ns since 0001-01-01 00:00:00, the resolution and range of datetime2(7).

They fit 64 bits, none of them is negative, and they compare as the moments do.
"""

from __future__ import annotations

from datetime import date, timedelta

SECOND = 10_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
LAST = date.max.toordinal() * DAY - 1
"""9999-12-31 23:59:59.9999999."""


def of_day(year: int, month: int = 1, day: int = 1) -> int:
    """The first tick of a day."""
    return (date(year, month, day).toordinal() - 1) * DAY


UNIX = of_day(1970)
"""Where DuckDB, Arrow and Python's clock begin to count."""


def day_of(ticks: int) -> date:
    """The day that a tick lies in."""
    return date.fromordinal(ticks // DAY + 1)


def clock_text(ticks: int) -> str:
    """`hh:mm:ss.fffffff` of a tick's day."""
    seconds, fraction = divmod(ticks % DAY, SECOND)
    return f"{timedelta(seconds=seconds)}".zfill(8) + f".{fraction:07d}"


def from_text(text: str) -> int:
    """The ticks of `[yyyy-mm-dd ]hh:mm:ss[.fffffff]`, as `results.Parameter` prints a moment.

    Raises:
        ValueError: the text is none.
    """
    day, _, clock = text.rpartition(" ")
    seconds, _, fraction = clock.partition(".")
    hour, minute, second = map(int, seconds.split(":"))
    days = date.fromisoformat(day).toordinal() - 1 if day else 0
    return days * DAY + (hour * 60 + minute) * MINUTE + second * SECOND + int(fraction.ljust(7, "0") or 0)


def from_offset_text(text: str) -> tuple[int, int]:
    """(ticks in UTC, offset in minutes) of `yyyy-mm-dd hh:mm:ss[.fffffff] +hh:mm`."""
    local, _, zone = text.rpartition(" ")
    minutes = (int(zone[1:3]) * 60 + int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    return from_text(local) - minutes * MINUTE, minutes
