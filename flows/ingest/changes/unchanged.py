"""Large columns that an update left alone: which, how that is written, and when a value is lost by it."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from flows.ingest.changes.columns import (
    AFTER_UPDATE,
    BEFORE_UPDATE,
    COMMAND_ID,
    OPERATION,
    SEQVAL,
    START_LSN,
    UPDATE_MASK,
)
from flows.ingest.tables.captured import CapturedTable, Column


def unchanged_columns(table: CapturedTable, changes: pa.RecordBatch) -> pa.Array:
    """For each change the large columns that it left alone, as `"A","B"`; null when there are none.

    Only an update leaves columns alone: operation 4 with the column's bit of the mask unset. The work is
    done once for each mask that occurs.
    """
    if not table.lobs:
        return pa.nulls(changes.num_rows, pa.string())
    masks = pc.dictionary_encode(changes.column(UPDATE_MASK))
    left_alone = pa.array([_left_alone(table, mask) for mask in masks.dictionary.to_pylist()], pa.string())
    is_update = pc.equal(changes.column(OPERATION), AFTER_UPDATE)
    return pc.if_else(is_update, left_alone.take(masks.indices), pa.scalar(None, pa.string()))


def quoted_mark(column: Column) -> str:
    """How a column is written in `_UNCHANGED`."""
    return json.dumps(column.name, ensure_ascii=False)


def is_set(mask: bytes, ordinal: int) -> bool:
    """Whether an update mask has the bit of a column ordinal: the lowest ordinals are in the LAST byte."""
    byte, bit = divmod(ordinal - 1, 8)
    return byte < len(mask) and bool(mask[-1 - byte] >> bit & 1)


def lost_value(
    table: CapturedTable, changes: pa.RecordBatch, unchanged: pa.Array, before: pa.RecordBatch | None
) -> str | None:
    """Say so when an update changed the key and carries no value of a large column it left alone.

    The row's new key has no older row in the mirror from which the value could be kept.

    Args:
        table: whose changes these are.
        changes: a batch of them.
        unchanged: what `unchanged_columns` says of it.
        before: the batch before it; None for the first one.
    """
    if not table.key or unchanged.null_count == len(unchanged):
        return None
    names = [START_LSN, COMMAND_ID, SEQVAL, OPERATION, *(column.name for column in table.key)]
    rows = changes.select(names)
    if before is None:
        unchanged = unchanged.slice(1)
    else:
        rows = pa.concat_batches([before.select(names).slice(before.num_rows - 1), rows])
    earlier, later = rows.slice(0, rows.num_rows - 1), rows.slice(1)
    is_pair = pc.and_(pc.is_valid(unchanged), pc.equal(earlier.column(OPERATION), BEFORE_UPDATE))
    for name in (START_LSN, COMMAND_ID, SEQVAL):
        is_pair = pc.and_(is_pair, _same(earlier.column(name), later.column(name)))
    is_moved = pa.scalar(False)
    for column in table.key:
        is_moved = pc.or_(is_moved, pc.invert(_same(earlier.column(column.name), later.column(column.name))))
    place = pc.index(pc.and_(is_pair, is_moved), True).as_py()
    if place < 0:
        return None
    return f"a key changed and the change table does not carry {unchanged[place]} of the row"


def _left_alone(table: CapturedTable, mask: bytes) -> str | None:
    names = [quoted_mark(lob) for lob in table.lobs if not is_set(mask, lob.ordinal)]
    return ",".join(names) or None


def _same(one: pa.Array, other: pa.Array) -> pa.Array:
    """Whether values are the same; null is the same as null."""
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    return pc.or_(pc.fill_null(pc.equal(one, other), False), both_null)
