"""Log sequence numbers: 10 bytes (VLF 4, block 4, slot 2), derived from commit numbers alone.

Order of LSNs = order of commits. The upper 48 bits number the commit, the lower 32 bits what lies at it:
the commit itself, then markers (instances enabled, dummy rows) and the next commit's log records, whose
sequence values therefore lie after the previous commit's LSN and before their own, as in a real log.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

LENGTH = 10
ZERO = bytes(LENGTH)
_FIRST_VLF = 0x20 << 16
_COMMIT = 1
_FIRST_RECORD = 0x8000_0000
_BIG_ENDIAN = np.dtype([("vlf_and_block", ">u8"), ("slot", ">u2")])


def commit_lsn(commit_number: int) -> bytes:
    """The LSN of a commit, as `__$start_lsn` has it."""
    return _pack(commit_number, _COMMIT)


def sequence_value(commit_number: int, record: int) -> bytes:
    """`__$seqval` of a record (0, 1, 2, …) of a commit."""
    return _pack(commit_number - 1, _FIRST_RECORD + record)


def commit_number(lsn: bytes) -> int:
    """The number of the last commit at or before a commit's LSN or a marker."""
    return (int.from_bytes(lsn, "big") >> 32) - _FIRST_VLF


def marker_after(commit_number: int, known: bytes | None) -> bytes:
    """The next LSN that is neither commit nor record: later than the commit and than `known`."""
    marker = int.from_bytes(_pack(commit_number, _COMMIT + 1), "big")
    later = int.from_bytes(known, "big") + 1 if known else 0
    return max(marker, later).to_bytes(LENGTH, "big")


def commit_lsns(commit_numbers: npt.NDArray[np.int64]) -> pa.Array:
    """`commit_lsn` of many commits."""
    return _pack_many(commit_numbers, np.full(len(commit_numbers), _COMMIT, np.uint64))


def sequence_values(commit_numbers: npt.NDArray[np.int64], records: npt.NDArray[np.int64]) -> pa.Array:
    """`__$seqval` of the records (0, 1, 2, …) of the commits."""
    return _pack_many(commit_numbers - 1, records.astype(np.uint64) + np.uint64(_FIRST_RECORD))


def display(lsn: bytes) -> str:
    """An LSN as the dynamic management views print it: `0000002a:000001b8:0003`."""
    text = lsn.hex()
    return f"{text[:8]}:{text[8:16]}:{text[16:]}"


def _pack(commit_number: int, low: int) -> bytes:
    return ((commit_number + _FIRST_VLF) << 32 | low).to_bytes(LENGTH, "big")


def _pack_many(commit_numbers: npt.NDArray[np.int64], low: npt.NDArray[np.uint64]) -> pa.Array:
    packed = np.empty(len(low), _BIG_ENDIAN)
    upper = (commit_numbers + _FIRST_VLF).astype(np.uint64)
    packed["vlf_and_block"] = (upper << np.uint64(16)) | (low >> np.uint64(16))
    packed["slot"] = (low & np.uint64(0xFFFF)).astype(np.uint16)
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(LENGTH), len(packed), [None, pa.py_buffer(packed.tobytes())]
    )
