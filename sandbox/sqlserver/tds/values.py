"""Arrow columns to the bytes of SQL Server's values, a whole column at a time, with no framing yet.

Slots that are NULL hold arbitrary bytes: the framing leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.sqlserver import ticks
from sandbox.sqlserver.tds.typeinfo import CODE_PAGE, Family, WireType, time_size

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

DAYS_FROM_0001_TO_1970 = 719162
DAYS_FROM_1900_TO_1970 = 25567
MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Varying:
    """Values of different sizes: value i is `data[offsets[i]:offsets[i + 1]]`."""

    data: bytes | memoryview
    offsets: Integers


def fixed_values(array: pa.Array, wire: WireType) -> Bytes:
    """The values of a type of fixed size as a matrix: a row each, `wire.size` bytes wide."""
    return _ENCODERS[wire.family](array, wire)


def varying_values(array: pa.Array, family: Family) -> Varying:
    """The values of a text or binary type; NULL is empty."""
    if array.null_count:
        array = pc.fill_null(array, b"" if family is Family.BINARY else "")
    _, offset_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[array.offset : array.offset + len(array) + 1]
    data = memoryview(data_buffer or b"")[offsets[0] : offsets[-1]]
    starts = offsets.astype(np.int64) - offsets[0]
    if family is Family.BINARY:
        return Varying(data, starts)
    text = str(data, "utf-8")
    unicode = family is Family.UNICODE
    if text.isascii():
        return Varying(text.encode("utf-16-le"), starts * 2) if unicode else Varying(data, starts)
    characters = pc.utf8_length(array).to_numpy().cumsum(dtype=np.int64)
    ends = np.concatenate((np.zeros(1, np.int64), characters))
    if not unicode:
        return Varying(text.encode(CODE_PAGE, "replace"), ends)
    # Characters of four bytes in UTF-8 are surrogate pairs in UTF-16.
    pairs = np.flatnonzero(np.frombuffer(data, np.uint8) >= 0xF0)
    return Varying(text.encode("utf-16-le"), (ends + np.searchsorted(pairs, starts)) * 2)


def _raw(array: pa.Array, dtype: Any) -> npt.NDArray[Any]:
    """The values of a primitive array as they lie in its buffer, NULLs included."""
    width = np.dtype(dtype).itemsize
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * width)


def low_bytes(numbers: Integers, size: int) -> Bytes:
    """The `size` lowest bytes of each number, little-endian."""
    lowest: Bytes = np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, 8)[:, :size]
    return lowest


def _beside(*parts: Bytes) -> Bytes:
    return np.concatenate(parts, axis=1)


def _bits(array: pa.Array, _: WireType) -> Bytes:
    return _raw(array.cast(pa.uint8()), np.uint8).reshape(-1, 1)


def _numbers(array: pa.Array, wire: WireType) -> Bytes:
    return _raw(array, np.uint8 if wire.size == 1 else f"V{wire.size}").view(np.uint8).reshape(-1, wire.size)


def _decimals(array: pa.Array, wire: WireType) -> Bytes:
    """Sign (1: not negative), then the magnitude: Arrow has two's complement of 128 bits."""
    halves = _raw(array, "V16").view(np.uint64).reshape(-1, 2)
    negative = halves[:, 1] >> np.uint64(63) == 1
    low, high = halves[:, 0].copy(), halves[:, 1].copy()
    low[negative] = ~low[negative] + np.uint64(1)
    high[negative] = ~high[negative] + (low[negative] == 0)
    magnitude = np.stack((low, high), axis=1).view(np.uint8)[:, : wire.size - 1]
    return _beside((~negative).astype(np.uint8).reshape(-1, 1), magnitude)


def _money(array: pa.Array, wire: WireType) -> Bytes:
    """A number of 1/10,000; money has its high half first."""
    low = _raw(array, "V16").view(np.int64).reshape(-1, 2)[:, 0]
    value = low_bytes(low, 8)
    return value[:, :4] if wire.size == 4 else _beside(value[:, 4:], value[:, :4])


_HEX = np.full(256, 0xFF, np.uint8)
for _digit, _character in enumerate("0123456789ABCDEF"):
    _HEX[ord(_character)] = _HEX[ord(_character.lower())] = _digit
