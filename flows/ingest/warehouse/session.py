"""A session on Snowflake: statements, transactions that always end, and files for a stage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

import pyarrow as pa
import snowflake.connector
from snowflake.connector import SnowflakeConnection, errorcode

from deployments.messages import without_values
from flows.ingest.errors import WarehouseError
from flows.ingest.health.cost import WarehouseCost

Row = tuple[Any, ...]

ROWS_PER_INSERT = 1_000
"""Snowflake refuses a VALUES of more than 16,384 rows, and a statement of more than a megabyte."""

REMEDIES = {
    904: "a table of OPS is of an older version of the platform: run replicate, which adds what it lacks",
    2003: "it does not exist, or the role may not use it: check the role's grants and SNOWFLAKE_DATABASE",
    3001: "the role lacks a privilege: grant it what deployments describes",
}

LOST = {
    errorcode.ER_FAILED_TO_CONNECT_TO_DB,
    errorcode.ER_CONNECTION_IS_CLOSED,
    errorcode.ER_FAILED_TO_REQUEST,
    errorcode.ER_FAILED_TO_SERVER,
    errorcode.ER_FAILED_TO_UPLOAD_TO_STAGE,
}
"""What the connector says, at great length, when Snowflake cannot be reached any more."""


class WarehouseSession:
    """A connection to Snowflake whose errors are one line each."""

    def __init__(self, connection: SnowflakeConnection, cost: WarehouseCost | None = None) -> None:
        self._connection = connection
        self.cost = cost or WarehouseCost()
        self._connection.arrow_number_to_decimal_setter = True  # decimals would else come as doubles

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement; returns how many rows it changed.

        Raises:
            WarehouseError: Snowflake refused it, or went away.
        """
        with _explained(), self._connection.cursor() as cursor:
            cursor.execute(statement, tuple(parameters) or None)
            changed = int(cursor.rowcount or 0)
            self.cost.add(statements=1, rows=max(changed, 0))
            return changed

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, many with one statement; the connector spells them out in its VALUES."""
        for start in range(0, len(rows), ROWS_PER_INSERT):
            with _explained(), self._connection.cursor() as cursor:
                some = [tuple(row) for row in rows[start : start + ROWS_PER_INSERT]]
                cursor.executemany(statement, some)
                self.cost.add(statements=1, rows=len(some))

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a small result."""
        with _explained(), self._connection.cursor() as cursor:
            cursor.execute(statement, tuple(parameters) or None)
            self.cost.add(statements=1)
            return [tuple(row) for row in cursor.fetchall()]

    def arrow(self, statement: str) -> pa.Table:
        """All rows of a result, as Arrow; with no rows, a table of its columns. Times to the microsecond."""
        with _explained(), self._connection.cursor() as cursor:
            cursor.execute(statement)
            self.cost.add(statements=1)
            return cursor.fetch_arrow_all(force_return_table=True, force_microsecond_precision=True)

    def put(self, stream: IO[bytes], folder: str, name: str) -> None:
        """Upload a file to a folder of a stage."""
        began = stream.tell()
        with _explained(), self._connection.cursor() as cursor:
            cursor.execute(
                f"PUT 'file://{name}' '{folder}' AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = NONE "
                "OVERWRITE = TRUE",
                file_stream=stream,
            )
        self.cost.add(statements=1, size=stream.seek(0, os.SEEK_END) - began)

    def close(self) -> None:
        """End the session; one that is gone already is ended, too."""
        with suppress(snowflake.connector.errors.Error):
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Only DML belongs inside: Snowflake commits an open transaction at every DDL."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        self.execute("COMMIT")

    def _roll_back(self) -> None:
        try:
            self.execute("ROLLBACK")
        except WarehouseError:
            return  # the session is gone, and its transaction with it; what failed before is what counts


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the connector's errors into one line that names the object and the remedy."""
    try:
        yield
    except snowflake.connector.errors.Error as error:
        number = error.errno or 0
        if number in LOST:
            raise WarehouseError(
                f"Snowflake: the connection was lost (error {number}): check that it and the storage of its "
                "stages are reachable, then run again; nothing was half-written."
            ) from None
        text = without_values(" ".join((error.raw_msg or str(error)).split()))
        remedy = REMEDIES.get(number, "nothing was half-written; mend the cause and run again")
        raise WarehouseError(f"Snowflake: {text.rstrip('.')} (error {number}): {remedy}.") from None
