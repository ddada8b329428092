"""A metered session on SQL Server: reads only, without locks on user tables where the database allows it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import pymssql

from deployments.connections import SQL_SERVER_ERRORS
from flows.ingest.cost import SHARED, CostMeter
from flows.ingest.errors import SourceError, TableError
from flows.ingest.quoting import tsql_name
from flows.ingest.source import statements

Row = tuple[Any, ...]
T = TypeVar("T")

BATCH_ROWS = 50_000
DEADLOCK = 1205
NO_PERMISSION = 229
DEADLOCK_ATTEMPTS = 5
OF_ONE_TABLE = {208, 229, 230}
"""Errors that say something of one table only."""

REMEDIES = {
    208: "it does not exist, or was dropped meanwhile: run again, or check the capture instance",
    229: "the login may not read it: grant SELECT on the captured tables and on the schema cdc",
    230: "the login may not read the column: GRANT SELECT on the table, without a list of columns, to it",
    916: "the login may not enter the database: CREATE USER … FOR LOGIN … there",
    3952: "SNAPSHOT isolation was switched off while the run was going on: run again",
}


class SourceSession:
    """A connection to SQL Server that counts what it costs and explains what goes wrong."""

    def __init__(self, connection: pymssql.Connection, meter: CostMeter | None = None) -> None:
        self._connection = connection
        with _explained(SHARED):
            self._connection.autocommit(True)
        self.meter = meter or CostMeter()

    def use_snapshot_isolation(self) -> None:
        """Read row versions from here on: readers then neither wait for writers nor hold them up."""
        self._execute(statements.SNAPSHOT_ISOLATION)

    def change(self, statement: str) -> None:
        """Run the one statement that changes something in the source; it cannot run in SNAPSHOT isolation."""
        self._execute(statements.READ_COMMITTED)
        self._execute(statement)

    def rows(self, statement: str, table: str = SHARED) -> list[Row]:
        """All rows of a small result."""
        return [row for batch in self.batches(statement, table) for row in batch]

    def scalar(self, statement: str, table: str = SHARED) -> Any:
        """The first value of the first row; None when there is no row."""
        rows = self.rows(statement, table)
        return rows[0][0] if rows else None

    def batches(self, statement: str, table: str = SHARED) -> Iterator[list[Row]]:
        """The rows of a result, at most `BATCH_ROWS` at a time.

        Raises:
            SourceError: SQL Server refused the statement or went away.
        """
        started = time.perf_counter()
        queries = 1
        with _explained(table), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)
            while True:
                batch = cursor.fetchmany(BATCH_ROWS)
                self.meter.add(table, queries, len(batch), 1000 * (time.perf_counter() - started))
                if not batch:
                    return
                yield batch
                started, queries = time.perf_counter(), 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction that only reads; it always ends, so that it holds up no version cleanup."""
        self._execute(statements.BEGIN)
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        self._execute(statements.COMMIT)

    def _execute(self, statement: str) -> None:
        with _explained(SHARED), closing(self._connection.cursor()) as cursor:
            cursor.execute(statement)

    def _roll_back(self) -> None:
        try:
            self._execute(statements.ROLLBACK)
        except SourceError:
            self._connection.close()  # gone; what failed before is what counts


class DeadlockError(SourceError):
    """SQL Server chose this session as the victim of a deadlock; the same read may be tried again."""


def retry_deadlocks(read: Callable[[], T]) -> T:
    """Call `read` again when it was a deadlock's victim: the capture job and CDC's readers do meet (1205)."""
    for attempt in range(1, DEADLOCK_ATTEMPTS + 1):
        try:
            return read()
        except DeadlockError:
            if attempt == DEADLOCK_ATTEMPTS:
                raise
            time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")


@contextmanager
def _explained(table: str) -> Iterator[None]:
    """Turn the driver's errors into one line that names the object and the remedy."""
    try:
        yield
    except SQL_SERVER_ERRORS as error:
        number, message = _number_and_message(error)
        where = f"SQL Server, while reading {table}" if table else "SQL Server"
        if number == DEADLOCK:
            raise DeadlockError(f"{where}: deadlock victim {DEADLOCK_ATTEMPTS} times: run again.") from None
        remedy = _grant(message) if number == NO_PERMISSION else None
        remedy = remedy or REMEDIES.get(number, "check that SQL Server runs and is reachable, then run again")
        kind = TableError if table and number in OF_ONE_TABLE else SourceError
        raise kind(f"{where}: {message} (error {number}): {remedy}.") from None


def _grant(message: str) -> str | None:
    """The statement that gives what error 229 says is missing; None where its text is another."""
    told = re.search(
        r"The (\w+) permission was denied on the object '(.+?)', database '.+', schema '(.+)'", message
    )
    if told is None:
        return None
    permission, name, schema = told.groups()
    if schema == "cdc":
        return f"GRANT {permission} ON SCHEMA::cdc to the login"
    return f"GRANT {permission} ON {tsql_name(schema, name)} to the login"


def _number_and_message(error: Exception) -> tuple[int, str]:
    """Error number and first line of the text; (0, text) when the connection itself broke."""
    arguments = error.args[0] if error.args and isinstance(error.args[0], tuple) else error.args
    number = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    text = arguments[-1] if arguments else ""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    first_line = str(text).split("DB-Lib error")[0].strip().partition("\n")[0]
    return number, first_line.rstrip(".") or "no message"
