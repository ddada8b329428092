"""The stand-ins as fixtures: one of each per test process, on free ports, in temporary folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.settings import SnowflakeSettings, SqlServerSettings
from sandbox.process import Service

# The connector asks the network at every login which cloud it runs in: 5 s a time where no name server answers.
os.environ["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] = "true"


def sql_server_settings(service: Service, user: str = "sa", database: str = "shellcorp") -> SqlServerSettings:
    """Settings that lead to a running stand-in."""
    return SqlServerSettings(
        host="127.0.0.1",
        port=service.port,
        database=database,
        user=user,
        password=service.password(user),
        encryption="off",
    )


def snowflake_settings(service: Service, database: str = "SHELLCORP") -> SnowflakeSettings:
    """Settings that lead to a running stand-in."""
    return SnowflakeSettings(
        account="standin",
        user="PLATFORM",
        password=service.password("PLATFORM"),
        database=database,
        host="127.0.0.1",
        port=service.port,
        protocol="http",
    )


@pytest.fixture(scope="session")
def sql_server_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("sqlserver")
    with Service.start("sandbox.sqlserver", folder, "--database", "shellcorp") as service:
        yield service


@pytest.fixture(scope="session")
def snowflake_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("snowflake")
    with Service.start("sandbox.snowflake", folder) as service:
        yield service


@pytest.fixture(scope="session")
def sql_server(sql_server_service: Service) -> SqlServerSettings:
    """Settings of the administrator on the stand-in SQL Server, database `shellcorp`."""
    return sql_server_settings(sql_server_service)


@pytest.fixture(scope="session")
def snowflake(snowflake_service: Service) -> SnowflakeSettings:
    """Settings of the platform's user on the stand-in Snowflake, database SHELLCORP."""
    return snowflake_settings(snowflake_service)
