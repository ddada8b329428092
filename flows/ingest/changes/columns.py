"""The columns that a change table has of its own, and what follows from them, for whole batches at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.ingest.lsn import LSN_BYTES, POSITION_DIGITS, Lsn
from flows.ingest.tables.captured import CapturedTable

START_LSN = "__$start_lsn"
COMMAND_ID = "__$command_id"
SEQVAL = "__$seqval"
OPERATION = "__$operation"
UPDATE_MASK = "__$update_mask"

BEFORE_UPDATE = 3
AFTER_UPDATE = 4

CHANGE_FIELDS = (
    pa.field(START_LSN, pa.binary(LSN_BYTES)),
    pa.field(COMMAND_ID, pa.int64()),
    pa.field(SEQVAL, pa.binary(LSN_BYTES)),
    pa.field(OPERATION, pa.int64()),
    pa.field(UPDATE_MASK, pa.binary()),
)
"""What a change table tells of each change, in the order in which it is asked."""

_HEX = np.frombuffer("".join(f"{byte:02X}" for byte in range(256)).encode(), dtype=np.uint16)
"""The two digits of each byte, as one number."""


def change_schema(table: CapturedTable) -> pa.Schema:
    """The schema of a read of a change table: its own columns, then the table's."""
    return pa.schema([*CHANGE_FIELDS, *table.arrow_schema])


def positions(changes: pa.RecordBatch) -> pa.StringArray:
    """The position of each change: `lsn.change_position`, for a batch.

    The command id is NULL in change tables made before KB3030352; all their rows then share command id 0.
    """
    rows = changes.num_rows
    commands = pc.fill_null(changes.column(COMMAND_ID), 0).to_numpy(zero_copy_only=False)
    operations = changes.column(OPERATION).to_numpy(zero_copy_only=False)
    raw = np.hstack(
        [
            _bytes(changes.column(START_LSN)),
            commands.astype(">u4").view(np.uint8).reshape(rows, 4),
            _bytes(changes.column(SEQVAL)),
            operations.astype(np.uint8).reshape(rows, 1),
        ]
    )
    digits = _HEX[raw].tobytes()
    offsets = np.arange(rows + 1, dtype=np.int32) * POSITION_DIGITS
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(digits))


def commit_times(changes: pa.RecordBatch, committed_at: Mapping[Lsn, datetime]) -> pa.Array:
    """When each change was committed; null for a commit that is not known."""
    if not committed_at:
        return pa.nulls(changes.num_rows, pa.timestamp("us"))
    known = sorted(committed_at.items())
    lsns = np.array([bytes.fromhex(lsn.hex) for lsn, _ in known], dtype=f"S{LSN_BYTES}")
    times = np.array([moment for _, moment in known], dtype="datetime64[us]")
    asked = _bytes(changes.column(START_LSN)).view(f"S{LSN_BYTES}").reshape(-1)
    places = np.searchsorted(lsns, asked).clip(max=len(lsns) - 1)
    is_known = lsns[places] == asked
    return pa.array(np.where(is_known, times[places], np.datetime64("NaT")), type=pa.timestamp("us"))


def _bytes(column: pa.FixedSizeBinaryArray) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A column of `binary(10)` as a matrix of bytes, without a copy."""
    start, rows = column.offset * LSN_BYTES, len(column)
    flat = np.frombuffer(column.buffers()[1], dtype=np.uint8)
    return np.ascontiguousarray(flat[start : start + rows * LSN_BYTES].reshape(rows, LSN_BYTES))
