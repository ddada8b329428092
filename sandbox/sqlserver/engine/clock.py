"""The moment a statement begins: GETDATE() and its kin give one value for the whole statement."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.sqlserver.ticks import DAY, MINUTE, UNIX, day_of


@dataclass(frozen=True)
class Clock:
    """A moment in ticks, in UTC and on the server's clock."""

    utc: int
    local: int

    @classmethod
    def now(cls, zone: ZoneInfo) -> Clock:
        """The present moment in the server's time zone."""
        nanoseconds = time.time_ns()
        offset = datetime.fromtimestamp(nanoseconds / 1e9, UTC).astimezone(zone).utcoffset()
        minutes = int(offset.total_seconds()) // 60 if offset is not None else 0
        utc = UNIX + nanoseconds // 100
        return cls(utc, utc + minutes * MINUTE)

    @property
    def offset_minutes(self) -> int:
        """The server's offset from UTC at this moment."""
        return (self.local - self.utc) // MINUTE

    @property
    def local_datetime(self) -> datetime:
        """The server's local time, to the microsecond."""
        midnight = datetime.combine(day_of(self.local), datetime.min.time())
        return midnight + timedelta(microseconds=self.local % DAY // 10)
