"""Who there is: logins and server roles of the server; users and roles of a database."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

USER, ROLE = "S", "R"
"""`type` of the principals' catalog views: SQL login or user, and role."""
SA_SID = b"\x01"
SA, SERVER_PUBLIC, SYSADMIN = 1, 2, 3
PUBLIC, DBO, GUEST = 0, 1, 2
FIRST_LOGIN, FIRST_USER = 261, 5
SERVER_ROLES = {
    "public": SERVER_PUBLIC,
    "sysadmin": SYSADMIN,
    "securityadmin": 4,
    "serveradmin": 5,
    "setupadmin": 6,
    "processadmin": 7,
    "diskadmin": 8,
    "dbcreator": 9,
    "bulkadmin": 10,
}
DATABASE_ROLES = {
    "public": PUBLIC,
    "db_owner": 16384,
    "db_accessadmin": 16385,
    "db_securityadmin": 16386,
    "db_ddladmin": 16387,
    "db_backupoperator": 16389,
    "db_datareader": 16390,
    "db_datawriter": 16391,
    "db_denydatareader": 16392,
    "db_denydatawriter": 16393,
}
DB_OWNER = DATABASE_ROLES["db_owner"]
DATABASE_USERS = {"dbo": DBO, "guest": GUEST, "INFORMATION_SCHEMA": 3, "sys": 4}
_HASH_VERSION = b"\x02\x00"
_SALT_BYTES = 4


@dataclass(frozen=True)
class Principal:
    """A login, user or role. A user belongs to the login that has its `sid`."""

    principal_id: int
    name: str
    kind: str
    sid: bytes = b""
    created: datetime = field(default_factory=datetime.now)
    modified: datetime = field(default_factory=datetime.now)
    password_hash: bytes = b""
    """Of a login only."""
    is_disabled: bool = False
    default_database: str = "master"
    default_schema: str | None = None
    """Of a user only."""
    is_fixed: bool = False
    """Whether it is there in every server or database, and cannot be dropped."""


class Principals:
    """The principals of one server or one database, with their memberships."""

    def __init__(self, principals: Iterable[Principal], members: Iterable[tuple[int, int]]) -> None:
        self._by_id = {principal.principal_id: principal for principal in principals}
        self._by_name = {principal.name.lower(): principal for principal in self._by_id.values()}
        self.members = frozenset(members)
        """Pairs of (role, member)."""

    def named(self, name: str) -> Principal | None:
        """A principal by name, in any letter case."""
        return self._by_name.get(name.lower())

    def by_id(self, principal_id: int) -> Principal | None:
        """A principal by its id."""
        return self._by_id.get(principal_id)

    def with_sid(self, sid: bytes) -> Principal | None:
        """The login or user of that sid."""
        return next((p for p in self._by_id.values() if p.kind == USER and p.sid == sid), None)

    def next_id(self, first: int) -> int:
        """A free id for a login, user or role: fixed roles of a database lie above all others."""
        own = [number for number, principal in self._by_id.items() if not principal.is_fixed]
        return max([first - 1, *own]) + 1

    def roles_of(self, principal_id: int, public: int) -> frozenset[int]:
        """The principal, every role that it is a member of, directly or through roles, and public."""
        found = {principal_id, public}
        waiting = [principal_id]
        while waiting:
            member = waiting.pop()
            for role, of in self.members:
                if of == member and role not in found:
                    found.add(role)
                    waiting.append(role)
        return frozenset(found)


def fixed_server_principals() -> list[Principal]:
    """The server's fixed roles; `sa` is kept like any other login, for its password."""
    return [Principal(number, name, ROLE, is_fixed=True) for name, number in SERVER_ROLES.items()]


def fixed_database_principals(owner_sid: bytes) -> list[Principal]:
    """Users and roles that every database has; `dbo` is the user of the database's owner."""
    dbo = Principal(DBO, "dbo", USER, owner_sid, default_schema="dbo", is_fixed=True)
    others = {number: (name, USER) for name, number in DATABASE_USERS.items() if number != DBO}
    others |= {number: (name, ROLE) for name, number in DATABASE_ROLES.items()}
    return [dbo, *(Principal(number, *named, is_fixed=True) for number, named in others.items())]


def new_sid() -> bytes:
    """A sid that no other login has."""
    return secrets.token_bytes(16)


def hash_password(password: str) -> bytes:
    """A password as SQL Server 2012 to 2022 keep it: version, salt, SHA-512 of UTF-16 text and salt."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return _HASH_VERSION + salt + _digest(password, salt)


def is_password(password: str, stored: bytes) -> bool:
    """Whether a password is the one that was hashed."""
    salt = stored[len(_HASH_VERSION) : len(_HASH_VERSION) + _SALT_BYTES]
    return hmac.compare_digest(_HASH_VERSION + salt + _digest(password, salt), stored)


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.sha512(password.encode("utf-16-le") + salt).digest()
