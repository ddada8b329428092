"""Settings that are wrong are one line that names them, without their values where those are secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.settings import MailSettings, SettingsError, load_settings

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
        (
            "MAIL_RECIPIENTS",
            "a@x.example, b.x.example",
            "MAIL_RECIPIENTS: .*'b.x.example' is no mail address",
        ),
        ("MAIL_RECIPIENTS", "", "MAIL_RECIPIENTS: .*'' is no mail address"),
        ("MAIL_RECIPIENTS", "a@@b", "MAIL_RECIPIENTS: .*'a@@b' is no mail address"),
        ("MAIL_RECIPIENTS", "a@x.example\r\nBcc: b@x.example", "MAIL_RECIPIENTS: .*put commas between them"),
        ("MAIL_RECIPIENTS_BY", "mart: a@x.example", "MAIL_RECIPIENTS_BY: .*begins with no layer"),
        ("MAIL_RECIPIENTS_BY", "marts: nobody", "MAIL_RECIPIENTS_BY: .*'nobody' is no mail address"),
        ("MAIL_RECIPIENTS_BY", "raw: a@x; RAW: b@x", "MAIL_RECIPIENTS_BY: .*'RAW' is given twice"),
        ("MAIL_SENDER", "a@x.example, b@x.example", "MAIL_SENDER: .*are several addresses: give one"),
        ("MAIL_TIMEZONE", "Mars/Olympus", "MAIL_TIMEZONE: .*is no time zone"),
        ("PLATFORM_HASH_SALT", "short-salt", "PLATFORM_HASH_SALT: .*at least 16"),
        ("MAIL_PORT", "70000", "MAIL_PORT: .* less than or equal to 65535"),
        ("MAIL_PORT", "0", "MAIL_PORT: .* greater than or equal to 1"),
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


def test_recipients_are_read_from_the_settings() -> None:
    mail = MailSettings(
        host="localhost",
        recipients='"Lee, Bo" <bo@x.example>, data@x.example',
        recipients_by="raw: dba@x.example; sales@x.example: ana@x.example, Cy <cy@x.example>;",
    )
    assert mail.addresses == ('"Lee, Bo" <bo@x.example>', "data@x.example")
    assert mail.routes == {
        "raw": ("dba@x.example",),
        "sales@x.example": ("ana@x.example", "Cy <cy@x.example>"),
    }
