"""The moment a statement begins: GETDATE() and its kin give one value for the whole statement."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sandbox.sqlserver.engine.literals import DAY, EPOCH


@dataclass(frozen=True)
class Clock:
    """A moment in ticks of 100 ns since 1970, in UTC and on the server's clock."""

    utc: int
    local: int

    @classmethod
    def now(cls, zone: ZoneInfo) -> Clock:
        """The present moment in the server's time zone."""
        nanoseconds = time.time_ns()
        offset = datetime.fromtimestamp(nanoseconds / 1e9, UTC).astimezone(zone).utcoffset()
        minutes = int(offset.total_seconds()) // 60 if offset is not None else 0
        return cls(nanoseconds // 100, nanoseconds // 100 + minutes * 60 * 10_000_000)

    @property
    def offset_minutes(self) -> int:
        """The server's offset from UTC at this moment."""
        return (self.local - self.utc) // (60 * 10_000_000)

    @property
    def local_datetime(self) -> datetime:
        """The server's local time, to the microsecond."""
        days, clock = divmod(self.local, DAY)
        start = datetime.combine(date.fromordinal(days + EPOCH), datetime.min.time())
        return start.replace(
            hour=clock // 36_000_000_000,
            minute=clock // 600_000_000 % 60,
            second=clock // 10_000_000 % 60,
            microsecond=clock // 10 % 1_000_000,
        )
