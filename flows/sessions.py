"""The two sessions that replication works with, opened from the settings and always closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from zoneinfo import ZoneInfo

from deployments.connections import connect_snowflake, connect_sql_server
from deployments.settings import load_settings
from flows.ingest.context import Context, Limits
from flows.ingest.policy import Policies
from flows.ingest.progress import Progress
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
    settings = load_settings()
    zone, policies = ZoneInfo(settings.sql_server.timezone), Policies.read(settings.replication_file)
    with (
        closing(connect_sql_server(settings.sql_server, f"platform: {flow}")) as source,
        closing(
            connect_snowflake(settings.snowflake, json.dumps({"flow": flow, "run": run_id}))
        ) as warehouse,
    ):
        sessions = SourceSession(source), WarehouseSession(warehouse)
        yield Context.open(*sessions, run_id, zone, policies, limits, progress)
