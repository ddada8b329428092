"""The session of pymssql: the one that asks for control, and the bulk reader that always works."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager

import pyarrow as pa
import pymssql

from deployments.connections import SQL_SERVER_ERRORS
from flows.ingest.health.cost import SHARED, CostMeter
from flows.ingest.source import statements
from flows.ingest.source.messages import connection_lost, refused, timed_out
from flows.ingest.source.reader import Row, SourceReader, as_discovered, retry_deadlocks

__all__ = ["Row", "SourceSession", "retry_deadlocks"]

ROWS_OF_CONTROL = 10_000
"""Rows of a control query that are fetched at a time."""

FETCH_ROWS = 4_096
"""Rows of a fetch in bulk: the Python objects of many more leave the processor's cache."""

DB_LIB_ERRORS = range(20_000, 21_000)
"""Numbers of errors that come from FreeTDS's DB-Library itself and not from SQL Server (FreeTDS, sybdb.h)."""


class SourceSession(SourceReader):
    """A connection of pymssql, autocommit."""

    def __init__(self, connection: pymssql.Connection, meter: CostMeter | None = None) -> None:
        super().__init__(meter)
        self._connection = connection
        with _explained(SHARED):
            self._connection.autocommit(True)

    def change(self, statement: str) -> None:
        """Run the one statement that changes something in the source; it cannot run in SNAPSHOT isolation."""
        self._execute(statements.READ_COMMITTED)
        self._execute(statement)

    def rows(self, statement: str, table: str = SHARED) -> list[Row]:
        """All rows of a small result."""
        return [row for batch in self.batches(statement, table, ROWS_OF_CONTROL) for row in batch]

    def batches(
        self, statement: str, table: str = SHARED, batch_rows: int = ROWS_OF_CONTROL
    ) -> Iterator[list[Row]]:
        """The rows of a result, at most `batch_rows` at a time."""
        return self._metered(self._fetched(statement, table, batch_rows), table)

    def read(
        self, statement: str, schema: pa.Schema, table: str, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """A result of any size as Arrow."""
        for rows in self.batches(statement, table, min(batch_rows, FETCH_ROWS)):
            with as_discovered(table):
                batch = to_arrow(rows, schema)
            yield batch

    def close(self) -> None:
        """End the session."""
        try:
            self._connection.close()
        except SQL_SERVER_ERRORS:
            return  # it was gone already

    def _fetched(self, statement: str, table: str, batch_rows: int) -> Generator[list[Row], None, None]:
        with _explained(table), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)
            while batch := cursor.fetchmany(batch_rows):
                yield batch

    def _execute(self, statement: str) -> None:
        with _explained(SHARED), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)


def to_arrow(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    """Rows as the columns of a schema, by their place."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


@contextmanager
def _explained(table: str) -> Iterator[None]:
    """Turn the driver's errors into one line that names the object and the remedy."""
    try:
        yield
    except SQL_SERVER_ERRORS as error:
        number, message = _number_and_message(error)
        if "timed out" in message:
            raise timed_out(table) from None
        if not number or number in DB_LIB_ERRORS:
            raise connection_lost(table) from None
        raise refused(number, message.split("DB-Lib error")[0], table) from None


def _number_and_message(error: Exception) -> tuple[int, str]:
    """Error number and text; (0, text) when the connection itself broke."""
    arguments = error.args[0] if error.args and isinstance(error.args[0], tuple) else error.args
    number = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    text = arguments[-1] if arguments else ""
    return number, text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
