"""What a database and msdb need before CDC is switched on."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.functions import create_system_functions, drop_system_functions
from sandbox.sqlserver.cdc.msdb import create_msdb_tables
from sandbox.sqlserver.cdc.tables import create_log, is_cdc_enabled


def install(connection: DuckDBPyConnection, database: str) -> None:
    """Prepare an attached database for CDC, at its creation and at every start of the server.

    Makes what is missing in its schemas `log` and `sys` and in msdb (which must be attached), and empties
    what the dynamic management views show of the previous run.
    """
    create_msdb_tables(connection)
    create_log(connection, database)
    if is_cdc_enabled(connection, database):
        create_system_functions(connection, database)
    else:
        drop_system_functions(connection, database)
