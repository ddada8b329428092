"""Principals and permissions as rows of a database's catalog; the server's own are in master."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import quote
from sandbox.sqlserver.engine.security.permissions import (
    DATABASE,
    FIXED_DATABASE_ENTRIES,
    FIXED_SERVER_ENTRIES,
    GRANT,
    SERVER,
    Entry,
)
from sandbox.sqlserver.engine.security.principals import (
    DBO,
    GUEST,
    SA,
    SA_SID,
    SYSADMIN,
    USER,
    Principal,
    Principals,
    fixed_database_principals,
    fixed_server_principals,
)

_STORAGE = """
CREATE TABLE IF NOT EXISTS {db}.catalog.principals (
    principal_id INTEGER, name VARCHAR, kind VARCHAR, sid BLOB, default_schema VARCHAR, created TIMESTAMP,
    modified TIMESTAMP
);
CREATE TABLE IF NOT EXISTS {db}.catalog.owner (sid BLOB);
CREATE TABLE IF NOT EXISTS {db}.catalog.role_members (role_id INTEGER, member_id INTEGER);
CREATE TABLE IF NOT EXISTS {db}.catalog.permissions (
    class UTINYINT, major_id INTEGER, minor_id INTEGER, grantee_id INTEGER, grantor_id INTEGER,
    permission VARCHAR, state VARCHAR
);
"""
_SERVER_STORAGE = """
CREATE TABLE IF NOT EXISTS master.catalog.logins (
    principal_id INTEGER, name VARCHAR, sid BLOB, password_hash BLOB, is_disabled BOOLEAN,
    default_database VARCHAR, created TIMESTAMP, modified TIMESTAMP
);
CREATE TABLE IF NOT EXISTS master.catalog.server_role_members (role_id INTEGER, member_id INTEGER);
"""
SYSTEM_DATABASES = ("master", "msdb", "tempdb")
"""Where `guest` may connect."""


class Writer(Protocol):
    """What runs statements: a connection, or a session's transaction."""

    def execute(self, query: str, parameters: Any = None, /) -> Any:
        """Run one statement."""


class DatabaseSecurity:
    """The users, roles and permissions of one database, as read at one moment."""

    def __init__(self, connection: DuckDBPyConnection, database: str) -> None:
        db = quote(database)
        row = connection.execute(f"SELECT sid FROM {db}.catalog.owner").fetchone()
        users = connection.execute(
            "SELECT principal_id, name, kind, sid, default_schema, created, modified "
            f"FROM {db}.catalog.principals"
        ).fetchall()
        members = connection.execute(f"SELECT role_id, member_id FROM {db}.catalog.role_members").fetchall()
        self.principals = Principals(
            [
                *fixed_database_principals(bytes(row[0]) if row else SA_SID),
                *(
                    Principal(number, name, kind, bytes(sid or b""), created, modified, default_schema=schema)
                    for number, name, kind, sid, schema, created, modified in users
                ),
            ],
            members,
        )
        guest = [Entry(DATABASE, 0, 0, GUEST, "CONNECT", GRANT)] if _has_guest(database) else []
        self.entries = [*FIXED_DATABASE_ENTRIES, *guest, *_entries(connection, db)]


