"""Real servers for the tests: `make test-live`, with the servers and logins in the environment.

`LIVE_SQLSERVER_…` and `LIVE_SNOWFLAKE_…` have the names of `SQLSERVER_…` and `SNOWFLAKE_…` in
deployments/settings.py. The SQL Server login makes databases, logins and CDC (sysadmin); the Snowflake user's
role makes databases. Each test works in databases named `platform_test_…` and drops them at its end.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from deployments.connections import connect_snowflake, connect_sql_server
from deployments.settings import SnowflakeSettings, SqlServerSettings
from tests.places import Place

CREATE_READER = """
IF SUSER_ID(N'{login}') IS NULL
    CREATE LOGIN [{login}] WITH PASSWORD = N'{password}';
"""
DROP_READER = """
USE msdb;
IF USER_ID(N'{login}') IS NOT NULL
    DROP USER [{login}];
USE master;
IF SUSER_ID(N'{login}') IS NOT NULL
    DROP LOGIN [{login}];
"""
DROP_SOURCE = """
IF DB_ID(N'{database}') IS NOT NULL
BEGIN
    ALTER DATABASE [{database}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE;
    DROP DATABASE [{database}];
END;
USE msdb;
DROP USER IF EXISTS [{database}];
"""


class LiveSqlServer(SqlServerSettings):
    """The administrator of a SQL Server with a running Agent. Environment prefix `LIVE_SQLSERVER_`."""

    model_config = SettingsConfigDict(env_prefix="LIVE_SQLSERVER_", extra="ignore")

    database: str = "master"


class LiveSnowflake(SnowflakeSettings):
    """A user of a Snowflake account. Environment prefix `LIVE_SNOWFLAKE_`."""

    model_config = SettingsConfigDict(env_prefix="LIVE_SNOWFLAKE_", extra="ignore")


class NoLiveServers(Exception):  # noqa: N818 - reads as what happened
    """The environment names no real servers; the message says what to set."""


@dataclass(frozen=True)
class LiveServers:
    """A real SQL Server and a real Snowflake account."""

    source: SqlServerSettings
    warehouse: SnowflakeSettings

    @classmethod
    def from_environment(cls) -> LiveServers:
        """Read them from the environment.

        Raises:
            NoLiveServers: a variable is missing or wrong.
        """
        try:
            return cls(LiveSqlServer(), LiveSnowflake())
        except ValidationError as error:
            prefix = f"LIVE_{'SQLSERVER' if error.title == 'LiveSqlServer' else 'SNOWFLAKE'}_"
            told = (
                f"{prefix}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False)
            )
            raise NoLiveServers(f"make test-live needs real servers ({'; '.join(told)}).") from None

    @contextmanager
    def open(self, folder: Path) -> Iterator[Place]:  # noqa: ARG002 - stand-ins keep their files there
        """A new database on each server, dropped at the end, whatever happens between."""
        name = f"platform_test_{secrets.token_hex(4)}"
        with self._source(name) as (administrator, reader), self._warehouse(name.upper()) as warehouse:
            yield Place(administrator, reader, warehouse)

    @contextmanager
    def _source(self, database: str) -> Iterator[tuple[SqlServerSettings, SqlServerSettings]]:
        password = secrets.token_urlsafe(24) + "aA1!"  # what a server's password policy asks for
        try:
            self._on_source(
                f"CREATE DATABASE [{database}];",
                f"ALTER DATABASE [{database}] SET ALLOW_SNAPSHOT_ISOLATION ON;",
                CREATE_READER.format(login=database, password=password),
            )
            administrator = self.source.model_copy(update={"database": database})
            yield (
                administrator,
                administrator.model_copy(update={"user": database, "password": SecretStr(password)}),
            )
        finally:
            self._on_source(DROP_SOURCE.format(database=database), DROP_READER.format(login=database))

    def _on_source(self, *statements: str) -> None:
        with closing(connect_sql_server(self.source, "test-live")) as connection:
            connection.autocommit(True)
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    @contextmanager
    def _warehouse(self, database: str) -> Iterator[SnowflakeSettings]:
        with closing(connect_snowflake(self.warehouse, '{"flow": "test-live"}')) as connection:
            connection.cursor().execute(f"CREATE DATABASE {database}")
            try:
                yield self.warehouse.model_copy(update={"database": database})
            finally:
                connection.cursor().execute(f"DROP DATABASE IF EXISTS {database}")
