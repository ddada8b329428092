"""The session of mssql-python: Microsoft's ODBC driver, which hands over Arrow without Python objects."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pyarrow as pa

from flows.ingest.health.cost import SHARED, CostMeter
from flows.ingest.source.messages import connection_lost, refused, timed_out
from flows.ingest.source.reader import Row, SourceReader, as_discovered

FETCH_ROWS = 16_384
"""Rows of a fetch: with many more the driver's buffers leave the processor's cache."""

LAST_ERROR = "SELECT @@ERROR"


class ArrowSession(SourceReader):
    """A connection of mssql-python, autocommit.

    The driver tells no error numbers, and texts come in the login's language; so the session itself is asked
    what its last error was.
    """

    def __init__(self, connection: Any, meter: CostMeter | None = None) -> None:
        super().__init__(meter)
        self._connection = connection

    def rows(self, statement: str, table: str = SHARED) -> list[Row]:
        """All rows of a small result."""
        return [row for batch in self._metered(self._row_batches(statement, table), table) for row in batch]

    def read(
        self, statement: str, schema: pa.Schema, table: str, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """A result of any size as Arrow."""
        batches = self._arrow_batches(statement, table, min(batch_rows, FETCH_ROWS))
        for batch in self._metered(batches, table):
            with as_discovered(table):
                converted = as_schema(batch, schema)
            yield converted

    def close(self) -> None:
        """End the session."""
        driver = _driver()
        try:
            self._connection.close()
        except driver.Error:
            return  # it was gone already

    def _row_batches(self, statement: str, table: str) -> Generator[list[Row], None, None]:
        with self._explained(table), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)
            yield [tuple(row) for row in cursor.fetchall()]

    def _arrow_batches(
        self, statement: str, table: str, batch_rows: int
    ) -> Generator[pa.RecordBatch, None, None]:
        with self._explained(table), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)
            while (batch := cursor.arrow_batch(batch_rows)).num_rows:
                yield batch

    def _execute(self, statement: str) -> None:
        with self._explained(SHARED), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)

    @contextmanager
    def _explained(self, table: str) -> Iterator[None]:
        """Turn the driver's errors into one line that names the object and the remedy."""
        driver = _driver()
        try:
            yield
        except driver.Error as error:
            if error.driver_error == "Timeout expired":  # the driver's words for SQLSTATE HYT00
                raise timed_out(table) from None
            number = self._last_error()
            if not number:
                raise connection_lost(table) from None
            raise refused(number, error.ddbc_error.rpartition("[SQL Server]")[2], table) from None

    def _last_error(self) -> int:
        """The number of this session's last error; 0 when the session is gone."""
        driver = _driver()
        try:
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(LAST_ERROR)
                return int(cursor.fetchall()[0][0])
        except driver.Error:
            return 0


def as_schema(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with the types of a schema, by place: whole numbers and floats widen, offsets narrow."""
    arrays = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _driver() -> Any:
    """mssql-python, which is there when a session of it is; not every machine can load it."""
    import mssql_python

    return mssql_python
