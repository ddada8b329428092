"""One client's session: current database and schema, parameters, and its transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb import DuckDBPyConnection
from fakesnow.conn import FakeSnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from sandbox.snowflake.errors import timed_out
from sandbox.snowflake.names import Name, upper_case
from sandbox.snowflake.recent import RecentResults
from sandbox.snowflake.transactions import State

if TYPE_CHECKING:
    from sandbox.snowflake.cursor import Cursor
    from sandbox.snowflake.engine import Engine

CLIENT_GONE = "the client's connection was lost in the middle of it"
STATEMENT_FAILED = "one of its statements failed"


class Session(FakeSnowflakeConnection):
    """A connection of the engine with Snowflake's transactions. One statement at a time: hold `lock`."""

    def __init__(
        self, duck_conn: DuckDBPyConnection, database: str | None, schema: str | None, engine: Engine
    ) -> None:
        super().__init__(
            duck_conn, RecentResults(), database, schema, create_database=False, create_schema=False
        )
        self.engine = engine
        self.lock = threading.RLock()
        self.parameters: dict[str, Any] = {}
        self.user = self.role = self.warehouse = self.account = ""
        self.state = State.NONE
        self.autocommits = True
        self.files_to_purge: list[Path] = []
        self.temporary: set[Name] = set()
        """The session's temporary tables."""
        self._why_failed = ""
        if not self.database_set:
            self.database = None
        if not self.schema_set:
            self._schema = None

    def cursor(self, cursor_class: type[SnowflakeCursor] = SnowflakeCursor) -> Cursor:  # noqa: ARG002
        """A cursor that runs statements in this session."""
        from sandbox.snowflake.cursor import Cursor

        return Cursor(conn=self, duck_conn=self._duck_conn)

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Take session parameters; AUTOCOMMIT, LOCK_TIMEOUT, STATEMENT_TIMEOUT_IN_SECONDS have an effect."""
        self.parameters |= {name.upper(): value for name, value in parameters.items()}
        autocommits = str(self.parameters.get("AUTOCOMMIT")).upper() != "FALSE"
        if autocommits and not self.autocommits:
            self.commit()
        self.autocommits = autocommits

    def name_of(self, table: exp.Table) -> Name:
        """The full name of a reference in this session, a temporary table's where it has one."""
        name = Name.of(upper_case(table), self.database, self.schema)
        return name.in_temporary() if name in self.temporary else name

    @property
    def transaction_id(self) -> str | None:
        """The id of the open transaction; None where none is open."""
        return None if self.state is State.NONE else str(id(self))

    def begin(self) -> None:
        """Open a transaction; nothing where one is open, as in Snowflake."""
        if self.state is State.NONE:
            self.state = State.OPEN

    def commit(self) -> None:
        """Commit what the transaction wrote, and let other sessions write.

        Raises:
            ProgrammingError: the transaction was rolled back before, because a statement of it failed.
        """
        if self.state is State.FAILED:
            why = self._why_failed
            self._end()
            raise _failed(f"COMMIT is refused and nothing was written: {why}")
        try:
            if self.state is State.WRITING:
                self._duck_conn.execute("COMMIT")
            for file in self.files_to_purge:
                file.unlink(missing_ok=True)
        finally:
            self._end()

    def rollback(self) -> None:
        """Undo what the transaction wrote; nothing where none is open."""
        try:
            if self.state is State.WRITING:
                self._duck_conn.execute("ROLLBACK")
        finally:
            self._end()

    def lose_client(self) -> bool:
        """Roll back as the client is gone; one that comes back must say ROLLBACK. True if one was open."""
        with self.lock:
            was_open = self.state in (State.OPEN, State.WRITING)
            if was_open:
                self._fail(CLIENT_GONE)
        return was_open

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around a statement that only reads."""
        self._refuse_when_failed()
        try:
            yield
        except BaseException:
            if self.state is State.WRITING:
                self._fail(STATEMENT_FAILED)
            raise

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around a DML statement: in the open transaction, or in one of its own."""
        self._refuse_when_failed()
        own = self.state is State.NONE and self.autocommits
        if self.state is not State.WRITING:
            self._acquire_write_lock()
            self._duck_conn.execute("BEGIN")
            self.state = State.WRITING
        try:
            yield
        except BaseException:
            if own:
                self.rollback()
            else:
                self._fail(STATEMENT_FAILED)
            raise
        if own:
            self.commit()

    @contextmanager
    def defining(self) -> Iterator[None]:
        """Around a DDL statement: it commits the open transaction and stands for itself."""
        self._refuse_when_failed()
        self.commit()
        self._acquire_write_lock()
        try:
            yield
        finally:
            self.engine.write_lock.release(self)

    @contextmanager
    def within_its_time(self) -> Iterator[None]:
        """Around any statement: ends it after STATEMENT_TIMEOUT_IN_SECONDS, where that is set.

        Raises:
            ProgrammingError: 000630, the time was over.
        """
        seconds = float(self.parameters.get("STATEMENT_TIMEOUT_IN_SECONDS") or 0)
        over = threading.Event()

        def end() -> None:
            over.set()
            self.interrupt()

        timer = threading.Timer(seconds, end)
        if seconds:
            timer.start()
        try:
            yield
        except (ProgrammingError, duckdb.Error):
            if over.is_set():
                raise timed_out(seconds) from None
            raise
        finally:
            timer.cancel()

    def interrupt(self) -> None:
        """End the statement that runs or waits, with an error."""
        self.engine.write_lock.cancel(self)
        self._duck_conn.interrupt()

    def end(self) -> None:
        """Wait for the running statement, then close."""
        with self.lock:
            self.close()

    def close(self, retry: bool = True) -> None:
        """Roll back what is open and let go of the engine."""
        if not self.is_closed():
            self.rollback()
            super().close(retry)

    def _acquire_write_lock(self) -> None:
        timeout = self.parameters.get("LOCK_TIMEOUT")
        self.engine.write_lock.acquire(self, None if timeout is None else float(timeout))

    def _refuse_when_failed(self) -> None:
        if self.state is State.FAILED:
            raise _failed(f"the statement is refused, only ROLLBACK is possible: {self._why_failed}")

    def _fail(self, why: str) -> None:
        self.rollback()
        self.state = State.FAILED
        self._why_failed = why

    def _end(self) -> None:
        self.state = State.NONE
        self.files_to_purge.clear()
        self.engine.write_lock.release(self)


def _failed(consequence: str) -> ProgrammingError:
    return ProgrammingError(
        msg=f"The transaction was rolled back; {consequence}.", errno=90230, sqlstate="25000"
    )
