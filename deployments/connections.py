"""The one place that opens connections: SQL Server, Snowflake and Snowpark, from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pymssql
import snowflake.connector
from pymssql import _mssql
from snowflake.connector import SnowflakeConnection

from deployments.settings import SnowflakeSettings, SqlServerSettings

SQL_SERVER_ERRORS = (pymssql.Error, _mssql.MSSQLException)
"""What pymssql raises; the second where the connection breaks while it is being set up or configured."""

if TYPE_CHECKING:
    import mssql_python
    from snowflake.snowpark import Session


class ConnectionFailed(Exception):  # noqa: N818 - reads as what happened
    """A server could not be reached or refused the login; the message says what to do."""


class DriverMissing(ConnectionFailed):
    """A driver that is not needed, only faster, cannot be loaded; the message says how to have it."""


ARROW_DRIVER_MISSING = (
    "mssql-python cannot be loaded, so pymssql reads, which is slower: on Debian install libltdl7 and "
    "libgssapi-krb5-2, or set SQLSERVER_READER=pymssql."
)


def connect_sql_server(settings: SqlServerSettings, application: str) -> pymssql.Connection:
    """Open a session on the operational database; `application` shows in its session list.

    Raises:
        ConnectionFailed: not reachable, wrong login, or no such database.
    """
    try:
        return pymssql.connect(
            server=settings.host,
            port=str(settings.port),
            user=settings.user,
            password=settings.password.get_secret_value(),
            database=settings.database,
            appname=application,
            login_timeout=settings.login_timeout_seconds,
            timeout=settings.query_timeout_seconds,
            encryption=settings.encryption,
            tds_version="7.4",
            charset="UTF-8",
        )
    except SQL_SERVER_ERRORS as error:
        number: int = error.args[0][0] if error.args and isinstance(error.args[0], tuple) else 0
        raise _failed(settings, number) from None


def connect_sql_server_arrow(settings: SqlServerSettings) -> mssql_python.Connection:
    """Open a session of Microsoft's ODBC driver on the operational database, which reads in bulk.

    Encryption is pymssql's: as the setting says, with whatever certificate the server shows. A server of
    Microsoft's always has one, so "request" is encrypted, too. The driver names itself in the session list.

    Raises:
        DriverMissing: the driver cannot be loaded on this machine.
        ConnectionFailed: not reachable, wrong login, or no such database.
    """
    try:
        import mssql_python  # not every machine can load it
    except ImportError:
        raise DriverMissing(ARROW_DRIVER_MISSING) from None
    mssql_python.pooling(enabled=False)  # SNAPSHOT isolation would stick to a pooled session (error 3952)
    password = settings.password.get_secret_value().replace("}", "}}")
    try:
        connection = mssql_python.connect(
            f"Server={settings.host},{settings.port};Database={{{settings.database.replace('}', '}}')}}};"
            f"UID={{{settings.user.replace('}', '}}')}}};PWD={{{password}}};"
            f"Encrypt={'no' if settings.encryption == 'off' else 'yes'};TrustServerCertificate=yes;",
            autocommit=True,
            timeout=settings.login_timeout_seconds,
        )
    except mssql_python.Error as error:
        text = error.ddbc_error
        if "Failed to load the driver" in text:
            raise DriverMissing(ARROW_DRIVER_MISSING) from None
        number = 18456 if "Login failed" in text else 4060 if "Cannot open database" in text else 0
        raise _failed(settings, number) from None
    connection.timeout = settings.query_timeout_seconds
    return connection


def _failed(settings: SqlServerSettings, number: int) -> ConnectionFailed:
    """Why SQL Server let nobody in, by its error's number; 0 when it was not reached."""
    remedy = {
        18456: f"the login of user {settings.user} failed: check SQLSERVER_USER and SQLSERVER_PASSWORD",
        4060: "the database cannot be opened: check SQLSERVER_DATABASE and the login's access to it",
    }.get(number, "it cannot be reached: check SQLSERVER_HOST and SQLSERVER_PORT, and that it runs")
    where = f"SQL Server {settings.host}:{settings.port}, database {settings.database}"
    return ConnectionFailed(f"{where}: {remedy}.")


SESSION: Final = {
    "TIMEZONE": "UTC",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9",
    "DATE_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "WEEK_START": 0,
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "AUTOCOMMIT": True,
}
"""What every session says alike, whatever its account or user has set; texts of times lose no digit."""


def snowflake_arguments(settings: SnowflakeSettings, query_tag: str) -> dict[str, Any]:
    """Arguments for `snowflake.connector.connect`; the stand-in's address only where one is set."""
    arguments: dict[str, Any] = {
        "account": settings.account,
        "user": settings.user,
        "role": settings.role,
        "warehouse": settings.warehouse,
        "database": settings.database,
        "login_timeout": settings.login_timeout_seconds,
        "network_timeout": settings.network_timeout_seconds,
        "session_parameters": {"QUERY_TAG": query_tag, **SESSION},
    }
    if settings.private_key_path is not None:
        arguments["private_key_file"] = str(settings.private_key_path)
        if settings.private_key_passphrase is not None:
            arguments["private_key_file_pwd"] = settings.private_key_passphrase.get_secret_value()
    elif settings.password is not None:
        arguments["password"] = settings.password.get_secret_value()
    if settings.is_stand_in:
        arguments |= {"host": settings.host, "port": settings.port, "protocol": settings.protocol}
        arguments["platform_detection_timeout_seconds"] = 0  # it would ask the network for cloud metadata
        arguments["session_parameters"]["PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION"] = True
    return arguments


def connect_snowflake(settings: SnowflakeSettings, query_tag: str) -> SnowflakeConnection:
    """Open a Snowflake session whose statements carry `query_tag`.

    Raises:
        ConnectionFailed: not reachable, the login was refused, or its key cannot be read.
    """
    where = f"Snowflake account {settings.account}"
    try:
        return snowflake.connector.connect(**snowflake_arguments(settings, query_tag))
    except (OSError, TypeError, ValueError) as error:
        if settings.private_key_path is None:
            raise
        raise ConnectionFailed(
            f"{where}: the private key {settings.private_key_path} cannot be read ({type(error).__name__}): "
            "check SNOWFLAKE_PRIVATE_KEY_PATH and SNOWFLAKE_PRIVATE_KEY_PASSPHRASE."
        ) from None
    except snowflake.connector.errors.DatabaseError as error:
        raise ConnectionFailed(
            f"{where}: not reachable, or the login was refused (error {error.errno}): check "
            "SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and its key or password."
        ) from None


def snowpark_session(connection: SnowflakeConnection) -> Session:
    """A Snowpark session over an open connection."""
    from snowflake.snowpark import Session  # half a second that replication and status need not spend

    session: Session = Session.builder.configs({"connection": connection}).create()
    return session
