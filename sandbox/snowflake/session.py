"""One client's session: current database and schema, parameters, and its transaction."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection
from fakesnow.conn import FakeSnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from sandbox.snowflake import parameters
from sandbox.snowflake.errors import timed_out, unsupported
from sandbox.snowflake.footprint import Footprint
from sandbox.snowflake.locks import Key
from sandbox.snowflake.names import Name, upper_case
from sandbox.snowflake.recent import RecentResults, Unused
from sandbox.snowflake.work import Recorder, State, Work
from sandbox.snowflake.zoned.columns import KnownColumns

if TYPE_CHECKING:
    from sandbox.snowflake.cursor import Cursor
    from sandbox.snowflake.engine import Engine

CLIENT_GONE = "the client's connection was lost in the middle of it"
STATEMENT_FAILED = "a statement of it failed, and it cannot be continued, because {}"


class Session(FakeSnowflakeConnection):
    """A connection of the engine with Snowflake's transactions. One statement at a time: hold `lock`."""

    def __init__(
        self, duck_conn: DuckDBPyConnection, database: str | None, schema: str | None, engine: Engine
    ) -> None:
        super().__init__(duck_conn, Unused(), database, schema, create_database=False, create_schema=False)
        self.engine = engine
        self.id = uuid.uuid4().int >> 75
        self.results = RecentResults()
        self.running: str | None = None
        """Query id of the statement that runs."""
        self._lent: list[str] = []
        self.lock = threading.RLock()
        self.parameters: dict[str, Any] = {}
        self.user = self.role = self.warehouse = self.account = self.client = ""
        self.state = State.NONE
        self.autocommits = True
        self.files_to_purge: list[Path] = []
        self.temporary: set[Name] = set()
        """The session's temporary tables."""
        self._why_failed = ""
        self._work = Work(duck_conn, engine.commits)
        self.recorder = Recorder(duck_conn)
        """The engine's connection, for what a statement does to tables."""
        self.known_columns = KnownColumns(duck_conn)
        self._transaction = self._last_transaction = 0
        if not self.database_set:
            self.database = None
        if not self.schema_set:
            self._schema = None

    def cursor(self, cursor_class: type[SnowflakeCursor] = SnowflakeCursor) -> Cursor:  # noqa: ARG002
        """A cursor that runs statements in this session."""
        from sandbox.snowflake.cursor import Cursor

        return Cursor(conn=self, duck_conn=cast(DuckDBPyConnection, self.recorder))

    def set_parameters(self, given: Mapping[str, Any]) -> None:
        """Take session parameters; parameters.py says which have an effect.

        Raises:
            ProgrammingError: 0A000, a value would change results in a way that is not known here.
        """
        values = {name.upper(): value for name, value in given.items()}
        parameters.check(values)
        self.parameters |= values
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
        return None if self.state is State.NONE else str(self._transaction)

    @property
    def last_transaction_id(self) -> str | None:
        """The id of the transaction that ended last; None where none has."""
        return str(self._last_transaction) if self._last_transaction else None

    def begin(self) -> None:
        """Open a transaction; nothing where one is open, as in Snowflake."""
        if self.state is State.NONE:
            self.state = State.OPEN
            self._transaction = time.time_ns()

    def commit(self) -> None:
        """Commit what the transaction wrote, and let other sessions write its tables.

        Raises:
            ProgrammingError: the transaction was rolled back before.
        """
        if self.state is State.FAILED:
            why = self._why_failed
            self._end()
            raise _failed(f"COMMIT is refused and nothing was written: {why}")
        try:
            if self.state is State.WRITING:
                self._work.commit()
            for file in self.files_to_purge:
                file.unlink(missing_ok=True)
        finally:
            self._end()

    def rollback(self) -> None:
        """Undo what the transaction wrote; nothing where none is open."""
        try:
            if self.state is State.WRITING:
                self._work.rollback()
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
    def reading(self, footprint: Footprint) -> Iterator[None]:
        """Around a statement that only reads: it sees what is committed, and what its transaction wrote."""
        self._refuse_when_failed()
        self._catch_up(footprint)
        try:
            yield
        except BaseException:
            self._undo_statement()
            raise

    @contextmanager
    def writing(self, footprint: Footprint) -> Iterator[None]:
        """Around a DML statement: in the open transaction, or in one of its own."""
        self._refuse_when_failed()
        own = self.state is State.NONE and self.autocommits
        self._lock_tables(footprint.writes)
        if self.state is State.WRITING:
            try:
                self._catch_up(footprint)
            except ProgrammingError:
                self.engine.locks.release(self, kept=self._work.written)
                raise
        else:
            self.begin()
            self._work.begin()
            self.state = State.WRITING
        self.recorder.start()
        try:
            yield
        except BaseException:
            if own:
                self.rollback()
            else:
                self._undo_statement()
            raise
        finally:
            executed = self.recorder.stop()
        self._work.add(executed, footprint)
        if own:
            self.commit()

    @contextmanager
    def defining(self, keys: frozenset[Key]) -> Iterator[None]:
        """Around a DDL statement: it commits the open transaction and stands for itself."""
        self._refuse_when_failed()
        self.commit()
        self._lock_tables(keys)
        try:
            with self.engine.one_definition:
                yield
        finally:
            self.engine.commits.defined()
            self.engine.locks.release(self)

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

    def lend(self, table: pa.Table) -> str:
        """Let the running statement read a table in memory; the name that it has for it."""
        name = f"_lent_{len(self._lent)}"
        self._duck_conn.register(name, table)
        self._lent.append(name)
        return name

    def let_go(self) -> None:
        """After each statement: let go of what was lent, and of results that nobody read to their end.

        Outside of a transaction the engine keeps such a result's snapshot: every version of a row that others
        replace meanwhile would stay in memory, and no checkpoint could be made.
        """
        self._duck_conn.complete()
        for name in self._lent:
            self._duck_conn.unregister(name)
        self._lent.clear()

    def interrupt(self) -> None:
        """End the statement that runs or waits, with an error."""
        self.engine.locks.cancel(self)
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

    def _lock_tables(self, keys: frozenset[Key]) -> None:
        timeout = self.parameters.get("LOCK_TIMEOUT")
        self.engine.locks.acquire(self, keys, None if timeout is None else float(timeout))

    def _catch_up(self, footprint: Footprint) -> None:
        """Have the transaction see what others have committed to the tables of a statement that begins."""
        if self.state is not State.WRITING or not self._work.is_behind(footprint.reads | footprint.writes):
            return
        if why := self._work.why_not_again():
            raise unsupported(
                "reading or writing what another session has committed since this transaction first wrote: "
                + why
            )
        self._run_again()
        self._refuse_when_failed()

    def _undo_statement(self) -> None:
        """After a statement that failed: its transaction stays open, with what it wrote before."""
        if self.state is not State.WRITING:
            return
        if not self._work.steps:
            self._work.rollback()
            self.state = State.OPEN
            self.engine.locks.release(self)
        elif why := self._work.why_not_again():
            self._fail(STATEMENT_FAILED.format(why))
        else:
            self._run_again()
            self.engine.locks.release(self, kept=self._work.written)

    def _run_again(self) -> None:
        try:
            self._work.run_again()
        except duckdb.Error as error:
            self._fail(STATEMENT_FAILED.format(f"its other statements failed when run again: {error}"))

    def _refuse_when_failed(self) -> None:
        if self.state is State.FAILED:
            raise _failed(f"the statement is refused, only ROLLBACK is possible: {self._why_failed}")

    def _fail(self, why: str) -> None:
        self.rollback()
        self.state = State.FAILED
        self._why_failed = why

    def _end(self) -> None:
        if self.state is not State.NONE:
            self._last_transaction = self._transaction
        self.state = State.NONE
        self.files_to_purge.clear()
        self.engine.locks.release(self)


def _failed(consequence: str) -> ProgrammingError:
    return ProgrammingError(
        msg=f"The transaction was rolled back; {consequence}.", errno=90230, sqlstate="25000"
    )
