"""CREATE, ALTER and DROP LOGIN, and ALTER SERVER ROLE."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.engine.security import store
from sandbox.sqlserver.engine.security.access import not_permitted
from sandbox.sqlserver.engine.security.functions import server_principals
from sandbox.sqlserver.engine.security.principals import (
    FIRST_LOGIN,
    ROLE,
    SA,
    SERVER_PUBLIC,
    SYSADMIN,
    USER,
    Principal,
    hash_password,
    new_sid,
)
from sandbox.sqlserver.engine.security.writing import begin, cannot, reload
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_IGNORED = ("CHECK_POLICY", "CHECK_EXPIRATION", "DEFAULT_LANGUAGE")
"""Options without an effect here: password policy and languages are not modelled."""


def create_login(session: Session, parser: DdlParser) -> None:
    """CREATE LOGIN name WITH PASSWORD = '…' [HASHED] [, SID = 0x…] [, DEFAULT_DATABASE = name …].

    Raises:
        SqlServerError: 15247 no permission, 15025 it exists.
    """
    name = parser.name()
    if parser.accept("FROM"):
        raise not_modelled("CREATE LOGIN … FROM (logins of Windows, certificates and Entra)")
    parser.take("WITH")
    new = _with_options(parser, Principal(0, name, USER, new_sid()))
    _require_alter_any_login(session)
    known = server_principals(session)
    if known.named(name) is not None:
        raise SqlServerError(15025, f"The server principal '{name}' already exists.")
    if not new.password_hash:
        raise parser.error()
    work = begin(session, "master")
    store.save_login(work, replace(new, principal_id=known.next_id(FIRST_LOGIN)))
    reload(session, "master")


def alter_login(session: Session, parser: DdlParser) -> None:
    """ALTER LOGIN name ENABLE, DISABLE or WITH options. Raises SqlServerError 15151."""
    name = parser.name()
    login = server_principals(session).named(name)
    access = session.access("master")
    if login is None or login.kind != USER or not access.allows_on_server("ALTER ANY LOGIN"):
        raise cannot("alter", "login", name)
    _protect_sysadmin(session, login, "alter")
    if parser.accept("ENABLE"):
        changed = replace(login, is_disabled=False)
    elif parser.accept("DISABLE"):
        changed = replace(login, is_disabled=True)
    else:
        parser.take("WITH")
        changed = _with_options(parser, login)
    if changed.name.lower() != login.name.lower() and server_principals(session).named(changed.name):
        raise SqlServerError(15025, f"The server principal '{changed.name}' already exists.")
    store.save_login(begin(session, "master"), replace(changed, modified=datetime.now()))
    reload(session, "master")


def drop_login(session: Session, parser: DdlParser) -> None:
    """DROP LOGIN name. Raises SqlServerError 15151, 15150 (sa), 15174 (it owns a database), 15434."""
    name = parser.name()
    login = server_principals(session).named(name)
    if (
        login is None
        or login.kind != USER
        or not session.access("master").allows_on_server("ALTER ANY LOGIN")
    ):
        raise cannot("drop", "login", name)
    if login.principal_id == SA:
        raise SqlServerError(15150, f"Cannot drop the login '{name}'.")
    _protect_sysadmin(session, login, "drop")
    if session.server.is_logged_in(login.name):
        raise SqlServerError(
            15434, f"Could not drop login '{login.name}' as the user is currently logged in."
        )
    for database in session.server.database_names():
        dbo = session.catalog(database).security.principals.named("dbo")
        if dbo is not None and dbo.sid == login.sid:
            raise SqlServerError(
                15174,
                f"Login '{login.name}' owns one or more database(s). Change the owner of the database(s) "
                "before dropping the login.",
            )
    store.forget_login(begin(session, "master"), login)
    reload(session, "master")


def alter_server_role(session: Session, parser: DdlParser) -> None:
    """ALTER SERVER ROLE role ADD MEMBER or DROP MEMBER login."""
    role = parser.name()
    is_added = parser.take("ADD", "DROP").key == "ADD"
    parser.take("MEMBER")
    set_server_role(session, role, parser.name(), is_member=is_added)


def set_server_role(session: Session, role_name: str, login_name: str, *, is_member: bool) -> None:
    """Add a login to a server role or take it out. Raises SqlServerError 15151."""
    known = server_principals(session)
    role, login = known.named(role_name), known.named(login_name)
    access = session.access("master")
    may = access.is_sysadmin or (role is not None and role.principal_id in access.server_identities)
    if role is None or role.kind != ROLE or role.principal_id == SERVER_PUBLIC or not may:
        raise cannot("alter", "server role", role_name)
    if login is None or login.kind != USER:
        raise cannot("add" if is_member else "drop", "principal", login_name)
    work = begin(session, "master")
    table = "master.catalog.server_role_members"
    store.set_member(work, table, role.principal_id, login.principal_id, is_member=is_member)
    reload(session, "master")


def _require_alter_any_login(session: Session) -> None:
    if not session.access("master").allows_on_server("ALTER ANY LOGIN"):
        raise not_permitted()


def _protect_sysadmin(session: Session, login: Principal, verb: str) -> None:
    """A login of sysadmin is for sysadmin alone: else ALTER ANY LOGIN would be as much as sysadmin."""
    roles = server_principals(session).roles_of(login.principal_id, SERVER_PUBLIC)
    if SYSADMIN in roles and not session.access("master").is_sysadmin:
        raise cannot(verb, "login", login.name)


def _with_options(parser: DdlParser, login: Principal) -> Principal:
    while True:
        option = parser.take().key
        parser.take("=")
        if option == "PASSWORD":
            login = _with_password(parser, login)
        elif option == "SID":
            login = replace(login, sid=bytes.fromhex(parser.take().text[2:]))
        elif option == "DEFAULT_DATABASE":
            login = replace(login, default_database=parser.name())
        elif option == "NAME":
            login = replace(login, name=parser.name())
        elif option in _IGNORED:
            parser.take()
        else:
            raise not_modelled(f"the option {option} of a login")
        if not parser.accept(","):
            break
    if not parser.is_at_end:
        raise parser.error()
    return login


def _with_password(parser: DdlParser, login: Principal) -> Principal:
    token = parser.take()
    if token.kind == "hex":
        hashed = bytes.fromhex(token.text[2:])
        parser.take("HASHED")
    elif token.kind == "string":
        hashed = hash_password(token.text.lstrip("Nn")[1:-1].replace("''", "'"))
    else:
        raise parser.error()
    for word in ("MUST_CHANGE", "UNLOCK"):
        if parser.accept(word) and word == "MUST_CHANGE":
            raise not_modelled("MUST_CHANGE of a password")
    return replace(login, password_hash=hashed)
