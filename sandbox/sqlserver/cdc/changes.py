"""From log records to the rows of a change table: whole columns at a time, no database.

Rules: Microsoft's pages "cdc.<capture_instance>_CT" and "sys.fn_cdc_is_bit_set".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import sandbox.sqlserver.cdc.lsn as lsn

DELETE, INSERT, BEFORE, AFTER = 1, 2, 3, 4
Lob = Literal["", "max", "text"]


@dataclass(frozen=True)
class CapturedColumn:
    """A column of a capture instance, in the order of `column_ordinal`."""

    name: str
    lob: Lob = ""
    """`max` for the (max) types and xml, `text` for text, ntext and image."""
    is_computed: bool = False


@dataclass(frozen=True)
class LogRecord:
    """What one DML statement did to one table: row images, aligned for updates.

    `sequence` counts the rows that the transaction wrote before this record.
    """

    commit_number: int
    command_id: int
    sequence: int
    kind: str
    before: pa.Table | None
    after: pa.Table | None

    @property
    def image(self) -> pa.Table:
        """Row images in the schema of the table at that time."""
        return self.after if self.before is None else self.before

    @property
    def rows(self) -> int:
        """How many rows the statement touched."""
        return int(self.image.num_rows)


@dataclass(frozen=True)
class _Piece:
    """Rows of one record that become the same kind of change, with the sequence of each row."""

    record: LogRecord
    sequences: npt.NDArray[np.int64]
    before: pa.Table | None
    after: pa.Table | None


def change_rows(
    records: Iterable[LogRecord], columns: Sequence[CapturedColumn], key: Sequence[str]
) -> pa.Table | None:
    """The change table's rows for records of one table whose images have one schema.

    Args:
        records: in the order of the log.
        columns: what the capture instance captures; a column the images lack becomes NULL.
        key: the primary key's columns, to tell moved rows from replaced ones.

    Returns: `__$start_lsn`, `__$seqval`, `__$operation`, `__$update_mask`, the columns, `__$command_id`;
        None when no captured column changed.
    """
    pieces = [piece for pair in _pairs(records) for piece in _pieces(pair, key)]
    deletes = [p for p in pieces if p.after is None]
    inserts = [p for p in pieces if p.before is None]
    updates = [p for p in pieces if p.before is not None and p.after is not None]
    tables = []
    if deletes:
        tables.append(_whole_rows(DELETE, deletes, [p.before for p in deletes], columns))
    if inserts:
        tables.append(_whole_rows(INSERT, inserts, [p.after for p in inserts], columns))
    if updates:
        tables.extend(_updated_rows(updates, columns))
    tables = [table for table in tables if table.num_rows]
    return pa.concat_tables(tables, promote_options="default") if tables else None


def _pairs(records: Iterable[LogRecord]) -> Iterable[list[LogRecord]]:
    """Records by themselves, but the DELETE and INSERT of a key update together."""
    waiting: LogRecord | None = None
    for record in records:
        if waiting is not None:
            same_command = (waiting.commit_number, waiting.command_id) == (
                record.commit_number,
                record.command_id,
            )
            if same_command and record.kind == "insert" and waiting.rows == record.rows:
                yield [waiting, record]
                waiting = None
                continue
            yield [waiting]
            waiting = None
        if record.kind == "delete":
            waiting = record
        else:
            yield [record]
    if waiting is not None:
        yield [waiting]


def _pieces(pair: list[LogRecord], key: Sequence[str]) -> Iterable[_Piece]:
    first = pair[0]
    rows = first.sequence + np.arange(first.rows, dtype=np.int64)
    if len(pair) == 1:
        yield _Piece(first, rows, first.before, first.after)
        return
    before, after = first.before, pair[1].after
    stays = _replaced_rows(before, after, key)
    if stays is None:
        yield _Piece(first, rows, before, None)
        yield _Piece(first, rows, None, after)
        return
    yield from _collapsed(first, stays, before, after)


def _replaced_rows(before: pa.Table, after: pa.Table, key: Sequence[str]) -> pa.Table | None:
    """Row numbers (`__$old`, `__$new`) of keys that one row left and another took; None without any."""
    if not key or before.num_rows < 2:
        return None
    old, new = before.select(list(key)).flatten(), after.select(list(key)).flatten()
    both = old.append_column("__$old", pa.array(range(before.num_rows))).join(
        new.append_column("__$new", pa.array(range(after.num_rows))), keys=old.column_names, join_type="inner"
    )
    return both if both.num_rows else None


def _collapsed(record: LogRecord, stays: pa.Table, before: pa.Table, after: pa.Table) -> Iterable[_Piece]:
    """Split, sort, collapse: a key that one row leaves and another takes is an update of that key.

    SQL Server plans multi-row updates of a unique key so; otherwise `SET id = id + 1` would delete in
    one row what it inserted in the row before.
    """
    stays = stays.sort_by("__$old")
    old, new = stays["__$old"].to_numpy(), stays["__$new"].to_numpy()
    gone = np.setdiff1d(np.arange(before.num_rows), old)
    come = np.setdiff1d(np.arange(after.num_rows), new)
    starts = record.sequence + np.cumsum([0, len(gone), len(old)])
    yield _Piece(record, starts[0] + np.arange(len(gone)), before.take(gone), None)
    yield _Piece(record, starts[1] + np.arange(len(old)), before.take(old), after.take(new))
    yield _Piece(record, starts[2] + np.arange(len(come)), None, after.take(come))


def _whole_rows(
    operation: int, pieces: list[_Piece], images: list[pa.Table | None], columns: Sequence[CapturedColumn]
) -> pa.Table:
    """Inserts and deletes: every captured column counts as changed."""
    image = pa.concat_tables([image for image in images if image is not None])
    values: dict[str, pa.Array] = {}
    for column in columns:
        value = _values(image, column)
        if operation == DELETE and column.lob == "text":
            value = _nulls(value)
        values[column.name] = value
    mask = _packed([np.ones(image.num_rows, bool)] * len(columns))
    return _table(operation, pieces, mask, values)


def _updated_rows(pieces: list[_Piece], columns: Sequence[CapturedColumn]) -> Iterable[pa.Table]:
    before = pa.concat_tables([p.before for p in pieces])
    after = pa.concat_tables([p.after for p in pieces])
    changed = [_changed(_values(before, column), _values(after, column)) for column in columns]
    touched = np.logical_or.reduce(changed) if changed else np.zeros(before.num_rows, bool)
    mask = _packed(changed)
    for operation, image in ((BEFORE, before), (AFTER, after)):
        values = {}
        for column, is_changed in zip(columns, changed, strict=True):
            value = _values(image, column)
            if operation == BEFORE and column.lob == "text":
                value = _nulls(value)
            elif column.lob:
                # The documentation says so of operation 3. Of operation 4 it says only that the mask tells
                # whether a NULL is a value: read as "an unchanged LOB is not in the row".
                value = pc.if_else(pa.array(is_changed), value, pa.scalar(None, value.type))
            values[column.name] = value
        yield _table(operation, pieces, mask, values).filter(pa.array(touched))


def _values(image: pa.Table, column: CapturedColumn) -> pa.ChunkedArray:
    if column.name not in image.column_names:
        return pa.chunked_array([pa.nulls(image.num_rows)])
    value = image[column.name]
    return _nulls(value) if column.is_computed else value


def _nulls(value: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(len(value), value.type)])


def _changed(before: pa.ChunkedArray, after: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """IS DISTINCT FROM."""
    if pa.types.is_null(before.type) or pa.types.is_null(after.type):
        return np.asarray(pc.not_equal(before.is_null(), after.is_null()).to_numpy(), bool)
    if pa.types.is_struct(before.type):
        fields = zip(_fields(before), _fields(after), strict=True)
        return np.asarray(np.logical_or.reduce([_changed(*pair) for pair in fields]), bool)
    differs = pc.not_equal(before, after)
    distinct = pc.if_else(pc.is_valid(differs), differs, pc.not_equal(before.is_null(), after.is_null()))
    return np.asarray(distinct.to_numpy(), bool)


def _fields(struct: pa.ChunkedArray) -> list[pa.ChunkedArray]:
    """The fields of structs (a datetimeoffset is one), NULL where the struct is."""
    return list(pa.table({"struct": struct}).flatten().columns)


def _packed(changed: list[npt.NDArray[np.bool_]]) -> pa.Array:
    """Update masks: the lowest eight ordinals are the LAST byte, its lowest bit is ordinal 1."""
    width = (len(changed) + 7) // 8
    rows = len(changed[0]) if changed else 0
    bits = np.zeros((rows, width * 8), bool)
    for ordinal, column in enumerate(changed, start=1):
        bits[:, width * 8 - ordinal] = column
    packed = np.packbits(bits, axis=1)
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), rows, [None, pa.py_buffer(packed.tobytes())]
    )


def _table(operation: int, pieces: list[_Piece], mask: pa.Array, values: dict[str, pa.Array]) -> pa.Table:
    heights = [len(p.sequences) for p in pieces]
    commits = np.repeat(np.array([p.record.commit_number for p in pieces], np.int64), heights)
    commands = np.repeat(np.array([p.record.command_id for p in pieces], np.int32), heights)
    sequences = np.concatenate([p.sequences for p in pieces])
    return pa.table(
        {
            "__$start_lsn": lsn.commit_lsns(commits),
            "__$seqval": lsn.sequence_values(commits, sequences),
            "__$operation": pa.array(np.full(len(commits), operation, np.int32)),
            "__$update_mask": mask,
            **values,
            "__$command_id": pa.array(commands),
        }
    )