class ServerSecurity:
    """The logins, server roles and permissions of the server, as read at one moment."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        logins = connection.execute("SELECT * FROM master.catalog.logins").fetchall()
        members = connection.execute("SELECT * FROM master.catalog.server_role_members").fetchall()
        self.principals = Principals(
            [
                *fixed_server_principals(),
                *(
                    Principal(
                        number, name, USER, bytes(sid), created, modified, bytes(hashed), disabled, default
                    )
                    for number, name, sid, hashed, disabled, default, created, modified in logins
                ),
            ],
            [(SYSADMIN, SA), *members],
        )
        stored = [entry for entry in _entries(connection, "master") if entry.class_ == SERVER]
        self.entries = [*FIXED_SERVER_ENTRIES, *stored]


def _has_guest(database: str) -> bool:
    return database.lower() in SYSTEM_DATABASES


def _entries(connection: DuckDBPyConnection, db: str) -> Iterable[Entry]:
    rows = connection.execute(
        f"SELECT class, major_id, minor_id, grantee_id, permission, state FROM {db}.catalog.permissions"
    ).fetchall()
    return [Entry(*row) for row in rows]


def create_security_storage(connection: DuckDBPyConnection, database: str) -> None:
    """Make the tables that a database needs for its principals and permissions; what is there stays."""
    connection.execute(_STORAGE.format(db=quote(database)))
    if database.lower() == "master":
        connection.execute(_SERVER_STORAGE)


# --- the server


def save_login(writer: Writer, login: Principal) -> None:
    """Write a login, new or changed."""
    writer.execute("DELETE FROM master.catalog.logins WHERE principal_id = ?", [login.principal_id])
    writer.execute(
        "INSERT INTO master.catalog.logins VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            login.principal_id,
            login.name,
            login.sid,
            login.password_hash,
            login.is_disabled,
            login.default_database,
            login.created,
            login.modified,
        ],
    )


def forget_login(writer: Writer, login: Principal) -> None:
    """Remove a login, its memberships and its server permissions; its users stay, without a login."""
    number = login.principal_id
    writer.execute("DELETE FROM master.catalog.logins WHERE principal_id = ?", [number])
    writer.execute("DELETE FROM master.catalog.server_role_members WHERE member_id = ?", [number])
    writer.execute(
        "DELETE FROM master.catalog.permissions WHERE class = ? AND grantee_id = ?", [SERVER, number]
    )


# --- a database


def save_principal(writer: Writer, database: str, principal: Principal) -> None:
    """Write a user or role."""
    writer.execute(
        f"INSERT INTO {quote(database)}.catalog.principals VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            principal.principal_id,
            principal.name,
            principal.kind,
            principal.sid,
            principal.default_schema,
            principal.created,
            principal.modified,
        ],
    )


def forget_principal(writer: Writer, database: str, principal: Principal) -> None:
    """Remove a user or role, its memberships and its permissions."""
    db, number = quote(database), principal.principal_id
    writer.execute(f"DELETE FROM {db}.catalog.principals WHERE principal_id = ?", [number])
    writer.execute(
        f"DELETE FROM {db}.catalog.role_members WHERE role_id = ? OR member_id = ?", [number, number]
    )
    writer.execute(
        f"DELETE FROM {db}.catalog.permissions WHERE grantee_id = ? AND class <> ?", [number, SERVER]
    )


def set_owner(writer: Writer, database: str, sid: bytes) -> None:
    """Make a login the owner of a database: it is `dbo` there."""
    writer.execute(f"DELETE FROM {quote(database)}.catalog.owner")
    writer.execute(f"INSERT INTO {quote(database)}.catalog.owner VALUES (?)", [sid])


def set_member(writer: Writer, table: str, role: int, member: int, *, is_member: bool) -> None:
    """Add a member to a role of `table`, or take it out."""
    writer.execute(f"DELETE FROM {table} WHERE role_id = ? AND member_id = ?", [role, member])
    if is_member:
        writer.execute(f"INSERT INTO {table} VALUES (?, ?)", [role, member])


def set_permission(writer: Writer, database: str, entry: Entry, *, is_kept: bool) -> None:
    """Write a permission, or remove it; one on a whole object ends what was said of its columns."""
    table = f"{quote(database)}.catalog.permissions"
    same = "class = ? AND major_id = ? AND grantee_id = ? AND permission = ?"
    values = [entry.class_, entry.major_id, entry.grantee, entry.permission]
    if entry.minor_id:
        writer.execute(f"DELETE FROM {table} WHERE {same} AND minor_id = ?", [*values, entry.minor_id])
    else:
        writer.execute(f"DELETE FROM {table} WHERE {same}", values)
    if is_kept:
        writer.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)",
            [entry.class_, entry.major_id, entry.minor_id, entry.grantee, DBO, entry.permission, entry.state],
        )
