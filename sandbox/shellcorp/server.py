"""Where Shellcorp's database is, and sessions on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pymssql

LOGIN_TIMEOUT_SECONDS = 15
QUERY_TIMEOUT_SECONDS = 300
DB_LIBRARY_ERRORS = range(20000, 20100)
"""Numbers that FreeTDS gives to its own errors: the server did not answer. The server's own lie elsewhere."""


class ServerUnreachable(Exception):  # noqa: N818 - reads as what happened
    """No session could be opened; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """Address and login of Shellcorp's SQL Server."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)

    def connect(self, application: str, *, autocommit: bool = False) -> pymssql.Connection:
        """Open a session.

        Raises:
            ServerUnreachable: not reachable, wrong login, or no such database.
        """
        try:
            return pymssql.connect(
                server=self.host,
                port=str(self.port),
                user=self.user,
                password=self.password,
                database=self.database,
                appname=application,
                login_timeout=LOGIN_TIMEOUT_SECONDS,
                timeout=QUERY_TIMEOUT_SECONDS,
                encryption="request",
                tds_version="7.4",
                charset="UTF-8",
                autocommit=autocommit,
            )
        except (pymssql.OperationalError, pymssql.InterfaceError) as error:
            remedy = {
                18456: f"the login of {self.user} failed: check SHELLCORP_USER and SHELLCORP_PASSWORD",
                4060: "the database cannot be opened: check SHELLCORP_DATABASE",
            }.get(
                error_number(error),
                "not reachable: check SHELLCORP_HOST and SHELLCORP_PORT, and that it runs",
            )
            raise ServerUnreachable(
                f"SQL Server {self.host}:{self.port}, database {self.database}: {remedy}."
            ) from None


def error_number(error: pymssql.Error) -> int:
    """The number of a server's or DB-Library's error, 0 when it has none."""
    first: Any = error.args[0] if error.args else 0
    if isinstance(first, tuple):
        first = first[0]
    if isinstance(first, str):  # of a failed COMMIT pymssql tells the number in the text only
        told = re.search(r"transaction: \((\d+), ", first)
        first = int(told[1]) if told else 0
    return first if isinstance(first, int) else 0


def is_connection_lost(error: pymssql.Error) -> bool:
    """True when the session is gone, as opposed to an error that the server answered."""
    return isinstance(error, pymssql.InterfaceError) or error_number(error) in DB_LIBRARY_ERRORS