_GUID_DIGITS = [i for i in range(36) if i not in (8, 13, 18, 23)]
_GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, *range(8, 16)]
_NO_GUID = "00000000-0000-0000-0000-000000000000"


def _guids(array: pa.Array, _: WireType) -> Bytes:
    """The first three groups are little-endian."""
    characters = _characters(array, 36, _NO_GUID)
    digits = _HEX[characters[:, _GUID_DIGITS]]
    if (digits == 0xFF).any():
        raise ValueError("a uniqueidentifier that is not written in hexadecimal digits")
    octets: Bytes = (digits[:, 0::2] << np.uint8(4)) | digits[:, 1::2]
    return octets[:, _GUID_ORDER]


def _characters(array: pa.Array, width: int, instead_of_null: str) -> Bytes:
    """The bytes of ASCII texts that all have one width."""
    values = varying_values(array.fill_null(instead_of_null), Family.BINARY)
    if (np.diff(values.offsets) != width).any():
        raise ValueError(f"a text that is not {width} characters long")
    return np.frombuffer(values.data, np.uint8).reshape(-1, width)


def _dates(array: pa.Array, _: WireType) -> Bytes:
    return low_bytes(_raw(array, np.int32).astype(np.int64) + DAYS_FROM_0001_TO_1970, 3)


def _times(array: pa.Array, wire: WireType) -> Bytes:
    return _time_of_ticks(_raw(array, np.int64) // 100, wire.scale)


def _time_of_ticks(count: Integers, scale: int) -> Bytes:
    return low_bytes(count // 10 ** (7 - scale), time_size(scale))


def _small_datetimes(array: pa.Array, _: WireType) -> Bytes:
    days, microseconds = np.divmod(_raw(array, np.int64), MICROSECONDS_A_DAY)
    minutes = microseconds // 60_000_000
    return _beside(low_bytes(days + DAYS_FROM_1900_TO_1970, 2), low_bytes(minutes, 2))


def _datetimes(array: pa.Array, _: WireType) -> Bytes:
    """Days since 1900, then 1/300 seconds, rounded; the last of a day belong to the next."""
    days, microseconds = np.divmod(_raw(array, np.int64), MICROSECONDS_A_DAY)
    ticks = (microseconds * 3 + 5_000) // 10_000
    days, ticks = days + ticks // 25_920_000, ticks % 25_920_000
    return _beside(low_bytes(days + DAYS_FROM_1900_TO_1970, 4), low_bytes(ticks, 4))


def _datetime2s(array: pa.Array, wire: WireType) -> Bytes:
    numbers = _raw(array, np.int64)
    if pa.types.is_integer(array.type):
        return _datetime2_of_ticks(numbers, wire.scale)
    days, microseconds = np.divmod(numbers, MICROSECONDS_A_DAY)
    clock = _time_of_ticks(microseconds * 10, wire.scale)
    return _beside(clock, low_bytes(days + DAYS_FROM_0001_TO_1970, 3))


def _datetime2_of_ticks(count: Integers, scale: int) -> Bytes:
    days, clock = np.divmod(count, ticks.DAY)
    return _beside(_time_of_ticks(clock, scale), low_bytes(days, 3))


def _datetimeoffsets(array: pa.Array, wire: WireType) -> Bytes:
    """The moment in UTC, then the offset in minutes."""
    utc, minutes = _raw(array.field(0), np.int64), _raw(array.field(1), np.int16)
    return _beside(_datetime2_of_ticks(utc, wire.scale), low_bytes(minutes.astype(np.int64), 2))


_ENCODERS: dict[Family, Callable[[pa.Array, WireType], Bytes]] = {
    Family.BIT: _bits,
    Family.NUMBER: _numbers,
    Family.MONEY: _money,
    Family.DECIMAL: _decimals,
    Family.GUID: _guids,
    Family.DATE: _dates,
    Family.TIME: _times,
    Family.SMALL_DATETIME: _small_datetimes,
    Family.DATETIME: _datetimes,
    Family.DATETIME2: _datetime2s,
    Family.DATETIMEOFFSET: _datetimeoffsets,
}
