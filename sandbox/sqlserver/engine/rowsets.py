"""Rows of a system procedure as a result set with declared SQL Server types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.results import Column, Done, Result, ResultSet, arrow_type

_SELECT = 0xC1


def rowset(
    connection: DuckDBPyConnection, sql: str, parameters: Sequence[object], columns: Sequence[Column]
) -> Iterator[Result]:
    """Run a query whose columns have the order of `columns`; yields its rows and their count."""
    return rows_as(columns, connection.execute(sql, list(parameters)).fetchall())


def rows_as(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Iterator[Result]:
    """Rows of Python values, in the order of `columns`, and their count."""
    values = list(rows)
    types = [arrow_type(column.type) for column in columns]
    arrays = [pa.array([row[i] for row in values], kind) for i, kind in enumerate(types)]
    batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
    yield ResultSet(tuple(columns), iter([batch]))
    yield Done(len(values), _SELECT)
