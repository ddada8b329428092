"""What SQL Server's errors say to people: one line that names the object and the remedy, whichever driver."""

from __future__ import annotations

import re

from deployments.messages import without_values
from deployments.quoting import tsql_name
from flows.ingest.errors import SourceError, TableError

DEADLOCK = 1205
NO_PERMISSION = 229
DEADLOCK_ATTEMPTS = 5
OF_ONE_TABLE = {207, 208, 229, 230}
"""Errors that say something of one table only."""

ALTERED_MEANWHILE = "the table was altered while it was read: run again"

REMEDIES = {
    207: ALTERED_MEANWHILE,
    208: "it does not exist, or was dropped meanwhile: run again, or check the capture instance",
    229: "the login may not read it: grant SELECT on the captured tables and on the schema cdc",
    230: "the login may not read the column: GRANT SELECT on the table, without a list of columns, to it",
    916: "the login may not enter the database: CREATE USER … FOR LOGIN … there",
    3952: "SNAPSHOT isolation was switched off while the run was going on: run again",
}
OTHER_REMEDY = "check that SQL Server runs and is reachable, then run again"


class DeadlockError(SourceError):
    """SQL Server chose this session as the victim of a deadlock; the same read may be tried again."""


def refused(number: int, message: str, table: str) -> SourceError:
    """SQL Server refused a statement that read `table` (empty for none) with an error's number and text."""
    if number == DEADLOCK:
        return DeadlockError(f"{_where(table)}: deadlock victim {DEADLOCK_ATTEMPTS} times: run again.")
    remedy = _grant(message) if number == NO_PERMISSION else None
    remedy = remedy or REMEDIES.get(number, OTHER_REMEDY)
    first_line = without_values(message.strip().partition("\n")[0].rstrip(".")) or "no message"
    kind = TableError if table and number in OF_ONE_TABLE else SourceError
    return kind(f"{_where(table)}: {first_line} (error {number}): {remedy}.")


def retyped(table: str) -> TableError:
    """A value is not of the type that its column had when the table was discovered; it is not shown."""
    return TableError(f"{_where(table)}: a column has another type than before: {ALTERED_MEANWHILE}.")


def connection_lost(table: str) -> SourceError:
    """The server or the network went away in the middle."""
    return SourceError(f"{_where(table)}: the connection was lost: {OTHER_REMEDY}.")


def timed_out(table: str) -> SourceError:
    """The server did not answer in time."""
    return SourceError(
        f"{_where(table)}: no answer within SQLSERVER_QUERY_TIMEOUT_SECONDS: raise it, or read less at a "
        "time (chunk_rows, max_transactions_per_window)."
    )


def _where(table: str) -> str:
    return f"SQL Server, while reading {table}" if table else "SQL Server"


def _grant(message: str) -> str | None:
    """The statement that gives what error 229 says is missing; None where its text is another."""
    told = re.search(
        r"The (\w+) permission was denied on the object '(.+?)', database '.+', schema '(.+)'", message
    )
    if told is None:
        return None
    permission, name, schema = told.groups()
    if schema == "cdc":
        return f"GRANT {permission} ON SCHEMA::cdc to the login"
    return f"GRANT {permission} ON {tsql_name(schema, name)} to the login"
