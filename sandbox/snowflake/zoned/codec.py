"""TIMESTAMP_TZ in the engine's INTERVAL: (months, days, microseconds) whose length counts nanoseconds.

With `offset` in minutes and the instant as nanoseconds since 1970:
    whole, rest = divmod(instant, MONTH)
    days = 30 * (offset + MINUTES_OF_DAY)
    months = whole + FIRST_MONTH - (offset + MINUTES_OF_DAY)
    microseconds = rest
No part is negative in the years 1 to 9999: of equal lengths the engine takes those alone to be equal.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from sandbox.snowflake.errors import unsupported

MONTH = 30 * 86_400 * 10**6
"""Of the engine, in what its microseconds count here: nanoseconds."""
FIRST_MONTH = 30_000_000
"""Is added to the months, so that they are positive from the year 1 on."""
MINUTES_OF_DAY = 1440
SECONDS_OF_MONTH = MONTH // 10**9
PARTS = np.dtype([("months", "<i4"), ("days", "<i4"), ("picoseconds", "<i8")])
"""As Arrow has an interval; its nanoseconds are a thousandth of the engine's microseconds."""


class BoundMoment(str):
    """A bound TIMESTAMP_TZ as a text with its offset."""

    @classmethod
    def of(cls, binding: str) -> BoundMoment:
        """Read it as the clients send it: nanoseconds since 1970, and the offset in minutes from -1440."""
        nanoseconds, _, offset = binding.partition(" ")
        minutes = int(offset or MINUTES_OF_DAY) - MINUTES_OF_DAY
        seconds, rest = divmod(int(nanoseconds), 10**9)
        wall = datetime(1970, 1, 1) + timedelta(seconds=seconds, minutes=minutes)
        hours = f"{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        return cls(f"{wall.isoformat(' ')}.{rest:09} {'-' if minutes < 0 else '+'}{hours}")


def to_wire(array: pa.Array) -> pa.StructArray:
    """Seconds since 1970, nanoseconds, and the offset in minutes from -1440, as Snowflake sends TIMESTAMP_TZ.

    Raises:
        ProgrammingError: 0A000, the array has intervals that are none of these values.
    """
    buffer = array.buffers()[1]
    raw = np.frombuffer(buffer, PARTS)[array.offset : array.offset + len(array)] if buffer else _none()
    is_null = array.is_null()
    known = np.where(is_null.to_numpy(zero_copy_only=False), np.zeros(1, PARTS), raw)
    offsets, days = np.divmod(known["days"], 30)
    months = known["months"].astype(np.int64) + offsets
    is_value = (days == 0) & (known["months"] > 0) & (offsets < 2 * MINUTES_OF_DAY) & (offsets >= 0)
    if not np.all(is_value | (known["months"] == 0) & is_null.to_numpy(zero_copy_only=False)):
        raise unsupported("an INTERVAL that is not added to a date or timestamp")
    nanoseconds = known["picoseconds"] // 1000
    seconds = (months - FIRST_MONTH) * SECONDS_OF_MONTH + nanoseconds // 10**9
    parts = [
        pa.array(seconds, pa.int64()),
        pa.array((nanoseconds % 10**9).astype(np.int32), pa.int32()),
        pa.array(offsets.astype(np.int32), pa.int32()),
    ]
    names = (("epoch", pa.int64()), ("fraction", pa.int32()), ("timezone", pa.int32()))
    fields = [pa.field(name, kind, nullable=False) for name, kind in names]
    return pa.StructArray.from_arrays(parts, fields=fields, mask=is_null)


def _none() -> np.ndarray[tuple[int], np.dtype[np.void]]:
    return np.zeros(0, PARTS)
