"""CREATE, ALTER and DROP USER and ROLE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.bound import not_modelled, quote
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.engine.security import store
from sandbox.sqlserver.engine.security.access import not_permitted
from sandbox.sqlserver.engine.security.functions import server_principals
from sandbox.sqlserver.engine.security.permissions import DATABASE, GRANT, Entry
from sandbox.sqlserver.engine.security.principals import (
    DATABASE_ROLES,
    DBO,
    FIRST_USER,
    PUBLIC,
    ROLE,
    USER,
    Principal,
    Principals,
)
from sandbox.sqlserver.engine.security.writing import begin, cannot, reload
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session


def create_user(session: Session, parser: DdlParser) -> None:
    """CREATE USER name [FOR LOGIN login | WITHOUT LOGIN] [WITH DEFAULT_SCHEMA = schema].

    Raises:
        SqlServerError: 15247 no permission, 15007 no such login, 15023 the name is taken, 15063 the login has
            a user.
    """
    name = parser.name()
    login_name: str | None = name
    if parser.accept("FOR") or parser.accept("FROM"):
        parser.take("LOGIN")
        login_name = parser.name()
    elif parser.accept("WITHOUT", "LOGIN"):
        login_name = None
    default_schema = _default_schema(parser)
    if not session.access(session.database).allows("ALTER ANY USER"):
        raise not_permitted()
    known = _principals(session)
    _check_new(known, name)
    sid = b"" if login_name is None else _sid_of_login(session, known, login_name)
    user = Principal(known.next_id(FIRST_USER), name, USER, sid, default_schema=default_schema)
    work = begin(session, session.database)
    store.save_principal(work, session.database, user)
    connect = Entry(DATABASE, 0, 0, user.principal_id, "CONNECT", GRANT)
    store.set_permission(work, session.database, connect, is_kept=True)
    reload(session, session.database)


def alter_user(session: Session, parser: DdlParser) -> None:
    """ALTER USER name WITH LOGIN = login or DEFAULT_SCHEMA = schema. Raises SqlServerError 15151."""
    name = parser.name()
    user = _principals(session).named(name)
    may = session.access(session.database).allows("ALTER ANY USER")
    if user is None or user.kind != USER or user.is_fixed or not may:
        raise cannot("alter", "user", name)
    parser.take("WITH")
    option = parser.take("LOGIN", "DEFAULT_SCHEMA").key
    parser.take("=")
    value = parser.name()
    work = begin(session, session.database)
    table = f"{quote(session.database)}.catalog.principals"
    if option == "LOGIN":
        sid = _sid_of_login(session, _principals(session), value)
        work.execute(f"UPDATE {table} SET sid = ? WHERE principal_id = ?", [sid, user.principal_id])
    else:
        work.execute(
            f"UPDATE {table} SET default_schema = ? WHERE principal_id = ?",
            [_only_dbo(value), user.principal_id],
        )
    reload(session, session.database)


def drop_user(session: Session, parser: DdlParser) -> None:
    """DROP USER [IF EXISTS] name. Raises SqlServerError 15151, 15150 (dbo, guest)."""
    _drop(session, parser, USER)


def create_role(session: Session, parser: DdlParser) -> None:
    """CREATE ROLE name [AUTHORIZATION dbo]. Raises SqlServerError 15247, 15023."""
    name = parser.name()
    if parser.accept("AUTHORIZATION") and parser.name().lower() != "dbo":
        raise not_modelled("CREATE ROLE … AUTHORIZATION of another owner than dbo")
    if not session.access(session.database).allows("CREATE ROLE"):
        raise not_permitted()
    known = _principals(session)
    _check_new(known, name)
    role = Principal(known.next_id(FIRST_USER), name, ROLE)
    store.save_principal(begin(session, session.database), session.database, role)
    reload(session, session.database)


def alter_role(session: Session, parser: DdlParser) -> None:
    """ALTER ROLE role ADD MEMBER or DROP MEMBER principal."""
    role = parser.name()
    if parser.key() == "WITH":
        raise not_modelled("ALTER ROLE … WITH NAME")
    is_added = parser.take("ADD", "DROP").key == "ADD"
    parser.take("MEMBER")
    set_role(session, role, parser.name(), is_member=is_added)


def set_role(session: Session, role_name: str, member_name: str, *, is_member: bool) -> None:
    """Add a user or role to a role, or take it out. Raises SqlServerError 15151, 15413, 15405."""
    known = _principals(session)
    role, member = known.named(role_name), known.named(member_name)
    if role is None or role.kind != ROLE or not _may_alter_role(session, role):
        raise cannot("alter", "role", role_name)
    if member is None or member.principal_id == PUBLIC or (member.is_fixed and member.kind == ROLE):
        raise cannot("add" if is_member else "drop", "principal", member_name)
    if member.principal_id == DBO:
        raise SqlServerError(15405, "Cannot use the special principal 'dbo'.")
    if is_member and member.principal_id in known.roles_of(role.principal_id, PUBLIC):
        raise SqlServerError(15413, "Cannot make a role a member of itself.")
    work = begin(session, session.database)
    table = f"{quote(session.database)}.catalog.role_members"
    store.set_member(work, table, role.principal_id, member.principal_id, is_member=is_member)
    reload(session, session.database)


def drop_role(session: Session, parser: DdlParser) -> None:
    """DROP ROLE [IF EXISTS] name. Raises SqlServerError 15151, 15150 (fixed), 15144 (it has members)."""
    _drop(session, parser, ROLE)


def _drop(session: Session, parser: DdlParser, kind: str) -> None:
    word = "user" if kind == USER else "role"
    lenient = parser.accept("IF", "EXISTS")
    name = parser.name()
    known = _principals(session)
    found = known.named(name)
    if found is None and lenient:
        return
    may = session.access(session.database).allows("ALTER ANY USER" if kind == USER else "ALTER ANY ROLE")
    if found is None or found.kind != kind or not may:
        raise cannot("drop", word, name)
    if found.is_fixed:
        raise SqlServerError(15150, f"Cannot drop the {word} '{name}'.")
    if any(role == found.principal_id for role, _member in known.members):
        raise SqlServerError(15144, "The role has members. It must be empty before it can be dropped.")
    store.forget_principal(begin(session, session.database), session.database, found)
    reload(session, session.database)


def _may_alter_role(session: Session, role: Principal) -> bool:
    """Members of fixed roles are for db_owner; of others for ALTER ANY ROLE. Nobody changes public."""
    access = session.access(session.database)
    if role.principal_id == PUBLIC:
        return False
    if role.principal_id in DATABASE_ROLES.values():
        return access.is_db_owner
    return access.allows("ALTER ANY ROLE")


def _principals(session: Session) -> Principals:
    return session.catalog(session.database).security.principals


def _check_new(known: Principals, name: str) -> None:
    if known.named(name) is not None:
        raise SqlServerError(15023, f"User, group, or role '{name}' already exists in the current database.")


def _sid_of_login(session: Session, known: Principals, name: str) -> bytes:
    login = server_principals(session).named(name)
    if login is None or login.kind != USER:
        raise SqlServerError(15007, f"'{name}' is not a valid login or you do not have permission.")
    if known.with_sid(login.sid) is not None:
        raise SqlServerError(15063, "The login already has an account under a different user name.")
    return login.sid


def _default_schema(parser: DdlParser) -> str | None:
    if parser.is_at_end:
        return None
    parser.take("WITH")
    if parser.key() != "DEFAULT_SCHEMA":
        raise not_modelled(f"CREATE USER … WITH {parser.key()}")
    parser.take("DEFAULT_SCHEMA")
    parser.take("=")
    return _only_dbo(parser.name())


def _only_dbo(schema: str) -> str:
    """Names without a schema are looked up in dbo."""
    if schema.lower() != "dbo":
        raise not_modelled(f"the default schema {schema}: names without a schema mean dbo")
    return schema
