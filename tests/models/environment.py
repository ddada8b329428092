"""Settings in the environment, as the command finds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings, load_settings


def settings_of(opened: Session, snowflake: SnowflakeSettings) -> dict[str, str]:
    """The variables that lead to the database of a session; the other systems are nobody's."""
    return {
        "SNOWFLAKE_ACCOUNT": snowflake.account,
        "SNOWFLAKE_USER": snowflake.user,
        "SNOWFLAKE_PASSWORD": snowflake.password.get_secret_value() if snowflake.password else "",
        "SNOWFLAKE_HOST": str(snowflake.host),
        "SNOWFLAKE_PORT": str(snowflake.port),
        "SNOWFLAKE_PROTOCOL": str(snowflake.protocol),
        "SNOWFLAKE_DATABASE": opened.get_current_database().strip('"'),
        "SQLSERVER_HOST": "127.0.0.1",
        "SQLSERVER_DATABASE": "shellcorp",
        "SQLSERVER_USER": "nobody",
        "SQLSERVER_PASSWORD": "none",
        "MAIL_HOST": "127.0.0.1",
    }


@contextmanager
def environment_of(
    opened: Session, snowflake: SnowflakeSettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Settings that name the database of a session, and nobody's schemas."""
    environment = {
        "PLATFORM_ENV_FILE": str(Path(__file__).with_name("none.env")),
        **settings_of(opened, snowflake),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PLATFORM_DEVELOPER", raising=False)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()
