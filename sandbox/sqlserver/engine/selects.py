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
from sandbox.sqlserver.engine.types import BINARY, TEXT
from sandbox.sqlserver.results import ResultSet, SqlType

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


def arrow_type(sql_type: SqlType) -> pa.DataType:
    """The Arrow type of a column, as the docstring of `ResultSet` lists them."""
    name = sql_type.name
    if name in TEXT or name in ("uniqueidentifier", "datetimeoffset"):
        return pa.string()
    if name in BINARY:
        return pa.binary()
    if name in ("decimal", "numeric"):
        return pa.decimal128(sql_type.precision, sql_type.scale)
    if name == "datetime2" and sql_type.scale == 7:
        return pa.timestamp("ns")
    return _ARROW[name]


_ARROW = {
    "bit": pa.bool_(),
    "tinyint": pa.uint8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "null": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "float": pa.float64(),
    "money": pa.decimal128(19, 4),
    "smallmoney": pa.decimal128(10, 4),
    "date": pa.date32(),
    "time": pa.time64("ns"),
    "smalldatetime": pa.timestamp("us"),
    "datetime": pa.timestamp("us"),
    "datetime2": pa.timestamp("us"),
}


def _array(array: pa.Array, sql_type: SqlType) -> pa.Array:
    if sql_type.name == "uniqueidentifier":
        return pc.utf8_upper(array.cast(pa.string()))
    if sql_type.name == "datetimeoffset":
        return _offsets(array, sql_type)
    wanted = arrow_type(sql_type)
    return array if array.type == wanted else array.cast(wanted)


def _offsets(array: pa.StructArray, sql_type: SqlType) -> pa.Array:
    """`yyyy-mm-dd hh:mm:ss[.fffffff] +hh:mm` in the value's own offset."""
    texts = []
    utc, minutes = (part.to_pylist() for part in (array.field(0).cast(pa.int64()), array.field(1)))
    for valid, nanoseconds, offset in zip(array.is_valid().to_pylist(), utc, minutes, strict=True):
        texts.append(_offset_text(nanoseconds, offset, sql_type) if valid else None)
    return pa.array(texts, pa.string())


def _offset_text(nanoseconds: int, offset: int, sql_type: SqlType) -> str:
    from sandbox.sqlserver.engine.literals import moment_text

    text = moment_text(nanoseconds // 100 + offset * 600_000_000, SqlType("datetime2", scale=7))
    moment = text[: 20 + sql_type.scale] if sql_type.scale else text[:19]
    return f"{moment} {'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
