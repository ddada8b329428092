"""A logged-in session: its state, its transaction, and the way a batch goes through it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import duckdb

from sandbox.sqlserver.engine import execute
from sandbox.sqlserver.engine.batch import parse_batch
from sandbox.sqlserver.engine.binder import Binder
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.database import Database
from sandbox.sqlserver.engine.environment import SessionEnvironment
from sandbox.sqlserver.engine.errors import translate, unknown_savepoint
from sandbox.sqlserver.engine.interpreter import Frame, Interpreter
from sandbox.sqlserver.engine.security.access import Access, access_to, no_entry
from sandbox.sqlserver.engine.security.principals import Principal
from sandbox.sqlserver.engine.session_state import ISOLATION_BY_NUMBER, State
from sandbox.sqlserver.engine.temporary import TemporaryTables
from sandbox.sqlserver.engine.work import Work
from sandbox.sqlserver.results import (
    Done,
    ErrorRaised,
    LoginRequest,
    Message,
    Parameter,
    Result,
    SqlServerError,
    TransactionChanged,
)

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.engine import StandInEngine

_REPEAT_CANCEL_SECONDS = 0.05


class Session:
    """One client's session. Implements `results.EngineSession`."""

    def __init__(
        self, server: StandInEngine, session_id: int, request: LoginRequest, login: Principal, database: str
    ) -> None:
        self.server: StandInEngine = server
        self.id = session_id
        self.login: str = login.name
        self._login_id = login.principal_id
        self._access: dict[str, tuple[object, object, Access]] = {}
        self.application: str = request.application
        self.host: str = request.host
        self.first_database: str = database
        self.connection = server.new_connection()
        self.state = State()
        self.work: Work | None = None
        self.temporary = TemporaryTables()
        self.is_inserting_results = False
        """INSERT … EXEC runs."""
        self.transaction_count = 0
        self.nest_level = 0
        self.try_depth = 0
        """How many TRY blocks, of all scopes, wait for an error."""
        self._database = database
        self._descriptor = 0
        self._transaction_name = ""
        self._cancelled = threading.Event()
        self._busy = threading.RLock()
        """Held while a request runs, by the thread that runs it."""
        self._is_killed = self._is_closed = False

    @property
    def database(self) -> str:
        """Name of the current database."""
        return self._database

    @property
    def user(self) -> str:
        """The login's user in the current database."""
        return self.access(self._database).user.name

    def access(self, database: str) -> Access:
        """What the login may do in a database. Raises SqlServerError 911 or 916 (it may not enter it)."""
        catalog, server = self.catalog(database), self.catalog("master").server
        known = self._access.get(catalog.database)
        if known is not None and known[0] is catalog.security and known[1] is server:
            return known[2]
        login = server.principals.by_id(self._login_id) if server is not None else None
        if server is None or login is None:  # dropped while it is logged in
            raise no_entry(self.login, catalog.database)
        access = access_to(catalog.database, catalog.security, catalog.schemas, server, login)
        self._access[catalog.database] = (catalog.security, server, access)
        return access

    # --- requests of the client

    def batch(self, sql: str) -> Iterator[Result]:
        """Run a T-SQL batch."""
        yield from self._guarded(Interpreter(self, Frame()).run(parse_batch(sql)))

    def call(self, procedure: str, parameters: list[Parameter]) -> Iterator[Result]:
        """Run a procedure by name."""
        yield from self._guarded(execute.call(self, procedure, parameters))

    def transaction(self, request: str, name: str, isolation: int) -> Iterator[Result]:
        """A transaction manager request."""
        if isolation in ISOLATION_BY_NUMBER:
            self.state.isolation = ISOLATION_BY_NUMBER[isolation]
        yield from self._guarded(self.change_transaction(request, name))

    def cancel(self) -> None:
        """Stop the running statement."""
        self._cancelled.set()
        if not self._is_closed:
            self.connection.interrupt()

    def close(self) -> None:
        """End the session; an open transaction is rolled back."""
        with self._busy:
            self._is_closed = True
            self._roll_back_all()
            self.connection.close()
        self.server.closed(self)

    def kill(self) -> None:
        """End the session from another one; its client is told when it comes again."""
        self._is_killed = True
        self.cancel()
        while not self._busy.acquire(timeout=_REPEAT_CANCEL_SECONDS):
            self.cancel()
        try:
            self.close()
        finally:
            self._busy.release()

    def read_to_the_end(self) -> None:
        """Let go of a result that nobody read: it keeps a transaction of DuckDB open. Not while it runs."""
        if self._busy.acquire(blocking=False):
            try:
                if not self._is_closed:
                    self.connection.complete()
            finally:
                self._busy.release()

    def uses(self, database: Database) -> bool:
        """Whether it is the session's current database, or part of its transaction."""
        return self._database == database.name or (self.work is not None and self.work.touches(database))

    def _begin_request(self) -> None:
        self._cancelled.clear()
        self.temporary.forget_views(self.connection)

    def _guarded(self, results: Iterator[Result]) -> Iterator[Result]:
        with self._busy:
            if self._is_killed:
                raise _killed()
            self._begin_request()
            try:
                yield from self._reported(results)
            finally:
                self._end_request()

    def _end_request(self) -> None:
        """A result that nobody read to its end would keep DuckDB's snapshot and what changes after it."""
        if not self._is_closed:
            self.connection.complete()

    def _reported(self, results: Iterator[Result]) -> Iterator[Result]:
        try:
            yield from results
            yield from self._end_batch()
        except GeneratorExit:  # the client went away, or wants no more
            self.undo_statement()
            raise
        except SqlServerError as error:
            self.state.error_number = error.number
            raise
        except duckdb.Error as error:
            raise translate(error) from error

    def _end_batch(self) -> Iterator[Result]:
        """A transaction that an error in a TRY block doomed does not outlive its batch."""
        if self.work is not None and self.work.ends_with_batch:
            yield from self.abort_transaction()
            yield ErrorRaised(
                SqlServerError(
                    3998,
                    "Uncommittable transaction is detected at the end of the batch. The transaction is "
                    "rolled back.",
                )
            )

    # --- what statements need

    def binder(self, variables: dict[str, Any], written: int | None = None) -> Binder:
        """A binder for one statement; `written` is the object_id of an UPDATE's or DELETE's target."""
        return Binder(SessionEnvironment(self, variables, written))

    def catalog(self, database: str) -> Catalog:
        """The catalog of a database as this session sees it. Raises SqlServerError 911."""
        found = self.server.database(database)
        if self.work is not None and self.work.database is found and self.work.catalog is not None:
            return self.work.catalog
        return found.catalog

    def is_cancelled(self) -> bool:
        """Whether the client sent an attention."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """WAITFOR DELAY, ended by a cancel."""
        if self._cancelled.wait(seconds):
            raise SqlServerError(3617, "The statement was cancelled by its client.", severity=11)

    def ensure_work(self) -> Work:
        """The session's transaction, begun if there is none."""
        if self.work is None:
            self.work = Work(self.connection, self)
        return self.work

    def begin_write(self, database: str) -> Work:
        """Become the writer of a database; whether the login may, was checked.

        Raises:
            SqlServerError: 1222 no lock in time, 3930 the transaction is doomed.
        """
        work = self.ensure_work()
        work.write_to(self.server.database(database), self.state.lock_timeout, self.is_cancelled)
        return work

    def use(self, database: str) -> str:
        """Change the current database; returns the old one. Raises SqlServerError 911, 916 or 924."""
        self.access(database)
        wanted = self.server.database(database)
        if wanted.is_single_user and any(s is not self for s in self.server.sessions_using(wanted)):
            raise SqlServerError(
                924,
                f"Database '{wanted.name}' is already open and can only have one user at a time.",
                severity=14,
            )
        old, self._database = self._database, wanted.name
        return old

    # --- transactions

    def change_transaction(self, kind: str, name: str) -> Iterator[Result]:
        """BEGIN, COMMIT, ROLLBACK or SAVE."""
        if kind == "begin":
            yield from self.begin(name)
        elif kind == "commit":
            yield from self.commit()
        elif kind == "save":
            self._save(name)
        else:
            yield from self.rollback(name)

    def begin(self, name: str = "") -> Iterator[Result]:
        """BEGIN TRANSACTION: only the outermost one counts, and its name."""
        self.transaction_count += 1
        if self.transaction_count == 1:
            self._transaction_name = name
            self.ensure_work()
            self.temporary.begin()
            self._descriptor = self.server.next_descriptor()
            yield TransactionChanged("begin", self._descriptor)

    def commit(self) -> Iterator[Result]:
        """COMMIT. Raises SqlServerError 3902 without a transaction, 3930 where it is doomed."""
        if self.transaction_count == 0:
            raise SqlServerError(
                3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."
            )
        if self.transaction_count > 1:
            self.transaction_count -= 1
            return
        if self.work is not None:
            self.work.commit()
        self.work, self.transaction_count = None, 0
        yield TransactionChanged("commit", self._descriptor)

    def rollback(self, name: str = "") -> Iterator[Result]:
        """ROLLBACK, of everything or to a savepoint.

        Raises:
            SqlServerError: 3903 without a transaction, 6401 no such savepoint or transaction, 3931 to a
                savepoint of a transaction that is doomed.
        """
        if self.transaction_count == 0:
            raise SqlServerError(
                3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."
            )
        if name and self.work is not None and not self.work.is_doomed and self.work.rollback_to(name):
            self.temporary.rollback(name)
            return
        if name and name != self._transaction_name:
            raise unknown_savepoint(name, doomed=self.work is not None and self.work.is_doomed)
        self._roll_back_all()
        yield TransactionChanged("rollback", self._descriptor)

    def _save(self, name: str) -> None:
        if self.transaction_count == 0 or self.work is None:
            raise SqlServerError(628, "Cannot issue SAVE TRANSACTION when there is no active transaction.")
        self.work.save(name)
        self.temporary.save(name)

    def _roll_back_all(self) -> None:
        if self.transaction_count:
            self.temporary.rollback()
        work, self.work, self.transaction_count = self.work, None, 0
        if work is not None:
            work.rollback()

    def begin_implicit(self) -> Iterator[Result]:
        """SET IMPLICIT_TRANSACTIONS ON: the first statement begins a transaction."""
        if self.state.implicit_transactions and self.transaction_count == 0:
            yield from self.begin()

    def end_statement(self) -> None:
        """After a statement that went well: outside of a transaction it commits."""
        self.temporary.end_statement()
        if self.work is None:
            return
        if self.transaction_count:
            self.work.end_statement()
            return
        work, self.work = self.work, None
        work.commit()

    def undo_statement(self) -> None:
        """After a statement that failed: its transaction is as before it, or gone."""
        self.temporary.undo_statement()
        if self.work is None:
            return
        if self.transaction_count == 0:
            self._roll_back_all()
            return
        try:
            self.work.recover()
        except SqlServerError:
            self._roll_back_all()
            raise

    def abort_transaction(self) -> Iterator[Result]:
        """After an error that ends the whole transaction (XACT_ABORT ON, conversion errors)."""
        if self.transaction_count:
            self._roll_back_all()
            yield TransactionChanged("rollback", self._descriptor)

    def done(self, rows: int | None, command: int) -> Done:
        """The end of a statement that counts rows."""
        if rows is not None:
            self.state.row_count = rows
        return Done(None if self.state.no_count else rows, command)

    def message(self, text: str, number: int = 0, severity: int = 0, state: int = 1) -> Message:
        """A message for the client."""
        return Message(number, text, severity, state)


def _killed() -> SqlServerError:
    return SqlServerError(
        596, "Cannot continue the execution because the session is in the kill state.", severity=21
    )
