"""`sp_configure` with the one server option that concerns CDC: `max text repl size (B)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.errors import text
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.types import FIXED
from sandbox.sqlserver.results import Message, Result, SqlServerError, SqlType

OPTION = "max text repl size (B)"
NO_LIMIT = -1


def max_text_repl_size(connection: DuckDBPyConnection) -> int:
    """Bytes that a LOB written to a captured table may have; -1 means no limit."""
    row = connection.cursor().execute("SELECT value FROM msdb.log.configuration").fetchone()
    return int(row[0]) if row else NO_LIMIT


@procedure(
    "sys.sp_configure",
    ProcedureParameter("configname", SqlType("varchar", length=35), None),
    ProcedureParameter("configvalue", FIXED["int"], None),
)
def configure(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Set the option. It is in use at once; RECONFIGURE has nothing left to do."""
    if not context.allows_on_server("ALTER SETTINGS"):
        raise SqlServerError(15247, "User does not have permission to perform this action.")
    wanted, value = str(arguments["configname"] or ""), arguments["configvalue"]
    if not wanted or not OPTION.startswith(wanted.lower()) or value is None:
        raise SqlServerError(
            40517,
            f"not modelled by the stand-in: sp_configure other than setting '{OPTION}' (got '{wanted}')",
        )
    old = max_text_repl_size(context.connection)
    context.connection.cursor().execute("UPDATE msdb.log.configuration SET value = ?", [int(value)])
    yield Message(15457, text(15457, OPTION, str(old), str(value)))
