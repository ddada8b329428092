"""The engine: databases in a folder, logins, sessions, and the procedures that were registered."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc import jobs
from sandbox.sqlserver.engine import backup_media, catalog_procedures
from sandbox.sqlserver.engine.backup_media import BackupSet
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.database import SYSTEM_DATABASES, Database
from sandbox.sqlserver.engine.functions.timezones import WINDOWS_ZONES
from sandbox.sqlserver.engine.macros import install_macros
from sandbox.sqlserver.engine.procedures import ProcedureDef
from sandbox.sqlserver.engine.security.principals import (
    FIRST_LOGIN,
    SA,
    SA_SID,
    USER,
    Principal,
    Principals,
    hash_password,
    is_password,
    new_sid,
)
from sandbox.sqlserver.engine.security.store import ServerSecurity, save_login, set_owner
from sandbox.sqlserver.engine.session import Session
from sandbox.sqlserver.engine.variants import install_variants
from sandbox.sqlserver.faults.registry import Faults
from sandbox.sqlserver.results import LoginRequest, SqlServerError

_SUFFIX, _RESTORING = ".duckdb", ".restoring"
_FIRST_USER_DATABASE = 5
MEMORY_LIMIT = "512MiB"
"""Of DuckDB's buffers, which otherwise grow with the databases to most of the machine's memory."""


class StandInEngine:
    """SQL Server's engine, as far as the stand-in models it. Implements `results.Engine`.

    Args:
        folder: where the databases' files lie; made if missing.
        passwords: of the logins that every start makes sure of; `sa` is sysadmin, others have no rights.
        timezone: IANA name of the server's own time zone.
        prepare: called with a connection for each user database, at its creation and at every start.
        faults: what tests make go wrong.
    """

    def __init__(
        self,
        folder: Path,
        passwords: dict[str, str],
        timezone: str = "UTC",
        prepare: Callable[[DuckDBPyConnection, str], None] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.folder = folder
        self.timezone = ZoneInfo(timezone)
        self.faults = faults or Faults()
        self._prepare = prepare
        self.name = socket.gethostname().partition(".")[0].upper()
        self._root = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": str(folder / "spill"),
                "threads": 1,  # a small statement is done before a second thread has woken up
            },
        )
        self._root_lock = threading.Lock()
        self._databases: dict[str, Database] = {}
        self._procedures: dict[str, ProcedureDef] = {}
        self._sessions: dict[int, Session] = {}
        self._session_ids = itertools.count(51)
        self._descriptors = itertools.count(1)
        folder.mkdir(parents=True, exist_ok=True)
        install_macros(self._root)
        install_variants(self._root)
        self.register(catalog_procedures.PROCEDURES)
        for name in SYSTEM_DATABASES:
            self._attach(name)
        for unfinished in folder.glob(f"*{_SUFFIX}{_RESTORING}"):
            unfinished.unlink()  # the server ended before the restore took effect
        self._keep_logins(passwords)
        for file in sorted(folder.glob(f"*{_SUFFIX}")):
            if file.stem.lower() not in self._databases:
                self._attach(file.stem)

    @property
    def windows_timezone(self) -> str:
        """The server's time zone as CURRENT_TIMEZONE_ID() names it."""
        names = {iana: windows for windows, iana in WINDOWS_ZONES.items()}
        found = names.get(str(self.timezone.key))
        return "UTC" if found in (None, "utc") else str(found).title()

    # --- databases

    def _attach(self, name: str, number: int | None = None) -> Database:
        number = number or SYSTEM_DATABASES.get(name.lower()) or self._free_number()
        database = Database(self._root, name, self.folder / f"{name}{_SUFFIX}", number)
        if self._prepare is not None and name.lower() not in SYSTEM_DATABASES:
            self._prepare(self._root, name)
            database.catalog = Catalog(self._root, name)
        self._databases[name.lower()] = database
        return database

    def _free_number(self) -> int:
        used = [database.database_id for database in self._databases.values()]
        return max([_FIRST_USER_DATABASE - 1, *used]) + 1

    def create_database(self, name: str, owner: bytes = SA_SID) -> Database:
        """CREATE DATABASE of the login that has the sid `owner`. Raises SqlServerError 1801 if it exists."""
        with self._root_lock:
            if name.lower() in self._databases:
                raise SqlServerError(
                    1801, f"Database '{name}' already exists. Choose a different database name.", state=3
                )
            database = self._attach(name)
            if owner != SA_SID:
                set_owner(self._root, name, owner)
                database.catalog = Catalog(self._root, name)
            return database

    def has_database(self, name: str) -> bool:
        """Whether there is such a database."""
        return name.lower() in self._databases

    def database(self, name: str) -> Database:
        """A database by name. Raises SqlServerError 911."""
        found = self._databases.get(name.lower())
        if found is None:
            raise SqlServerError(
                911, f"Database '{name}' does not exist. Make sure that the name is entered correctly."
            )
        return found

    def schema_changed(self, database: str) -> None:
        """Read a database's catalog again: something that is no session has changed and committed it."""
        connection = self.new_connection()
        self.database(database).refresh_catalog(connection)
        connection.close()

    def database_by_id(self, number: int) -> str | None:
        """A database's name by its id."""
        return next((d.name for d in self._databases.values() if d.database_id == number), None)

    def database_names(self) -> list[str]:
        """All databases, by id."""
        return [d.name for d in sorted(self._databases.values(), key=lambda d: d.database_id)]

    def back_up(
        self, database: Database, file: Path, number: int, is_cancelled: Callable[[], bool]
    ) -> BackupSet:
        """Write a backup of what is committed; waits for the writer and for the jobs."""
        owner = object()
        database.lock.acquire(owner, -1, is_cancelled)
        try:
            with jobs.AT_WORK, self._root_lock:
                self._read_to_the_end()
                database.checkpoint(self._root)
                return backup_media.write(database.file, file, database.name, database.database_id, number)
        finally:
            database.lock.release(owner)

    def restore(self, backup_set: BackupSet, file: Path) -> None:
        """Put a backup in the place of its database. A crash leaves the old state or the new one.

        Raises:
            SqlServerError: 3101 somebody uses the database.
        """
        with jobs.AT_WORK, self._root_lock:
            old = self._databases.get(backup_set.database.lower())
            target = old.file if old is not None else self.folder / f"{backup_set.database}{_SUFFIX}"
            new = target.with_name(f"{target.name}{_RESTORING}")
            backup_media.extract(file, backup_set, new)
            if old is not None:
                self._let_go(
                    old, 3101, "Exclusive access could not be obtained because the database is in use."
                )
            backup_media.replace(new, target)
            used = {database.database_id for database in self._databases.values()}
            number = old.database_id if old is not None else backup_set.database_id
            self._attach(backup_set.database, None if number in used else number)

    def drop_database(self, database: Database) -> None:
        """DROP DATABASE. Raises SqlServerError 3702 if somebody uses it."""
        with jobs.AT_WORK, self._root_lock:
            found = jobs.jobs_of(self._root, database.name)
            self._let_go(
                database, 3702, f'Cannot drop database "{database.name}" because it is currently in use.'
            )
            for job in found:
                jobs.remove(self._root, job)
            database.file.unlink()

    def _let_go(self, database: Database, number: int, in_use: str) -> None:
        """Take a database out of service, its file complete; nobody can have come in between."""
        del self._databases[database.name.lower()]
        try:
            if self.sessions_using(database):
                raise SqlServerError(number, in_use)
            self._read_to_the_end()
            database.detach(self._root)
        except (SqlServerError, duckdb.Error):
            self._databases[database.name.lower()] = database
            raise

    def _read_to_the_end(self) -> None:
        for session in list(self._sessions.values()):
            session.read_to_the_end()

    # --- sessions

    def is_logged_in(self, login: str) -> bool:
        """Whether a session of that login is open."""
        return any(session.login.lower() == login.lower() for session in list(self._sessions.values()))

    def sessions_using(self, database: Database) -> list[Session]:
        """The sessions whose current database it is, or whose transaction has touched it."""
        return [session for session in list(self._sessions.values()) if session.uses(database)]

    def closed(self, session: Session) -> None:
        """A session has ended."""
        self._sessions.pop(session.id, None)

    def login(self, request: LoginRequest) -> Session:
        """Open a session. Raises SqlServerError 18456, 18470 (the login is disabled) or 4060."""
        login = self._server_principals().named(request.user)
        if login is None or login.kind != USER or not is_password(request.password, login.password_hash):
            raise SqlServerError(18456, f"Login failed for user '{request.user}'.", severity=14, state=1)
        if login.is_disabled:
            raise SqlServerError(
                18470,
                f"Login failed for user '{request.user}'. Reason: The account is disabled.",
                severity=14,
            )
        name = request.database or login.default_database
        cannot_open = SqlServerError(
            4060, f'Cannot open database "{name}" requested by the login. The login failed.', severity=11
        )
        if not self.has_database(name):
            raise cannot_open
        database = self.database(name)
        if database.is_single_user and self.sessions_using(database):
            raise cannot_open
        session = Session(self, next(self._session_ids), request, login, database.name)
        try:
            session.access(name)
        except SqlServerError as refused:
            session.close()
            raise cannot_open from refused
        self._sessions[session.id] = session
        return session

    def _server_principals(self) -> Principals:
        server = self.database("master").catalog.server
        if server is None:
            raise LookupError("master has no logins")
        return server.principals

    def _keep_logins(self, passwords: dict[str, str]) -> None:
        """Make the logins that are missing, and give the others these passwords."""
        for name, password in passwords.items():
            known = ServerSecurity(self._root).principals
            login = known.named(name)
            if login is None:
                is_sa = name.lower() == "sa"
                number = SA if is_sa else known.next_id(FIRST_LOGIN)
                login = Principal(number, name, USER, SA_SID if is_sa else new_sid())
            if not is_password(password, login.password_hash):
                save_login(self._root, replace(login, password_hash=hash_password(password)))
        self.database("master").catalog = Catalog(self._root, "master")

    def new_connection(self) -> DuckDBPyConnection:
        """Another connection to all databases."""
        with self._root_lock:
            self._root.complete()  # an unread result of its own would keep an old snapshot
            return self._root.cursor()

    def next_descriptor(self) -> int:
        """A transaction's descriptor for the wire."""
        return next(self._descriptors)

    # --- procedures

    def register(self, procedures: Iterable[ProcedureDef]) -> None:
        """Add procedures; a name that is there is replaced."""
        for definition in procedures:
            self._procedures[definition.name] = definition

    def procedure(self, schema: str, name: str, database: str) -> ProcedureDef | None:
        """Find a procedure: `sp_x` lies in sys everywhere, msdb's in msdb.dbo."""
        names = [f"{schema}.{name}", f"{database.lower()}.{schema}.{name}"]
        if schema in ("sys", "dbo"):
            names += [f"sys.{name}", name, f"msdb.dbo.{name}" if database.lower() == "msdb" else ""]
        return next((self._procedures[n] for n in names if n in self._procedures), None)

    def close(self) -> None:
        """A clean end: what is committed is in the files, counters go on without a jump."""
        databases, self._databases = self._databases, {}
        for database in databases.values():
            database.close(self._root)
        self._root.close()
