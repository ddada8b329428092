"""The column-wise encoder against a plain one, for every type."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sqlserver.results import Column, SqlServerError, SqlType
from sandbox.sqlserver.tds.rows import NULL_BITMAP_ROW, RowEncoder
from tests.sandbox.sqlserver.tds import reference_rows
from tests.sandbox.sqlserver.tds.type_samples import SAMPLES, Sample, column_of

Table = tuple[list[Column], list[list[Any]], pa.RecordBatch]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Columns of any types, with more or fewer NULLs, read from the middle of a longer batch."""
    samples: list[Sample] = draw(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=12))
    rows = draw(st.integers(1, 8))
    columns, values = [], []
    for index, sample in enumerate(samples):
        nullable = draw(st.booleans())
        value = st.one_of(st.sampled_from(sample.limits), sample.values)
        values.append(
            draw(st.lists(st.one_of(st.none(), value) if nullable else value, min_size=rows, max_size=rows))
        )
        columns.append(Column(f"c{index}", sample.type, nullable))
    arrays = [column_of(sample, column) for sample, column in zip(samples, values, strict=True)]
    batch = pa.record_batch(arrays, names=[column.name for column in columns])
    start = draw(st.integers(0, rows - 1))
    return columns, [column[start:] for column in values], batch.slice(start)


@given(tables())
@settings(max_examples=150, deadline=None)
def test_columns_encoded_whole_equal_values_encoded_one_by_one(table: Table) -> None:
    columns, values, batch = table
    encoded = b"".join(RowEncoder(columns).encode(batch))
    expected = b"".join(
        reference_rows.row(columns, row, null_bitmap=encoded[0] == NULL_BITMAP_ROW)
        for row in zip(*values, strict=True)
    )
    assert encoded == expected


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
@pytest.mark.parametrize("nullable", [True, False])
def test_limits_of_each_type(sample: Sample, nullable: bool) -> None:
    column = Column("c", sample.type, nullable)
    values = [*sample.limits, None] if nullable else sample.limits
    batch = pa.record_batch([column_of(sample, values)], names=["c"])
    encoded = b"".join(RowEncoder([column]).encode(batch))
    bitmap = encoded[0] == NULL_BITMAP_ROW
    assert encoded == b"".join(reference_rows.row([column], [v], null_bitmap=bitmap) for v in values)


def test_a_bitmap_of_nulls_is_sent_where_it_is_shorter() -> None:
    columns = [Column(f"c{i}", SqlType("nvarchar", -1)) for i in range(9)]
    array = pa.array([None, "x"], pa.string())
    batch = pa.record_batch([array] * 9, names=[c.name for c in columns])
    encoded = b"".join(RowEncoder(columns).encode(batch))
    assert encoded[:3] == bytes((NULL_BITMAP_ROW, 0xFF, 0x01))
    assert encoded == b"".join(
        reference_rows.row(columns, [value] * 9, null_bitmap=True) for value in (None, "x")
    )


def test_arrow_types_that_hold_the_same_values_are_taken() -> None:
    columns = [
        Column("a", SqlType("tinyint")),
        Column("b", SqlType("nvarchar", 5)),
        Column("t", SqlType("time")),
    ]
    arrays = [pa.array([7]), pa.array(["x"], pa.large_string()), pa.array([3_000_000], pa.time64("us"))]
    batch = pa.record_batch(arrays, names=["a", "b", "t"])
    encoded = b"".join(RowEncoder(columns).encode(batch))
    assert encoded == reference_rows.row(columns, [7, "x", 3 * 10**9], null_bitmap=False)


@pytest.mark.parametrize(
    ("column", "array", "reason"),
    [
        (Column("n", SqlType("int"), nullable=False), pa.array([None], pa.int32()), "NOT NULL"),
        (Column("n", SqlType("nvarchar", 3)), pa.array(["long"]), "8 bytes where 6"),
        (Column("n", SqlType("tinyint")), pa.array([256]), "256"),
        (Column("n", SqlType("uniqueidentifier")), pa.array(["x" * 36]), "hexadecimal"),
    ],
)
def test_values_that_a_type_cannot_have_are_refused_by_the_name_of_the_column(
    column: Column, array: pa.Array, reason: str
) -> None:
    batch = pa.record_batch([array], names=["n"])
    with pytest.raises(ValueError, match=f"'n'.*{reason}"):
        b"".join(RowEncoder([column]).encode(batch))


def test_an_unknown_type_is_refused_by_its_name() -> None:
    with pytest.raises(SqlServerError, match="geography"):
        RowEncoder([Column("place", SqlType("geography"))])
