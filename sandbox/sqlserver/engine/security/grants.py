"""GRANT, DENY and REVOKE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.security import store
from sandbox.sqlserver.engine.security.functions import server_principals
from sandbox.sqlserver.engine.security.permissions import (
    COLUMN_PERMISSIONS,
    DATABASE,
    DENY,
    GRANT,
    OBJECT,
    PERMISSIONS,
    REVOKED,
    SCHEMA,
    SERVER,
    SERVER_PERMISSIONS,
    Entry,
    Securable,
)
from sandbox.sqlserver.engine.security.principals import (
    DATABASE_USERS,
    GUEST,
    PUBLIC,
    ROLE,
    SA,
    SERVER_PUBLIC,
    Principal,
)
from sandbox.sqlserver.engine.security.system_objects import find_object
from sandbox.sqlserver.engine.security.writing import begin, cannot, reload
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_STATES = {"GRANT": GRANT, "DENY": DENY, "REVOKE": REVOKED}
_LONGEST_NAME = 5
"""Words, of a permission's name."""


@dataclass(frozen=True)
class _On:
    """What a statement grants on."""

    class_: int
    major_id: int
    database: str
    securable: Securable
    table: TableDef | None = None
    """Of an object."""
    text: str = ""
    """The kind and the name, for messages."""


def run_grant(session: Session, text: str) -> None:
    """Run a GRANT, DENY or REVOKE.

    Raises:
        SqlServerError: 15151 no such securable or principal, or no right to grant on it; 4606 the permission
            is none of the securable; 4617, 4624 principals whose permissions never change; 4621 a permission
            of the server, outside of master.
    """
    parser = DdlParser(text)
    verb = parser.take("GRANT", "DENY", "REVOKE").key
    if verb == "REVOKE" and parser.accept("GRANT", "OPTION", "FOR"):
        raise not_modelled("REVOKE GRANT OPTION FOR")
    permissions = _permissions(parser)
    named = _named_securable(parser)
    parser.take("TO", "FROM")
    grantees = [parser.name()]
    while parser.accept(","):
        grantees.append(parser.name())
    if parser.accept("WITH", "GRANT", "OPTION"):
        raise not_modelled("WITH GRANT OPTION")
    parser.accept("CASCADE")
    if parser.accept("AS"):
        raise not_modelled(f"{verb} … AS")
    if not parser.is_at_end:
        raise parser.error()
    on = _securable(session, named, permissions)
    _require_control(session, on)
    work = begin(session, on.database)
    for grantee in grantees:
        principal = _grantee(session, on, grantee)
        for permission, columns in _each(on, permissions, named):
            for minor in _minors(on, permission, columns):
                entry = Entry(
                    on.class_, on.major_id, minor, principal.principal_id, permission, _STATES[verb]
                )
                is_kept = verb != "REVOKE" or _is_exception(session, on, entry)
                store.set_permission(work, on.database, entry, is_kept=is_kept)
    reload(session, on.database)


@dataclass(frozen=True)
class _Named:
    """`class::name (columns)` as written; no class and no name for the database or the server."""

    class_: str = ""
    parts: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def _permissions(parser: DdlParser) -> list[tuple[str, tuple[str, ...]]]:
    """Names of permissions, each with the columns that are written behind it."""
    found: list[tuple[str, tuple[str, ...]]] = []
    while True:
        words = [parser.take().key]
        while parser.key() not in (",", "(", "ON", "TO", "FROM") and len(words) <= _LONGEST_NAME:
            words.append(parser.take().key)
        name = {"EXEC": "EXECUTE"}.get(" ".join(words), " ".join(words))
        if name in ("ALL", "ALL PRIVILEGES"):
            raise not_modelled("ALL permissions (deprecated)")
        if not any(name in known for known in PERMISSIONS.values()):
            raise SqlServerError(
                102,
                f"Incorrect syntax near '{words[0]}': no permission that the stand-in knows.",
                severity=15,
            )
        columns = tuple(parser.names()) if parser.key() == "(" else ()
        found.append((name, columns))
        if not parser.accept(","):
            return found


def _named_securable(parser: DdlParser) -> _Named:
    if not parser.accept("ON"):
        return _Named()
    class_ = "OBJECT"
    if parser.key(1) == ":":
        class_ = parser.take().key
        parser.take(":")
        parser.take(":")
    parts = parser.qualified_name()
    columns = tuple(parser.names()) if parser.key() == "(" else ()
    return _Named(class_, parts, columns)


