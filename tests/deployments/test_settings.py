"""Settings that are wrong are one line that names them, without their values where those are secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.settings import SettingsError, load_settings

GIVEN = {
    "SQLSERVER_HOST": "localhost",
    "SQLSERVER_DATABASE": "shop",
    "SQLSERVER_USER": "reader",
    "SQLSERVER_PASSWORD": "secret-1",
    "SNOWFLAKE_ACCOUNT": "account",
    "SNOWFLAKE_USER": "platform",
    "MAIL_HOST": "localhost",
}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SQLSERVER_TIMEZONE", "Europe/Copenhaven", "SQLSERVER_TIMEZONE: .*is no time zone"),
        ("PLATFORM_HASH_SALT", "short-salt", "PLATFORM_HASH_SALT: .*at least 16"),
    ],
)
def test_a_wrong_setting_is_one_line(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, given in (GIVEN | {"PLATFORM_ENV_FILE": str(tmp_path / "none"), name: value}).items():
        monkeypatch.setenv(variable, given)
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match=message) as raised:
        load_settings()
    load_settings.cache_clear()
    assert "\n" not in str(raised.value)
    assert "secret-1" not in str(raised.value)
    assert "short-salt" not in str(raised.value)
