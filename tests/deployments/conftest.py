from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from deployments.snowflake.__main__ import main
from deployments.snowflake.names import Names
from deployments.snowflake.plan import plan, take
from deployments.snowflake.present import Account

SetUp = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def administrator(snowflake: SnowflakeSettings) -> Iterator[SnowflakeConnection]:
    with connect_snowflake(snowflake.model_copy(update={"role": "ACCOUNTADMIN"}), "test") as connection:
        yield connection


@pytest.fixture
def account(administrator: SnowflakeConnection) -> Account:
    return Account(administrator)


def new_names() -> Names:
    return Names.of("dev", f"T{uuid.uuid4().hex[:10]}".upper())


@pytest.fixture
def names() -> Names:
    """Those of an environment of the test's own."""
    return new_names()


@pytest.fixture(scope="module")
def applied(administrator: SnowflakeConnection) -> Names:
    """Those of an environment that is set up, for all tests of a file: they make tables of their own."""
    account, names = Account(administrator), new_names()
    take(account, plan(account, names), lambda _: None)
    return names


@pytest.fixture
def set_up(
    snowflake: SnowflakeSettings,
    names: Names,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> SetUp:
    """Runs the command for that environment; its exit code, and what it said."""
    for name in ("account", "user", "host", "port", "protocol"):
        monkeypatch.setenv(f"SNOWFLAKE_{name.upper()}", str(getattr(snowflake, name)))
    assert snowflake.password is not None
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", snowflake.password.get_secret_value())
    monkeypatch.setenv("PLATFORM_ENV_FILE", "/nowhere")

    def run(command: str, *options: str, environment: str | None = None) -> tuple[int, str]:
        place = ("--environment", environment or names.environment, "--database", names.database)
        code = main([command, *place, *options])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run
