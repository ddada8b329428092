"""Flows run in this process, against a Prefect server of the test's own and a warehouse with good data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness
from snowflake.connector.cursor import SnowflakeCursor

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings, load_settings
from sandbox.process import Service
from tests.expectations.good_data import ROWS, rows_of_table
from tests.models.given import as_query, raw_types
from tests.models.histories import histories_of_mirrors


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect server; without the heartbeat, whose thread costs each flow a second."""
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service.start("sandbox.mailbox", tmp_path_factory.mktemp("mailbox")) as service:
        yield service


@pytest.fixture
def warehouse(
    snowflake: SnowflakeSettings,
    mailbox: Service,
    prefect_server: None,  # noqa: ARG001 - runs beside
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[SnowflakeSettings]:
    """A database of the test's own with good mirrors in RAW, named by the environment's settings."""
    database = f"FLOWS_{abs(hash(request.node.name)) % 10**8}"
    with connect_snowflake(snowflake, "tests") as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {database}")
    settings = snowflake.model_copy(update={"database": database})
    with connect_snowflake(settings, "tests") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS RAW")
        for table in ROWS:
            query = as_query(raw_types(f"raw_{table}"), rows_of_table(table))
            cursor.execute(f"CREATE OR REPLACE TABLE RAW.{table.upper()} AS {query}")
        for statement in histories_of_mirrors():
            cursor.execute(statement)
    values = {
        "PLATFORM_ENV_FILE": str(tmp_path / "none.env"),
        "PLATFORM_DATA_DOCS_FOLDER": str(tmp_path / "data_docs"),
        "SQLSERVER_HOST": "127.0.0.1",
        "SQLSERVER_PORT": "1",
        "SQLSERVER_DATABASE": "shellcorp",
        "SQLSERVER_USER": "platform_reader",
        "SQLSERVER_PASSWORD": "not asked",
        "SNOWFLAKE_ACCOUNT": settings.account,
        "SNOWFLAKE_USER": settings.user,
        "SNOWFLAKE_PASSWORD": settings.password.get_secret_value() if settings.password else "",
        "SNOWFLAKE_DATABASE": database,
        "SNOWFLAKE_HOST": str(settings.host),
        "SNOWFLAKE_PORT": str(settings.port),
        "SNOWFLAKE_PROTOCOL": str(settings.protocol),
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": str(mailbox.port),
        "MAIL_SECURITY": "none",
        "MAIL_PAUSE_SECONDS": "0.01",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    yield settings
    load_settings.cache_clear()


@pytest.fixture
def cursor(warehouse: SnowflakeSettings) -> Iterator[SnowflakeCursor]:
    """In that database."""
    with connect_snowflake(warehouse, "tests") as connection, connection.cursor() as cursor:
        yield cursor
