"""Where a test's source and warehouse are: stand-ins of its own, or a database of its own on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deployments.settings import SnowflakeSettings, SqlServerSettings
from sandbox.process import Service

READER = "platform_reader"


@dataclass(frozen=True)
class Place:
    """An empty source database and a warehouse database that a test has to itself.

    Attributes:
        administrator: may do anything in the source database.
        reader: the platform's login there.
        warehouse: the platform's user in the warehouse.
        services: the servers themselves, source first, where a test may crash them.
    """

    administrator: SqlServerSettings
    reader: SqlServerSettings
    warehouse: SnowflakeSettings
    services: tuple[Service, ...] = ()


class Places(Protocol):
    """Makes places."""

    def open(self, folder: Path) -> AbstractContextManager[Place]:
        """A new place, gone with all that is in it at the end; the folder is the test's own."""


class StandIns:
    """Stand-ins, started for the test on free ports of the loopback."""

    @contextmanager
    def open(self, folder: Path) -> Iterator[Place]:
        """Start one of each; they end with the test."""
        with (
            Service.start("sandbox.sqlserver", folder / "source", "--database", "shellcorp") as source,
            Service.start("sandbox.snowflake", folder / "warehouse") as warehouse,
        ):
            yield Place(
                sql_server_settings(source),
                sql_server_settings(source, READER).model_copy(update={"encryption": "require"}),
                snowflake_settings(warehouse),
                (source, warehouse),
            )


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
