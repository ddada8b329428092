"""Functions about principals and permissions: IS_MEMBER, HAS_PERMS_BY_NAME, SUSER_SNAME and alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.names import name_parts
from sandbox.sqlserver.engine.security.permissions import (
    DATABASE_PERMISSIONS,
    OBJECT_PERMISSIONS,
    SERVER_PERMISSIONS,
    Securable,
)
from sandbox.sqlserver.engine.security.principals import ROLE, Principal, Principals
from sandbox.sqlserver.engine.types import INT, SYSNAME
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

Answer = tuple[Any, SqlType]
_SID = SqlType("varbinary", length=85)


def visible_object(session: Session, database: str, table: TableDef | None) -> TableDef | None:
    """The object, or None where the login may not know of it."""
    return table if table is not None and session.access(database).sees(table) else None


def server_principals(session: Session) -> Principals:
    """The server's logins and roles, as the session sees them."""
    server = session.catalog("master").server
    if server is None:
        raise LookupError("master has no logins")
    return server.principals


def _is_rolemember(session: Session, values: list[Any]) -> Answer:
    """1, 0, or NULL where there is no such role or user."""
    access = session.access(session.database)
    principals = session.catalog(session.database).security.principals
    role = principals.named(str(values[0]))
    if role is None or role.kind != ROLE:
        return None, INT
    if len(values) > 1 and values[1] is not None:
        user = principals.named(str(values[1]))
        return (
            None if user is None else int(role.principal_id in principals.roles_of(user.principal_id, 0))
        ), INT
    return int(access.is_member(role)), INT


def _is_srvrolemember(session: Session, values: list[Any]) -> Answer:
    principals = server_principals(session)
    role = principals.named(str(values[0]))
    if role is None or role.kind != ROLE:
        return None, INT
    login: Principal | None = session.access(session.database).login
    if len(values) > 1 and values[1] is not None:
        login = principals.named(str(values[1]))
    if login is None:
        return None, INT
    return int(role.principal_id in principals.roles_of(login.principal_id, 2)), INT


def _has_perms(session: Session, values: list[Any]) -> Answer:
    """HAS_PERMS_BY_NAME(securable, class, permission [, column, 'COLUMN'])."""
    name, class_, permission = (None if v is None else str(v) for v in values[:3])
    kind = (class_ or "SERVER").upper()
    wanted = (permission or "").upper()
    column = str(values[3]) if len(values) > 3 and values[3] is not None else None
    if kind == "SERVER":
        if wanted == "ANY":
            return 1, INT
        return (
            int(session.access("master").allows_on_server(wanted)) if wanted in SERVER_PERMISSIONS else None
        ), INT
    if kind == "DATABASE":
        return _on_database(session, name, wanted), INT
    if kind == "SCHEMA":
        number = session.catalog(session.database).schemas.get((name or "").lower())
        on = Securable(schema_id=number)
        return (_any(session, on, wanted) if number is not None else None), INT
    if kind != "OBJECT":
        raise not_modelled(f"HAS_PERMS_BY_NAME of class {kind}")
    return _on_object(session, name or "", wanted, column), INT


def _on_database(session: Session, name: str | None, wanted: str) -> int | None:
    database = session.database if name is None else ".".join(name_parts(name))
    if wanted not in (*DATABASE_PERMISSIONS, "ANY") or not session.server.has_database(database):
        return None
    try:
        access = session.access(database)
    except SqlServerError:  # 916: no way into it
        return 0
    return int(wanted == "ANY" or access.allows(wanted))


def _any(session: Session, on: Securable, wanted: str) -> int | None:
    access = session.access(session.database)
    if wanted == "ANY":
        return int(any(access.allows(permission, on) for permission in OBJECT_PERMISSIONS))
    return int(access.allows(wanted, on)) if wanted in OBJECT_PERMISSIONS else None


def _on_object(session: Session, name: str, wanted: str, column: str | None) -> int | None:
    parts = name_parts(name)
    if not parts:
        return None
    database = parts[-3] if len(parts) > 2 else session.database
    table = session.catalog(database).find(parts[-2] if len(parts) > 1 else "dbo", parts[-1])
    if visible_object(session, database, table) is None or table is None:
        return None
    access = session.access(database)
    if wanted == "ANY":
        return 1
    if wanted not in OBJECT_PERMISSIONS:
        return None
    found = table.column(column) if column is not None else None
    if column is not None and found is None:
        return None
    return int(access.allows(wanted, access.securable(table), found.column_id if found else 0))


def _suser_sname(session: Session, values: list[Any]) -> Answer:
    if not values:
        return session.login, SYSNAME
    login = server_principals(session).with_sid(bytes(values[0])) if values[0] is not None else None
    return (login.name if login else None), SYSNAME


def _suser_sid(session: Session, values: list[Any]) -> Answer:
    login = server_principals(session).named(str(values[0]) if values else session.login)
    return (login.sid if login else None), _SID


def _suser_id(session: Session, values: list[Any]) -> Answer:
    login = server_principals(session).named(str(values[0]) if values else session.login)
    return (login.principal_id if login else None), INT


def _user_name(session: Session, values: list[Any]) -> Answer:
    if not values:
        return session.user, SYSNAME
    known = session.catalog(session.database).security.principals
    found = known.by_id(int(values[0])) if values[0] is not None else None
    return (found.name if found else None), SYSNAME


def _principal_id(session: Session, values: list[Any]) -> Answer:
    known = session.catalog(session.database).security.principals
    found = known.named(str(values[0]) if values else session.user)
    return (found.principal_id if found else None), INT


def _has_dbaccess(session: Session, values: list[Any]) -> Answer:
    if not session.server.has_database(str(values[0])):
        return None, INT
    return _on_database(session, str(values[0]), "CONNECT"), INT


FUNCTIONS: dict[str, Callable[[Session, list[Any]], Answer]] = {
    "IS_ROLEMEMBER": _is_rolemember,
    "IS_MEMBER": lambda session, values: _is_rolemember(session, values[:1]),
    "IS_SRVROLEMEMBER": _is_srvrolemember,
    "HAS_PERMS_BY_NAME": _has_perms,
    "HAS_DBACCESS": _has_dbaccess,
    "SUSER_SNAME": _suser_sname,
    "SUSER_NAME": lambda session, _values: (session.login, SYSNAME),
    "SUSER_SID": _suser_sid,
    "SUSER_ID": _suser_id,
    "ORIGINAL_LOGIN": lambda session, _values: (session.login, SYSNAME),
    "SYSTEM_USER": lambda session, _values: (session.login, SYSNAME),
    "USER_NAME": _user_name,
    "CURRENT_USER": lambda session, _values: (session.user, SYSNAME),
    "SESSION_USER": lambda session, _values: (session.user, SYSNAME),
    "USER": lambda session, _values: (session.user, SYSNAME),
    "USER_ID": _principal_id,
    "DATABASE_PRINCIPAL_ID": _principal_id,
}
