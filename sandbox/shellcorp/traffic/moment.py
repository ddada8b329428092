"""Points in time as SQL Server's types write them, down to 100 ns."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TICKS_A_SECOND = 10_000_000


@dataclass(frozen=True)
class Moment:
    """A point in time, UTC, in ticks of 100 ns since 1970."""

    ticks: int

    @classmethod
    def now(cls) -> Moment:
        """The present."""
        return cls(time.time_ns() // 100)

    def plus(self, seconds: float) -> Moment:
        """A moment so many seconds later, earlier if negative."""
        return Moment(self.ticks + round(seconds * TICKS_A_SECOND))

    def text(self, digits: int) -> str:
        """`2026-01-31T12:00:00.123` with so many digits of a second, cut and not rounded."""
        seconds, rest = divmod(self.ticks, TICKS_A_SECOND)
        whole = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
        return f"{whole}.{rest:07d}"[: len(whole) + 1 + digits] if digits else whole

    def date(self, days_later: int = 0) -> str:
        """`2026-01-31`."""
        day = datetime.fromtimestamp(self.ticks // TICKS_A_SECOND, UTC) + timedelta(days=days_later)
        return f"{day:%Y-%m-%d}"
