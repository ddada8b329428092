"""Permissions on what is no object of the catalog: tables of msdb, and dynamic management views."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.security.access import Access
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_OF_PUBLIC = {
    "restorehistory",
    "restorefile",
    "backupset",
    "backupmediafamily",
    "backupmediaset",
    "backupfile",
}
"""Tables of msdb that everybody may read; those of the Agent's jobs are for who was granted them."""
_OF_THE_SERVER = ("dm_server_", "dm_os_", "dm_exec_")


def system_object(schema: str, name: str) -> TableDef:
    """A table of msdb as something to grant on; its id follows from its name."""
    number = -1 - zlib.crc32(f"{schema}.{name}".lower().encode()) % 1_000_000_000
    return TableDef(number, schema, name, ())


def require_system_read(access: Access, schema: str, name: str) -> None:
    """Check a read of a table of msdb or of a system view.

    Raises:
        SqlServerError: 229, 262 for a view of the database's state, 300 for one of the server's.
    """
    plain = name.lower()
    if schema.lower() == "sys" and plain.startswith(_OF_THE_SERVER):
        if not access.allows_on_server("VIEW SERVER STATE"):
            raise SqlServerError(
                300,
                "VIEW SERVER STATE permission was denied on object 'server', database 'master'.",
                severity=14,
            )
    elif schema.lower() == "sys" and plain.startswith("dm_"):
        access.require_on_database("VIEW DATABASE PERFORMANCE STATE")
    elif schema.lower() == "dbo" and plain not in _OF_PUBLIC:
        access.require("SELECT", system_object(schema, name))


def find_object(session: Session, database: str, schema: str, name: str) -> TableDef | None:
    """A table, view or function to grant on: of the catalog, or a table of msdb."""
    catalog = session.catalog(database)
    found = catalog.find(schema, name)
    if found is not None or schema.lower() != "dbo":
        return found
    row = session.connection.execute(
        "SELECT 1 FROM information_schema.tables WHERE lower(table_catalog) = lower(?) "
        "AND table_schema = 'dbo' AND lower(table_name) = lower(?)",
        [catalog.database, name],
    ).fetchone()
    return None if row is None else system_object(schema, name)