def _securable(session: Session, named: _Named, permissions: list[tuple[str, tuple[str, ...]]]) -> _On:
    if not named.parts:
        if all(name in SERVER_PERMISSIONS for name, _columns in permissions):
            if session.database.lower() != "master":
                raise SqlServerError(
                    4621,
                    "Permissions at the server scope can only be granted when the current database is master",
                )
            return _On(SERVER, 0, "master", Securable(), text="server")
        return _On(DATABASE, 0, session.database, Securable(), text=f"database '{session.database}'")
    if named.class_ == "DATABASE":
        if named.parts[-1].lower() != session.database.lower():
            raise cannot("find", "database", named.parts[-1])
        return _On(DATABASE, 0, session.database, Securable())
    if named.class_ == "SCHEMA":
        number = session.catalog(session.database).schemas.get(named.parts[-1].lower())
        if number is None:
            raise cannot("find", "schema", named.parts[-1])
        return _On(SCHEMA, number, session.database, Securable(schema_id=number))
    if named.class_ != "OBJECT":
        raise not_modelled(f"permissions on {named.class_}::")
    return _object(session, named)


def _object(session: Session, named: _Named) -> _On:
    if len(named.parts) > 2 and named.parts[-3].lower() != session.database.lower():
        raise SqlServerError(
            4610, "You can only grant or revoke permissions on objects in the current database."
        )
    schema = named.parts[-2] if len(named.parts) > 1 and named.parts[-2] else "dbo"
    table = find_object(session, session.database, schema, named.parts[-1])
    if table is None:
        raise cannot("find", "object", named.parts[-1])
    on = session.access(session.database).securable(table)
    return _On(OBJECT, table.object_id, session.database, on, table)


def _require_control(session: Session, on: _On) -> None:
    """Who may grant: CONTROL of the securable, or db_securityadmin in the database."""
    access = session.access(on.database)
    if on.class_ == SERVER:
        if not access.allows_on_server("CONTROL SERVER"):
            raise SqlServerError(4613, "Grantor does not have GRANT permission.")
        return
    if not access.allows("CONTROL", on.securable) and not access.is_security_admin:
        name = on.table.name if on.table is not None else on.database
        raise cannot("find", "object" if on.table is not None else "securable", name)


def _grantee(session: Session, on: _On, name: str) -> Principal:
    if on.class_ == SERVER:
        login = server_principals(session).named(name)
        if login is None:
            raise cannot("find", "login", name)
        if login.principal_id == SA or (login.kind == ROLE and login.principal_id != SERVER_PUBLIC):
            raise _special()
        return login
    user = session.catalog(on.database).security.principals.named(name)
    if user is None:
        raise cannot("find", "user", name)
    if user.is_fixed and user.principal_id not in (PUBLIC, GUEST):
        if user.principal_id in DATABASE_USERS.values():
            raise _untouchable()
        raise _special()
    if user.principal_id == session.access(on.database).user.principal_id:
        raise _untouchable()
    return user


def _untouchable() -> SqlServerError:
    return SqlServerError(
        4624,
        "Cannot grant, deny, or revoke permissions to sa, dbo, entity owner, information_schema, sys, "
        "or yourself.",
    )


def _special() -> SqlServerError:
    return SqlServerError(4617, "Cannot grant, deny or revoke permissions to or from special roles.")


def _each(
    on: _On, permissions: list[tuple[str, tuple[str, ...]]], named: _Named
) -> list[tuple[str, tuple[str, ...]]]:
    for name, _columns in permissions:
        if name not in PERMISSIONS[on.class_]:
            raise SqlServerError(4606, f"Granted or revoked privilege {name} is not compatible with object.")
    return [(name, columns or named.columns) for name, columns in permissions]


def _minors(on: _On, permission: str, columns: tuple[str, ...]) -> list[int]:
    """Column numbers, or 0 for the whole securable."""
    if not columns:
        return [0]
    if on.table is None or permission not in COLUMN_PERMISSIONS:
        raise SqlServerError(
            1020,
            "Sub-entity lists (such as column or security expressions) cannot be "
            "specified for entity-level permissions.",
            severity=15,
        )
    numbers = []
    for name in columns:
        column = on.table.column(name)
        if column is None:
            raise SqlServerError(1911, f"Column name '{name}' does not exist in the target table or view.")
        numbers.append(column.column_id)
    return numbers


def _is_exception(session: Session, on: _On, entry: Entry) -> bool:
    """REVOKE of a column, where the grantee has the permission on the whole table: the column is left out."""
    return bool(entry.minor_id) and any(
        known.class_ == OBJECT
        and (known.major_id, known.minor_id) == (entry.major_id, 0)
        and (known.grantee, known.permission) == (entry.grantee, entry.permission)
        for known in session.catalog(on.database).security.entries
    )
