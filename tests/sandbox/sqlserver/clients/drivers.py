"""The two Python drivers that judge the stand-in, opened alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mssql_python
import pymssql

from sandbox.process import Service

Connect = Callable[[Service, str], Any]
"""A service and a login give a DB-API connection, autocommit on, through TLS."""


def with_pymssql(service: Service, user: str = "sa", database: str = "shellcorp") -> Any:
    """FreeTDS."""
    return pymssql.connect(
        server="127.0.0.1",
        port=str(service.port),
        user=user,
        password=service.password(user),
        database=database,
        encryption="require",
        tds_version="7.4",
        charset="UTF-8",
        login_timeout=10,
        timeout=30,
        autocommit=True,
    )


def with_mssql_python(service: Service, user: str = "sa", database: str = "shellcorp") -> Any:
    """Microsoft's ODBC driver 18, whose default is to encrypt."""
    return mssql_python.connect(
        f"Server=127.0.0.1,{service.port};Database={database};UID={user};PWD={service.password(user)};"
        "TrustServerCertificate=yes;",
        autocommit=True,
        timeout=30,
    )


BOTH: dict[str, Connect] = {"pymssql": with_pymssql, "mssql-python": with_mssql_python}
