"""Record batches to ROW tokens: each column is encoded whole, then the columns are interleaved.

A row is a sequence of pieces. A piece is either a matrix (the same number of bytes in every row) or an
Arrow binary array (any number). Neighbouring matrices melt into one; Arrow joins the pieces row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.sqlserver.results import Column, arrow_type
from sandbox.sqlserver.tds.typeinfo import NULL_BYTES, Family, Layout, WireType, wire_type
from sandbox.sqlserver.tds.values import Bytes, Varying, fixed_values, low_bytes, varying_values
from sandbox.sqlserver.tds.variants import variant_values

ROW, NULL_BITMAP_ROW = 0xD1, 0xD2
BYTES_AT_ONCE = 1 << 20
"""Rows are encoded in slices of about so many bytes: small enough to stop soon after an attention."""
ROWS_AT_ONCE = 8192
TEXT_POINTER = bytes((16,)) + b"stand-in pointer" + b"timestmp"
"""Pointer and timestamp of text, ntext and image: nobody can use them, but clients expect them."""

Piece: TypeAlias = Bytes | pa.Array
Mask = npt.NDArray[np.bool_]


class RowEncoder:
    """Encodes the rows of one result set."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns = tuple(columns)
        self.wire_types = tuple(wire_type(c.type, nullable=c.nullable) for c in self.columns)
        self._arrow_types = tuple(arrow_type(c.type) for c in self.columns)

    def encode(self, batch: pa.RecordBatch) -> Iterator[memoryview]:
        """The tokens of a batch's rows, in pieces of bounded size.

        Raises:
            ValueError: a value that its column's type cannot have; the message names the column.
        """
        count = max(1, min(ROWS_AT_ONCE, BYTES_AT_ONCE * batch.num_rows // max(batch.nbytes, 1)))
        for start in range(0, batch.num_rows, count):
            yield self._encode_slice(batch.slice(start, count))

    def _encode_slice(self, batch: pa.RecordBatch) -> memoryview:
        arrays = []
        for index, column in enumerate(self.columns):
            with _named(column):
                arrays.append(self._expected(index, batch.column(index)))
        masks = [_valid(array) for array in arrays]
        bitmap = self._null_bitmap(masks, batch.num_rows)
        token = ROW if bitmap is None else NULL_BITMAP_ROW
        pieces: list[Piece] = [np.full((batch.num_rows, 1), token, np.uint8)]
        if bitmap is not None:
            pieces.append(bitmap)
        for column, wire, array, valid in zip(self.columns, self.wire_types, arrays, masks, strict=True):
            with _named(column):
                pieces += column_pieces(array, wire, valid, null_is_in_bitmap=bitmap is not None)
        return interleaved(pieces)

    def _expected(self, index: int, array: pa.Array) -> pa.Array:
        """The column as `ResultSet` promises it; engines may use wider Arrow types for the same values."""
        wanted = self._arrow_types[index]
        return array if array.type == wanted else array.cast(wanted)

    def _null_bitmap(self, masks: list[Mask | None], rows: int) -> Bytes | None:
        """The bitmap of NBCROW, when it costs less than the NULLs themselves."""
        width = (len(masks) + 7) // 8
        saved = sum(
            len(NULL_BYTES[wire.layout]) * int(rows - np.count_nonzero(valid))
            for wire, valid in zip(self.wire_types, masks, strict=True)
            if valid is not None
        )
        if saved <= width * rows:
            return None
        nulls = np.zeros((rows, len(masks)), np.bool_)
        for index, valid in enumerate(masks):
            if valid is not None:
                nulls[:, index] = ~valid
        return np.packbits(nulls, axis=1, bitorder="little")


@contextmanager
def _named(column: Column) -> Iterator[None]:
    """Errors about a value name its column."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise ValueError(f"Column {column.name!r} ({column.type.name}): {error}") from error


def _valid(array: pa.Array) -> Mask | None:
    """True where a value is not NULL; None when there is no NULL."""
    if not array.null_count:
        return None
    mask: Mask = array.is_valid().to_numpy(zero_copy_only=False)
    return mask


def column_pieces(
    array: pa.Array, wire: WireType, valid: Mask | None, *, null_is_in_bitmap: bool
) -> list[Piece]:
    """A column's values with their framing; `valid` is None when none of them is NULL."""
    if wire.layout is Layout.FIXED:
        if valid is not None:
            raise ValueError("a NULL in a column that is declared NOT NULL")
        return [fixed_values(array, wire)]
    null = b"" if null_is_in_bitmap else NULL_BYTES[wire.layout]
    if wire.layout is Layout.BYTE_LENGTH:
        values = fixed_values(array, wire)
        length = np.full((len(array), 1), wire.size, np.uint8)
        whole = np.concatenate((length, values), axis=1)
        return [whole if valid is None else _without_nulls(whole, valid, null)]
    is_variant = wire.family is Family.VARIANT
    varying = variant_values(array) if is_variant else varying_values(array, wire.family)
    sizes = np.diff(varying.offsets)
    if len(sizes) and sizes.max() > wire.size:
        raise ValueError(f"a value of {sizes.max()} bytes where {wire.size} are the most")
    return _framed(varying, sizes, wire.layout, valid, null)


def _framed(
    varying: Varying, sizes: npt.NDArray[np.int64], layout: Layout, valid: Mask | None, null: bytes
) -> list[Piece]:
    data = _binary(varying.data, varying.offsets)
    prefix: Piece = _prefix(sizes, layout)
    if valid is not None:
        prefix = _without_nulls(prefix, valid, null)
    if layout is not Layout.PARTIALLY_LENGTH_PREFIXED:
        return [prefix, data]
    # A chunk of length 0 ends the value; that of an empty value stands in its prefix already.
    end = _without_nulls(np.zeros((len(sizes), 4), np.uint8), sizes > 0, b"")
    return [prefix, data, end]


def _prefix(sizes: npt.NDArray[np.int64], layout: Layout) -> Bytes:
    if layout is Layout.SHORT_LENGTH:
        return low_bytes(sizes, 2)
    if layout is Layout.LONG_LENGTH:
        return low_bytes(sizes, 4)
    if layout is Layout.TEXT_POINTER:
        pointer = np.tile(np.frombuffer(TEXT_POINTER, np.uint8), (len(sizes), 1))
        return np.concatenate((pointer, low_bytes(sizes, 4)), axis=1)
    total, chunk = low_bytes(sizes, 8), low_bytes(sizes, 4)
    return np.concatenate((total, chunk), axis=1)


def _without_nulls(matrix: Bytes, valid: Mask, null: bytes) -> pa.Array:
    """The rows of a matrix; where `valid` is False, `null` instead."""
    width = matrix.shape[1]
    keep = np.repeat(valid[:, None], width, axis=1)
    if null:
        matrix = matrix.copy()
        matrix[~valid, : len(null)] = np.frombuffer(null, np.uint8)
        keep[:, : len(null)] = True
    sizes = np.where(valid, width, len(null))
    return _binary(matrix[keep].data, np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes))))


