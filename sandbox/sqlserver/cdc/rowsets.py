"""A query's answer as a result set with declared SQL Server types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.results import Column, Done, Result, ResultSet

_SELECT = 0xC1
_ARROW = {
    "bit": pa.bool_(),
    "int": pa.int32(),
    "tinyint": pa.uint8(),
    "bigint": pa.int64(),
    "nvarchar": pa.string(),
    "uniqueidentifier": pa.string(),
    "binary": pa.binary(),
    "datetime": pa.timestamp("us"),
}


def rowset(
    connection: DuckDBPyConnection, sql: str, parameters: Sequence[object], columns: Sequence[Column]
) -> Iterator[Result]:
    """Run a query whose columns have the order of `columns`; yields its rows and their count."""
    rows = connection.execute(sql, list(parameters)).fetchall()
    arrays = [
        pa.array([row[i] for row in rows], _ARROW[column.type.name]) for i, column in enumerate(columns)
    ]
    schema = pa.schema([(column.name, _ARROW[column.type.name]) for column in columns])
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
    yield ResultSet(tuple(columns), iter([batch]))
    yield Done(len(rows), _SELECT)
