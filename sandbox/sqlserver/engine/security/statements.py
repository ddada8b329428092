"""The security statements of DDL, by their words; GRANT, DENY and REVOKE are in `grants`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.engine.security import logins, users

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

Handler = Callable[["Session", DdlParser], None]
STATEMENTS: dict[str, list[tuple[tuple[str, ...], Handler]]] = {
    "CREATE": [
        (("LOGIN",), logins.create_login),
        (("USER",), users.create_user),
        (("ROLE",), users.create_role),
    ],
    "ALTER": [
        (("LOGIN",), logins.alter_login),
        (("SERVER", "ROLE"), logins.alter_server_role),
        (("USER",), users.alter_user),
        (("ROLE",), users.alter_role),
    ],
    "DROP": [
        (("LOGIN",), logins.drop_login),
        (("USER",), users.drop_user),
        (("ROLE",), users.drop_role),
    ],
    "TRUNCATE": [],
}
