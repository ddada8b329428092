"""Snowflake as Great Expectations' datasource: through snowflake-sqlalchemy, reading only."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.datasource.fluent.interfaces import TestConnectionError
from great_expectations.datasource.fluent.snowflake_datasource import SnowflakeDatasource
from sqlalchemy import Engine, event

from deployments.connections import ConnectionFailed, snowflake_arguments
from deployments.settings import SnowflakeSettings

ALL_OF: Final = "SELECT * FROM "
"""How the query of an asset begins, and no query that Great Expectations makes of it."""


def add_warehouse(
    context: EphemeralDataContext, settings: SnowflakeSettings, query_tag: str
) -> SnowflakeDatasource:
    """The warehouse as a datasource; the login goes to the driver, never into a URL that could be shown.

    Raises:
        ConnectionFailed: Great Expectations cannot log in.
    """
    user = quote(settings.user, safe="")
    url = (
        f"snowflake://{user}:in-connect-args@{settings.account}/{settings.database}/QUALITY"
        f"?warehouse={settings.warehouse}&role={settings.role}"
    )
    arguments = snowflake_arguments(settings, query_tag)
    try:
        warehouse: SnowflakeDatasource = context.data_sources.add_snowflake(  # type: ignore[call-overload]
            "warehouse", connection_string=url, kwargs={"connect_args": arguments}
        )
    except TestConnectionError:
        raise ConnectionFailed(
            f"Snowflake account {settings.account}: Great Expectations could not log in; "
            "check SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and its key or password."
        ) from None
    _make_frugal(warehouse.get_engine())
    _keep_open(warehouse.get_engine())
    return warehouse


def close_warehouse(warehouse: SnowflakeDatasource) -> None:
    """Close the connection that all checks shared."""
    Engine.dispose(warehouse.get_engine())


def _make_frugal(engine: Engine) -> None:
    """A gate only reads: it needs neither transactions nor the ROLLBACK after each of its queries."""
    event.listen(engine, "before_cursor_execute", _columns_without_rows, retval=True)
    with engine.connect() as connection:
        connection.connection.dbapi_connection.autocommit(True)  # type: ignore[union-attr] # Snowflake's own
    engine.dialect.do_rollback = _undo_nothing  # type: ignore[assignment,method-assign]


def _keep_open(engine: Engine) -> None:
    """Keep one session for all checks, with its query tag.

    Great Expectations disposes of the engine whenever one of the wrappers that share it is collected.
    """
    engine.dispose = _dispose_of_nothing  # type: ignore[method-assign]


def _dispose_of_nothing(close: bool = True) -> None:
    """What disposal comes to while the gate is in use."""


def _undo_nothing(_dbapi_connection: object) -> None:
    """What a rollback comes to where nothing was written."""


def _columns_without_rows(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """Great Expectations learns a query's columns by running it whole; no rows are needed for that."""
    return (f"{statement} LIMIT 0" if statement.startswith(ALL_OF) else statement), parameters
