"""The servers as fixtures: the stand-ins, one of each per test process, and places of a test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.settings import SnowflakeSettings, SqlServerSettings
from sandbox.process import Service
from tests.live import LiveServers, NoLiveServers
from tests.places import Places, StandIns, snowflake_settings, sql_server_settings

# At every login the connector asks the network in which cloud it runs: 5 s where no name server answers.
os.environ["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] = "true"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--live`: only the tests that hold on real servers, on those that the environment names.

    `--kills` and `--seed` are those of tests/e2e/test_kills.py.
    """
    parser.addoption(
        "--live", action="store_true", help="real servers instead of the stand-ins; see tests/live.py"
    )
    parser.addoption("--kills", type=int, default=15, help="how many runs of replication fail")
    parser.addoption("--seed", type=int, help="the seed of failures, as it was printed")


def pytest_configure(config: pytest.Config) -> None:
    """Say at once which variables are missing."""
    if config.getoption("live"):
        try:
            LiveServers.from_environment()
        except NoLiveServers as missing:
            raise pytest.UsageError(str(missing)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--live`, leave out what needs the stand-ins."""
    if config.getoption("live"):
        live = [item for item in items if item.get_closest_marker("live")]
        config.hook.pytest_deselected(items=[item for item in items if item not in live])
        items[:] = live


@pytest.fixture(scope="session")
def places(pytestconfig: pytest.Config) -> Places:
    """Where tests that bring their own source and warehouse find them."""
    return LiveServers.from_environment() if pytestconfig.getoption("live") else StandIns()


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
