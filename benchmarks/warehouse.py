"""Where the benchmarks find their warehouse."""

from __future__ import annotations

from deployments.settings import SnowflakeSettings
from sandbox.process import Service


def settings_of(warehouse: Service) -> SnowflakeSettings:
    """Settings of the platform's user on a stand-in that runs."""
    return SnowflakeSettings(
        account="standin",
        user="PLATFORM",
        password=warehouse.password("PLATFORM"),
        host="127.0.0.1",
        port=warehouse.port,
        protocol="http",
    )
