"""Columns of the source as the columns of a change log: the table's own, and the platform's beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flows.ingest.policies.pseudonyms import hashed
from flows.ingest.tables.captured import CapturedTable


@dataclass(frozen=True)
class BatchLabel:
    """Which run landed a batch, and which of its batches it is."""

    run_id: str
    batch: str


PLATFORM_COLUMNS = (
    ("_POSITION", "VARCHAR(50)", pa.string()),
    ("_OPERATION", "NUMBER(1)", pa.int64()),
    ("_COMMITTED_AT", "TIMESTAMP_NTZ(9)", pa.timestamp("us")),
    ("_UNCHANGED", "VARCHAR", pa.string()),
    ("_RUN_ID", "VARCHAR", pa.string()),
    ("_BATCH", "VARCHAR", pa.string()),
)
"""Name, Snowflake type and Arrow type of the columns that a change log has beside the table's own."""


def change_log_schema(table: CapturedTable) -> pa.Schema:
    """The Arrow schema of a landed file: the table's columns, then the platform's."""
    platform = [pa.field(name, arrow) for name, _, arrow in PLATFORM_COLUMNS]
    return pa.schema([*table.landed_schema, *platform])


def change_log_batch(
    table: CapturedTable,
    values: pa.RecordBatch,
    positions: pa.Array | str,
    operations: pa.Array | int,
    committed_at: Any,
    unchanged: pa.Array | None,
    label: BatchLabel,
) -> pa.RecordBatch:
    """A table's columns with the platform's beside them; what is no array is the same in each row.

    Args:
        table: whose rows these are.
        values: a batch that ends with the table's columns, in their order.
        positions: `_POSITION`.
        operations: `_OPERATION`.
        committed_at: `_COMMITTED_AT`, UTC.
        unchanged: `_UNCHANGED`.
        label: `_RUN_ID` and `_BATCH`.
    """
    first = values.num_columns - len(table.columns)
    own = landed_values(table, values.select(range(first, values.num_columns))).columns
    platform = (positions, operations, committed_at, unchanged, label.run_id, label.batch)
    arrays = [
        value if isinstance(value, pa.Array) else _repeated(value, values.num_rows, arrow)
        for value, (_, _, arrow) in zip(platform, PLATFORM_COLUMNS, strict=True)
    ]
    return pa.RecordBatch.from_arrays([*own, *arrays], schema=change_log_schema(table))


def landed_values(table: CapturedTable, values: pa.RecordBatch) -> pa.RecordBatch:
    """A table's columns as they may leave the process: by its policy, some as hashes."""
    return hashed(values, [column.hasher for column in table.columns])


def _repeated(value: Any, rows: int, arrow: pa.DataType) -> pa.Array:
    return pa.nulls(rows, arrow) if value is None else pa.repeat(pa.scalar(value, arrow), rows)