def _binary(data: bytes | memoryview, offsets: npt.NDArray[np.int64]) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def _side_by_side(matrices: list[Bytes]) -> Bytes:
    """The matrices as one, its rows contiguous in memory."""
    whole = np.empty((len(matrices[0]), sum(matrix.shape[1] for matrix in matrices)), np.uint8)
    return np.concatenate(matrices, axis=1, out=whole)


def interleaved(pieces: list[Piece]) -> memoryview:
    """The rows, one after the other: the first row of each piece, then the second of each, …"""
    arrays: list[pa.Array] = []
    for is_matrix, group in groupby(pieces, lambda piece: isinstance(piece, np.ndarray)):
        if is_matrix:
            matrix = _side_by_side(list(group))
            rows, width = matrix.shape
            arrays.append(_binary(matrix.data.cast("B"), np.arange(rows + 1) * width))
        else:
            arrays += group
    if len(arrays) == 1:
        return memoryview(arrays[0].buffers()[2])
    joined = pc.binary_join_element_wise(*arrays, pa.scalar(b"", pa.binary()))
    return memoryview(joined.buffers()[2])


def encoded_value(array: pa.Array, wire: WireType) -> bytes:
    """The one value of an array of length 1, as RETURNVALUE carries it."""
    return bytes(interleaved(column_pieces(array, wire, _valid(array), null_is_in_bitmap=False)))
