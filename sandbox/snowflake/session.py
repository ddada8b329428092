"""One client's session: current database and schema, parameters, and its transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duckdb import DuckDBPyConnection
from fakesnow.conn import FakeSnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.recent import RecentResults
from sandbox.snowflake.transactions import State

if TYPE_CHECKING:
    from sandbox.snowflake.cursor import Cursor
    from sandbox.snowflake.engine import Engine


class Session(FakeSnowflakeConnection):
    """A connection of the engine with Snowflake's transactions. One statement at a time: hold `lock`."""

    def __init__(
        self, duck_conn: DuckDBPyConnection, database: str | None, schema: str | None, engine: Engine
    ) -> None:
        super().__init__(
            duck_conn, RecentResults(), database, schema, create_database=False, create_schema=False
        )
        self.db_path: Path | None = engine.db_path
        self.engine = engine
        self.lock = threading.RLock()
        self.parameters: dict[str, Any] = {}
        self.state = State.NONE
        self.autocommits = True
        self.files_to_purge: list[Path] = []
        if not self.database_set:
            self.database = None
        if not self.schema_set:
            self._schema = None

    def cursor(self, cursor_class: type[SnowflakeCursor] = SnowflakeCursor) -> Cursor:  # noqa: ARG002
        """A cursor that runs statements in this session."""
        from sandbox.snowflake.cursor import Cursor

        return Cursor(conn=self, duck_conn=self._duck_conn)

    def begin(self) -> None:
        """Open a transaction; nothing where one is open, as in Snowflake."""
        if self.state is State.NONE:
            self.state = State.OPEN

    def commit(self) -> None:
        """Commit what the transaction wrote, and let other sessions write.

        Raises:
            ProgrammingError: a statement of the transaction failed, so all of it was rolled back.
        """
        if self.state is State.FAILED:
            self.rollback()
            raise _failed("COMMIT was refused and the transaction rolled back")
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
            if self.state in (State.WRITING, State.FAILED):
                self._duck_conn.execute("ROLLBACK")
        finally:
            self._end()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around a statement that only reads."""
        self._refuse_when_failed()
        try:
            yield
        except BaseException:
            self._fail()
            raise

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around a DML statement: in the open transaction, or in one of its own."""
        self._refuse_when_failed()
        own = self.state is State.NONE and self.autocommits
        if self.state is not State.WRITING:
            self.engine.write_lock.acquire(self, self.parameters.get("LOCK_TIMEOUT"))
            self._duck_conn.execute("BEGIN")
            self.state = State.WRITING
        try:
            yield
        except BaseException:
            if own:
                self.rollback()
            else:
                self._fail()
            raise
        if own:
            self.commit()

    @contextmanager
    def defining(self) -> Iterator[None]:
        """Around a DDL statement: it commits the open transaction and stands for itself."""
        self._refuse_when_failed()
        self.commit()
        self.engine.write_lock.acquire(self, self.parameters.get("LOCK_TIMEOUT"))
        try:
            yield
        finally:
            self.engine.write_lock.release(self)

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Take session parameters, by upper-case name; AUTOCOMMIT and LOCK_TIMEOUT have an effect."""
        self.parameters |= {name.upper(): value for name, value in parameters.items()}
        self.autocommits = str(self.parameters.get("AUTOCOMMIT", True)).upper() != "FALSE"

    def interrupt(self) -> None:
        """End the statement that runs with an error."""
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

    def _refuse_when_failed(self) -> None:
        if self.state is State.FAILED:
            raise _failed("the statement was refused: only ROLLBACK is possible")

    def _fail(self) -> None:
        if self.state is State.WRITING:
            self.state = State.FAILED

    def _end(self) -> None:
        self.state = State.NONE
        self.files_to_purge.clear()
        self.engine.write_lock.release(self)


def _failed(consequence: str) -> ProgrammingError:
    return ProgrammingError(
        msg=f"An earlier statement of this transaction failed; {consequence}.", errno=90230, sqlstate="25000"
    )
