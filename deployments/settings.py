"""Where the platform runs and as whom: one settings object, read from the environment.

Every value can be set as an environment variable (`SNOWFLAKE_ACCOUNT`, `SQLSERVER_HOST`, …) or in the
dotenv file that `PLATFORM_ENV_FILE` names (`.env` when unset). Nothing is read at import.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deployments.addresses import addresses_of, routes_of


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and the remedy."""


def _known_zone(name: str) -> str:
    """Hold that a time zone is known, for pydantic."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone: give its IANA name, such as Europe/Copenhagen")
    return name


def _addresses(text: str) -> str:
    """Hold that all are mail addresses, for pydantic."""
    addresses_of(text)
    return text


def _one_address(text: str) -> str:
    """Hold that it is one mail address, for pydantic."""
    if len(addresses_of(text)) > 1:
        raise ValueError(f"{text!r} are several addresses: give one")
    return text


def _routes(text: str) -> str:
    """Hold that addresses are given by layer or owner, for pydantic."""
    routes_of(text)
    return text


Port = Annotated[int, Field(ge=1, le=65535)]


class SqlServerSettings(BaseSettings):
    """The operational database, reached with pymssql, and with mssql-python for reads in bulk.

    Environment prefix `SQLSERVER_`.
    """

    model_config = SettingsConfigDict(env_prefix="SQLSERVER_", extra="ignore")

    host: str
    port: Port = 1433
    database: str
    user: str
    password: SecretStr
    encryption: Literal["off", "request", "require"] = "require"
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """IANA name of the server's own time zone: CDC's commit times are server-local."""
    reader: Literal["auto", "mssql-python", "pymssql"] = "auto"
    """Who reads in bulk; auto: mssql-python, the faster one, where it loads."""
    login_timeout_seconds: int = 15
    query_timeout_seconds: int = 300


class SnowflakeSettings(BaseSettings):
    """The warehouse, reached with snowflake-connector-python. Environment prefix `SNOWFLAKE_`."""

    model_config = SettingsConfigDict(env_prefix="SNOWFLAKE_", extra="ignore")

    account: str
    user: str
    password: SecretStr | None = None
    private_key_path: Path | None = None
    private_key_passphrase: SecretStr | None = None
    role: str = "PLATFORM"
    warehouse: str = "PLATFORM"
    database: str = "SHELLCORP"
    host: str | None = None
    """Only for the local stand-in: its address, with `port` and `protocol`."""
    port: Port | None = None
    protocol: Literal["http", "https"] | None = None
    login_timeout_seconds: int = 15
    network_timeout_seconds: int = 120

    @property
    def is_stand_in(self) -> bool:
        """True when `host` points the drivers at the local stand-in."""
        return self.host is not None


class MailSettings(BaseSettings):
    """Who gets the report, and the SMTP server that carries it. Environment prefix `MAIL_`."""

    model_config = SettingsConfigDict(env_prefix="MAIL_", extra="ignore")

    host: str
    port: Port = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: Annotated[str, AfterValidator(_one_address)] = "platform@shellcorp.example"
    recipients: Annotated[str, AfterValidator(_addresses)] = "data-team@shellcorp.example"
    """Who gets everything: addresses, separated by commas."""
    recipients_by: Annotated[str, AfterValidator(_routes)] = ""
    """Who else gets what concerns one layer or owner: `raw: a@x.example; sales@x.example: b@x.example`."""
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """IANA name of the time zone in which mails tell times."""
    timeout_seconds: int = Field(default=15, ge=1)
    """How long each answer of the server is waited for."""
    deadline_seconds: float = Field(default=300, gt=0)
    """How long all mails of one report or digest may take; an alert has less (flows/alerts.py)."""
    tries: int = Field(default=3, ge=1)
    """How often a mail is handed over, while the server is away or says `later`."""
    pause_seconds: float = Field(default=2, ge=0)
    """Between the first two tries; twice as long before each further one."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Who gets everything."""
        return addresses_of(self.recipients)

    @property
    def routes(self) -> dict[str, tuple[str, ...]]:
        """Who gets what concerns a layer or an owner."""
        return routes_of(self.recipients_by)


class Settings(BaseSettings):
    """All settings of one environment. Environment prefix `PLATFORM_`."""

    model_config = SettingsConfigDict(env_prefix="PLATFORM_", extra="ignore")

    environment: Literal["local", "dev", "prod"] = "local"
    replication_file: Path = Path(__file__).parent / "replication.toml"
    """How each table is replicated (flows/ingest/policies/policy.py)."""
    lag_limit_seconds: float = Field(default=900, ge=0)
    """Of a run's end behind the last commit; beyond it the run tells that replication lags."""
    hash_salt: SecretStr | None = Field(default=None, min_length=16)
    """The secret by which columns are hashed; another one makes other hashes."""
    developer: str = ""
    """Whose schemas `python -m snowpark_models` writes, such as ANA: ANA_STAGING, ANA_MARTS, …"""
    data_docs_folder: Path = Path(".sandbox/data_docs")
    data_docs_url: str | None = None
    """Address under which the folder is served; file:// of the folder when unset."""
    data_docs_stage: str | None = Field(
        default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*){0,2}$"
    )
    """Stage of Snowflake that gets the pages, too, such as QUALITY.DATA_DOCS; made if missing."""
    sql_server: SqlServerSettings
    snowflake: SnowflakeSettings
    mail: MailSettings


def env_file() -> Path:
    """The dotenv file that settings are read from: `PLATFORM_ENV_FILE`, or `.env`."""
    return Path(os.environ.get("PLATFORM_ENV_FILE", ".env"))


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the settings once a process.

    Raises:
        SettingsError: a setting is missing or has a wrong value; names each of them.
    """
    file = env_file()
    try:
        return Settings(
            _env_file=file,
            sql_server=SqlServerSettings(_env_file=file),
            snowflake=SnowflakeSettings(_env_file=file),
            mail=MailSettings(_env_file=file),
        )
    except ValidationError as error:
        prefix = {
            "SqlServerSettings": "SQLSERVER_",
            "SnowflakeSettings": "SNOWFLAKE_",
            "MailSettings": "MAIL_",
        }
        name = prefix.get(error.title, "PLATFORM_")
        problems = "; ".join(
            f"{name}{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(
            f"Settings are incomplete ({problems}). Set them in the environment or in {file}; "
            "`make up` writes such a file for the local stand-ins, for PLATFORM_ENV_FILE to name."
        ) from None
