"""SQL Server's rule of permissions: what covers what, and when a principal may.

Source: Microsoft's pages "Permissions (Database Engine)", with the "Summary of the permission check
algorithm", and "Permissions of fixed database roles".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sandbox.sqlserver.engine.security.principals import DATABASE_ROLES, SERVER_ROLES

DATABASE, OBJECT, SCHEMA, SERVER = 0, 1, 3, 100
"""Classes of securables, numbered as in `sys.database_permissions`."""
GRANT, DENY, REVOKED = "G", "D", "R"
"""States; `R` is kept for a column that REVOKE took out of a permission on its whole table."""

OBJECT_PERMISSIONS = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE", "REFERENCES", "ALTER", "CONTROL"),
    *("VIEW DEFINITION", "TAKE OWNERSHIP", "VIEW CHANGE TRACKING"),
)
COLUMN_PERMISSIONS = ("SELECT", "UPDATE", "REFERENCES")
SCHEMA_PERMISSIONS = OBJECT_PERMISSIONS
_OF_THE_DATABASE_ONLY = (
    *("CONNECT", "CREATE TABLE", "CREATE SCHEMA", "CREATE ROLE", "ALTER ANY SCHEMA", "ALTER ANY ROLE"),
    *("ALTER ANY USER", "VIEW DATABASE STATE", "VIEW DATABASE PERFORMANCE STATE", "BACKUP DATABASE"),
    *("BACKUP LOG", "CHECKPOINT", "SHOWPLAN", "CREATE VIEW", "CREATE PROCEDURE", "CREATE FUNCTION"),
)
DATABASE_PERMISSIONS = (*OBJECT_PERMISSIONS[:-1], *_OF_THE_DATABASE_ONLY)
SERVER_PERMISSIONS = (
    *("CONTROL SERVER", "CONNECT SQL", "CONNECT ANY DATABASE", "SELECT ALL USER SECURABLES"),
    *("VIEW ANY DATABASE", "VIEW ANY DEFINITION", "VIEW SERVER STATE", "VIEW SERVER PERFORMANCE STATE"),
    *("ALTER SERVER STATE", "ALTER SETTINGS", "ALTER ANY LOGIN", "ALTER ANY DATABASE", "CREATE ANY DATABASE"),
)
PERMISSIONS = {
    DATABASE: DATABASE_PERMISSIONS,
    OBJECT: OBJECT_PERMISSIONS,
    SCHEMA: SCHEMA_PERMISSIONS,
    SERVER: SERVER_PERMISSIONS,
}
Permission = tuple[int, str]
"""A permission on a class of securables."""


@dataclass(frozen=True)
class Entry:
    """A row of `sys.database_permissions` or `sys.server_permissions`; `minor_id` is a column's number."""

    class_: int
    major_id: int
    minor_id: int
    grantee: int
    permission: str
    state: str


@dataclass(frozen=True)
class Securable:
    """An object, with its schema; a schema; or the database itself, where both are None."""

    object_id: int | None = None
    schema_id: int | None = None

    @property
    def class_(self) -> int:
        """What the securable is."""
        if self.object_id is not None:
            return OBJECT
        return DATABASE if self.schema_id is None else SCHEMA


THE_DATABASE = Securable()


