"""Run bound queries: as a lazy result set for a client, or as an Arrow table for the engine itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import Bound, BoundQuery
from sandbox.sqlserver.engine.errors import translate
from sandbox.sqlserver.engine.types import NULL
from sandbox.sqlserver.results import ResultSet, SqlType, arrow_type

BATCH_ROWS = 50_000

warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)  # see `fetch`


@contextmanager
def registered(connection: DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Iterator[None]:
    """Arrow tables under names that SQL can use, for the length of a block."""
    connection.complete()  # DuckDB refuses to register beside an unread result
    for name, table in tables.items():
        connection.register(name, table)
    try:
        yield
    finally:
        connection.complete()
        for name in tables:
            connection.unregister(name)


def fetch(connection: DuckDBPyConnection, sql: str) -> pa.Table:
    """Run a query and fetch all of it. Raises duckdb.Error.

    A relation (`connection.sql`) would spare a copy of many rows, and costs single rows 0.4 ms to prepare.
    """
    connection.complete()
    return connection.execute(sql).to_arrow_table()


def stream(
    connection: DuckDBPyConnection, query: BoundQuery, count: Callable[[int], None]
) -> Iterator[ResultSet]:
    """Yield a result set that is fetched while it is read; `count` learns how many rows each batch has.

    The first batch is fetched at once, so that most errors come before the first byte of the answer.
    """
    connection.complete()
    reader = connection.sql(query.sql).to_arrow_reader(BATCH_ROWS)
    first = _next(reader)
    batches = _batches(first, reader, query.columns, count)
    try:
        yield ResultSet(tuple(column.column() for column in query.columns), batches)
        for _ in batches:
            pass  # whatever the client did not read
    finally:
        reader.close()


def _batches(
    first: pa.RecordBatch | None,
    reader: pa.RecordBatchReader,
    columns: tuple[Bound, ...],
    count: Callable[[int], None],
) -> Iterator[pa.RecordBatch]:
    batch = first
    while batch is not None:
        if batch.num_rows:
            count(batch.num_rows)
            yield as_promised(batch, columns)
        batch = _next(reader)


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    """The next batch; Arrow's reader wraps an error of DuckDB's into one of its own, often an OSError."""
    try:
        return next(reader, None)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise translate(error if isinstance(error, duckdb.Error) else duckdb.Error(str(error))) from error


def as_promised(batch: pa.RecordBatch, columns: tuple[Bound, ...]) -> pa.RecordBatch:
    """The batch in the Arrow types that `ResultSet` promises for its columns."""
    arrays = [_array(array, column.type) for array, column in zip(batch.columns, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[f"c{at}" for at in range(len(arrays))])


def _array(array: pa.Array, sql_type: SqlType) -> pa.Array:
    if sql_type.name == "uniqueidentifier":
        return pc.utf8_upper(array.cast(pa.string()))
    wanted = pa.int32() if sql_type == NULL else arrow_type(sql_type)
    return array if array.type == wanted else array.cast(wanted)
