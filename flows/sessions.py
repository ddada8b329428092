"""The sessions that replication works with, opened from the settings and always closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from zoneinfo import ZoneInfo

from deployments.connections import (
    DriverMissing,
    connect_snowflake,
    connect_sql_server,
    connect_sql_server_arrow,
)
from deployments.settings import SnowflakeSettings, SqlServerSettings, load_settings
from flows.ingest.context import Context, Limits, Sessions
from flows.ingest.health.cost import CostMeter
from flows.ingest.policies.policy import Policies
from flows.ingest.progress import Progress
from flows.ingest.source.arrow_session import ArrowSession
from flows.ingest.source.reader import SourceReader
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse.session import WarehouseSession


@contextmanager
def replication_context(
    flow: str, run_id: str, limits: Limits | None = None, progress: Progress | None = None
) -> Iterator[Context]:
    """A checked context of replication for one task.

    Raises:
        SettingsError, ConnectionFailed, ReplicationError: each with one line that names the remedy.
    """
    settings, policies = load_settings(), read_policies()
    with replication_sessions(settings.sql_server, settings.snowflake, flow, run_id) as sessions:
        zone = ZoneInfo(settings.sql_server.timezone)
        with closing(Context.open(sessions, run_id, zone, policies, limits, progress)) as context:
            yield context


def read_policies() -> Policies:
    """How each table is replicated, as the file says it now.

    Raises:
        SettingsError, PolicyError: each with one line that names the remedy.
    """
    settings = load_settings()
    salt = settings.hash_salt.get_secret_value() if settings.hash_salt else None
    return Policies.read(settings.replication_file).with_salt(salt)


@contextmanager
def replication_sessions(
    sql_server: SqlServerSettings, snowflake: SnowflakeSettings, flow: str, run_id: str
) -> Iterator[Sessions]:
    """One session on each side, and how to open more; the two that are open end with the block.

    Raises:
        ConnectionFailed: with one line that names the remedy.
    """
    name, tag = f"platform: {flow}", json.dumps({"flow": flow, "run": run_id})
    with (
        closing(connect_sql_server(sql_server, name)) as source,
        closing(connect_snowflake(snowflake, tag)) as warehouse,
    ):
        control, applying = SourceSession(source), WarehouseSession(warehouse)
        yield Sessions(
            control,
            applying,
            open_reader=lambda tell: open_reader(sql_server, name, control.meter, tell),
            open_stage=lambda: WarehouseSession(connect_snowflake(snowflake, tag), applying.cost),
        )


def open_reader(
    settings: SqlServerSettings, name: str, meter: CostMeter, tell: Callable[[str], None]
) -> SourceReader:
    """A session that reads in bulk: of mssql-python where that loads, else of pymssql, and tells so.

    Raises:
        ConnectionFailed: with one line that names the remedy.
        DriverMissing: mssql-python is asked for, and does not load.
    """
    if settings.reader != "pymssql":
        try:
            return ArrowSession(connect_sql_server_arrow(settings), meter)
        except DriverMissing as missing:
            if settings.reader == "mssql-python":
                raise
            tell(str(missing))
    return SourceSession(connect_sql_server(settings, name), meter)
