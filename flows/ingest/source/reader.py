"""What every session on SQL Server can do, whichever driver it has: read rows, read Arrow, and only read."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sized
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import pyarrow as pa

from flows.ingest.errors import SourceError
from flows.ingest.health.cost import SHARED, CostMeter
from flows.ingest.source import messages, statements
from flows.ingest.source.messages import DeadlockError

Row = tuple[Any, ...]
T = TypeVar("T")
Batch = TypeVar("Batch", bound=Sized)


class SourceReader(ABC):
    """A session that counts what it costs and explains what goes wrong. One thread uses it at a time."""

    def __init__(self, meter: CostMeter | None = None) -> None:
        self.meter = meter or CostMeter()

    @abstractmethod
    def read(
        self, statement: str, schema: pa.Schema, table: str, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """A result of any size as Arrow, `batch_rows` rows at a time.

        The values are the same with every driver; columns are matched by their place.

        Args:
            statement: a SELECT.
            schema: names and types of its columns.
            table: whose costs these are.
            batch_rows: rows of a batch at most.

        Raises:
            SourceError: SQL Server refused the statement or went away.
        """

    @abstractmethod
    def rows(self, statement: str, table: str = SHARED) -> list[Row]:
        """All rows of a small result.

        Raises:
            SourceError: SQL Server refused the statement or went away.
        """

    @abstractmethod
    def close(self) -> None:
        """End the session; what is already broken is ended, too."""

    @abstractmethod
    def _execute(self, statement: str) -> None:
        """Run a statement without a result."""

    def scalar(self, statement: str, table: str = SHARED) -> Any:
        """The first value of the first row; None when there is no row."""
        rows = self.rows(statement, table)
        return rows[0][0] if rows else None

    def use_snapshot_isolation(self) -> None:
        """Read row versions from here on: readers then neither wait for writers nor hold them up."""
        self._execute(statements.SNAPSHOT_ISOLATION)

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

    def _roll_back(self) -> None:
        try:
            self._execute(statements.ROLLBACK)
        except SourceError:
            self.close()  # gone; what failed before is what counts

    def _metered(self, batches: Generator[Batch, None, None], table: str) -> Iterator[Batch]:
        """Book a query, its rows, and the time that the server was waited for."""
        self.meter.add(table, queries=1)
        started = time.perf_counter()
        with closing(batches):
            for batch in batches:
                self.meter.add(table, rows=len(batch), milliseconds=1000 * (time.perf_counter() - started))
                yield batch
                started = time.perf_counter()
            self.meter.add(table, milliseconds=1000 * (time.perf_counter() - started))


@contextmanager
def as_discovered(table: str) -> Iterator[None]:
    """Turn what Arrow says of a value that has another type into one line without the value.

    Raises:
        TableError: the table was altered since it was discovered.
    """
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        raise messages.retyped(table) from None


def retry_deadlocks(read: Callable[[], T]) -> T:
    """Call `read` again when it was a deadlock's victim: the capture job and CDC's readers do meet (1205)."""
    for attempt in range(1, messages.DEADLOCK_ATTEMPTS + 1):
        try:
            return read()
        except DeadlockError:
            if attempt == messages.DEADLOCK_ATTEMPTS:
                raise
            time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")