class Permissions:
    """What one login, with all its roles, was granted and denied on the server and in one database."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_securable: dict[tuple[int, int], list[Entry]] = defaultdict(list)
        for entry in entries:
            self._by_securable[(entry.class_, entry.major_id)].append(entry)

    def allow(self, permission: str, on: Securable, column: int = 0) -> bool:
        """Whether the permission is granted and not denied: on a column, or on the whole securable (0).

        A DENY beats every GRANT, but for one of the same permission on the whole object, which a GRANT on
        the column overrides ("preserved for the sake of backward compatibility").
        """
        wanted = covering((on.class_, permission))
        found = [entry for entry in self._above(on) if (entry.class_, entry.permission) in wanted]
        found += self._on_object(on, column, permission, wanted)
        states = {entry.state for entry in found}
        return GRANT in states and DENY not in states

    def allow_on_server(self, permission: str) -> bool:
        """Whether a permission of the server itself is granted and not denied."""
        wanted = covering((SERVER, permission))
        entries = self._by_securable.get((SERVER, 0), [])
        states = {entry.state for entry in entries if (entry.class_, entry.permission) in wanted}
        return GRANT in states and DENY not in states

    def is_denied(self, permission: str, on: Securable) -> bool:
        """Whether the permission is denied, granted or not."""
        wanted = covering((on.class_, permission))
        entries = [*self._above(on), *self._own(on)]
        return any(
            entry.state == DENY and not entry.minor_id and (entry.class_, entry.permission) in wanted
            for entry in entries
        )

    def granted_columns(self, object_id: int) -> set[int]:
        """Columns of an object on which there is any GRANT."""
        entries = self._by_securable.get((OBJECT, object_id), [])
        return {entry.minor_id for entry in entries if entry.minor_id and entry.state == GRANT}

    def _above(self, on: Securable) -> list[Entry]:
        """Entries on what contains the securable; on itself, where it is no object."""
        found = [*self._by_securable.get((SERVER, 0), []), *self._by_securable.get((DATABASE, 0), [])]
        if on.schema_id is not None:
            found += self._by_securable.get((SCHEMA, on.schema_id), [])
        return found

    def _own(self, on: Securable) -> list[Entry]:
        return [] if on.object_id is None else self._by_securable.get((OBJECT, on.object_id), [])

    def _on_object(
        self, on: Securable, column: int, permission: str, wanted: frozenset[Permission]
    ) -> list[Entry]:
        own = [entry for entry in self._own(on) if (entry.class_, entry.permission) in wanted]
        of_column = [entry for entry in own if column and entry.minor_id == column]
        exceptions = {(entry.grantee, entry.permission) for entry in of_column}
        whole = [e for e in own if not e.minor_id and (e.grantee, e.permission) not in exceptions]
        if any(entry.state == GRANT for entry in of_column):
            whole = [entry for entry in whole if (entry.state, entry.permission) != (DENY, permission)]
        return whole + of_column


@cache
def covering(permission: Permission) -> frozenset[Permission]:
    """The permissions of which any one contains this one, itself among them."""
    found = {permission}
    waiting = [permission]
    while waiting:
        for wider in _covered_by(*waiting.pop()):
            if wider not in found:
                found.add(wider)
                waiting.append(wider)
    return frozenset(found)


def _covered_by(class_: int, name: str) -> list[Permission]:
    """The permissions that contain one directly: CONTROL of its securable, the same on what holds it."""
    if class_ == SERVER:
        wider = {
            "VIEW SERVER PERFORMANCE STATE": "VIEW SERVER STATE",
            "VIEW SERVER STATE": "ALTER SERVER STATE",
        }
        return [(SERVER, wider.get(name, "CONTROL SERVER"))]
    found: list[Permission] = [] if name == "CONTROL" else [(class_, "CONTROL")]
    if class_ == OBJECT:
        return [*found, (SCHEMA, name)]
    if class_ == SCHEMA:
        return [*found, (DATABASE, "ALTER ANY SCHEMA" if name == "ALTER" else name)]
    return [*found, *_OF_DATABASE_COVERED_BY.get(name, [])]


_OF_DATABASE_COVERED_BY: dict[str, list[Permission]] = {
    "CONTROL": [(SERVER, "CONTROL SERVER")],
    "SELECT": [(SERVER, "SELECT ALL USER SECURABLES")],
    "CONNECT": [(SERVER, "CONNECT ANY DATABASE")],
    "ALTER": [(SERVER, "ALTER ANY DATABASE")],
    "VIEW DEFINITION": [(SERVER, "VIEW ANY DEFINITION")],
    "VIEW DATABASE STATE": [(SERVER, "VIEW SERVER STATE")],
    "VIEW DATABASE PERFORMANCE STATE": [
        (DATABASE, "VIEW DATABASE STATE"),
        (SERVER, "VIEW SERVER PERFORMANCE STATE"),
    ],
    **{
        name: [(DATABASE, "ALTER")]
        for name in _OF_THE_DATABASE_ONLY
        if name.startswith(("CREATE", "ALTER")) or name == "CHECKPOINT"
    },
}


def _fixed(role: str, state: str, *permissions: str) -> list[Entry]:
    return [Entry(DATABASE, 0, 0, DATABASE_ROLES[role], name, state) for name in permissions]


FIXED_DATABASE_ENTRIES = [
    *_fixed("db_owner", GRANT, "CONTROL"),
    *_fixed("db_datareader", GRANT, "SELECT"),
    *_fixed("db_datawriter", GRANT, "INSERT", "UPDATE", "DELETE"),
    *_fixed("db_denydatareader", DENY, "SELECT"),
    *_fixed("db_denydatawriter", DENY, "INSERT", "UPDATE", "DELETE"),
    *_fixed("db_ddladmin", GRANT, "ALTER ANY SCHEMA", "CREATE TABLE", "CREATE SCHEMA", "REFERENCES"),
    *_fixed("db_ddladmin", GRANT, "VIEW DEFINITION", "CHECKPOINT", "CREATE VIEW", "CREATE PROCEDURE"),
    *_fixed("db_accessadmin", GRANT, "ALTER ANY USER", "CONNECT", "CREATE SCHEMA"),
    *_fixed("db_securityadmin", GRANT, "ALTER ANY ROLE", "CREATE ROLE", "CREATE SCHEMA", "VIEW DEFINITION"),
    *_fixed("db_backupoperator", GRANT, "BACKUP DATABASE", "BACKUP LOG", "CHECKPOINT"),
]
FIXED_SERVER_ENTRIES = [
    Entry(SERVER, 0, 0, SERVER_ROLES[role], name, GRANT)
    for role, names in {
        "public": ("VIEW ANY DATABASE", "CONNECT SQL"),
        "sysadmin": ("CONTROL SERVER",),
        "securityadmin": ("ALTER ANY LOGIN",),
        "serveradmin": ("ALTER SETTINGS", "ALTER SERVER STATE"),
        "processadmin": ("ALTER SERVER STATE",),
        "dbcreator": ("CREATE ANY DATABASE", "ALTER ANY DATABASE"),
    }.items()
    for name in names
]
