"""Rows of the source as Arrow columns of a change log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from flows.ingest.tables import CapturedTable


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
    return pa.schema([*table.arrow_schema, *platform])


def data_batch(table: CapturedTable, values: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    """Columns of values, in the order of `table.columns`, without the platform's columns."""
    schema = table.arrow_schema
    arrays = [pa.array(column, type=field.type) for column, field in zip(values, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def change_log_batch(
    table: CapturedTable,
    values: Sequence[Sequence[Any]],
    positions: Sequence[str],
    operations: Sequence[int],
    committed_at: Sequence[datetime | None],
    unchanged: Sequence[str | None],
    label: BatchLabel,
) -> pa.RecordBatch:
    """Columns of values, in the order of `table.columns`, with the platform's columns beside them."""
    schema = change_log_schema(table)
    rows = len(positions)
    platform = (
        positions,
        operations,
        committed_at,
        unchanged,
        [label.run_id] * rows,
        [label.batch] * rows,
    )
    arrays = [
        pa.array(column, type=field.type) for column, field in zip((*values, *platform), schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
