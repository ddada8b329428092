"""Shellcorp's source and a warehouse at a place of their own, and replication between them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from deployments.connections import connect_snowflake
from deployments.settings import SqlServerSettings
from flows.ingest import engine
from flows.ingest.context import Context, Limits
from flows.ingest.health.proof import compare_table
from flows.ingest.health.report import ReplicationReport
from flows.ingest.policies.policy import Policies
from flows.ingest.progress import Progress
from flows.ingest.tables import registration
from flows.ingest.warehouse.session import WarehouseSession
from flows.sessions import replication_sessions
from sandbox.process import Guarded
from sandbox.shellcorp import script
from sandbox.shellcorp.install import Size, install
from sandbox.shellcorp.server import Server
from tests.places import Place, Places

SMALL = Limits(max_transactions_per_window=40, chunk_rows=300, chunks_per_round=2)
PATIENCE_SECONDS = 40.0
PRODUCTS = (
    "products",
    "product_code varchar(9) NOT NULL PRIMARY KEY, list_price decimal(19, 4) NOT NULL",
    "VALUES ('AA-00001', 1), ('AA-00002', 2.5), ('AA-00003', 3)",
)
"""For `capture`: a table of Shellcorp, as small as it can be."""


@dataclass
class World:
    """A source that fills itself, and a warehouse that follows it."""

    folder: Path
    place: Place
    driver: Literal["auto", "mssql-python", "pymssql"] = "auto"
    """Who reads in bulk."""

    @classmethod
    @contextmanager
    def start(cls, places: Places, folder: Path, scale: float) -> Iterator[World]:
        """Shellcorp's tables at a scale (1: about 240,000 rows), captured, and an empty warehouse."""
        with places.open(folder) as place:
            world, reader = cls(folder, place), place.reader.user
            install(world.server(), Size(scale, seed=1, today=date(2026, 1, 31)), lambda _: None, reader)
            world.execute(*script.batches(script.read("permissions_msdb.sql"), {"reader": reader}))
            world.execute("EXEC sys.sp_cdc_change_job @job_type = N'capture', @pollinginterval = 0")
            world.execute("EXEC sys.sp_cdc_stop_job @job_type = N'capture'")
            world.execute("EXEC sys.sp_cdc_start_job @job_type = N'capture'")
            world.wait_for_harvest()
            yield world

    @classmethod
    @contextmanager
    def empty(cls, places: Places, folder: Path) -> Iterator[World]:
        """A database with CDC on and the table `markers` alone, and an empty warehouse.

        The capture job polls all the time.
        """
        with places.open(folder) as place:
            world, reader = cls(folder, place), place.reader.user
            world.execute(
                "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON",
                "EXEC sys.sp_cdc_enable_db",
                f"IF USER_ID(N'{reader}') IS NULL CREATE USER [{reader}] FOR LOGIN [{reader}]",
                f"GRANT SELECT ON SCHEMA::cdc TO [{reader}]",
                "CREATE TABLE dbo.markers (id int IDENTITY PRIMARY KEY, moment datetime2(7))",
                "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'markers', "
                "@role_name = NULL",
                f"GRANT SELECT ON dbo.markers TO [{reader}]",
                "EXEC sys.sp_cdc_change_job @job_type = N'capture', @pollinginterval = 0",
                "EXEC sys.sp_cdc_stop_job @job_type = N'capture'",
                "EXEC sys.sp_cdc_start_job @job_type = N'capture'",
            )
            world.execute(*script.batches(script.read("permissions_msdb.sql"), {"reader": reader}))
            world.mark()
            yield world

    def capture(self, table: str, columns: str, rows: str = "", instance: str | None = None) -> None:
        """Create `dbo.table`, insert `rows` (what comes after INSERT INTO and its name), and capture it.

        The platform may read it; the instance has the usual name, if no other is given.
        """
        self.execute(
            f"CREATE TABLE dbo.{table} ({columns})",
            *([f"INSERT INTO dbo.{table} {rows}"] if rows else []),
            f"GRANT SELECT ON dbo.{table} TO [{self.place.reader.user}]",
            f"EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'{table}', "
            f"@capture_instance = N'{instance or f'dbo_{table}'}', @role_name = NULL",
        )

    def mark(self) -> None:
        """Commit a row, and wait until CDC has harvested it, and so all that was committed before."""
        self.execute("INSERT INTO dbo.markers (moment) VALUES (SYSDATETIME())")
        (newest,) = self.query("SELECT MAX(id) FROM dbo.markers")[0]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.query("SELECT MAX(id) FROM cdc.dbo_markers_CT") != [(newest,)]:
            assert time.monotonic() < deadline, "the capture job harvests nothing"
            time.sleep(0.05)

    def replicate_harvested(self, **options: Any) -> ReplicationReport:
        """Replicate all that was committed until now."""
        self.mark()
        return self.replicate(**options)

    @property
    def database(self) -> str:
        """Name of the source's database."""
        return self.place.administrator.database

    @property
    def reader(self) -> SqlServerSettings:
        """The platform's login on the source."""
        return self.place.reader.model_copy(update={"reader": self.driver})

    # --- the source

    def server(self) -> Server:
        administrator = self.place.administrator
        return Server(
            administrator.host,
            administrator.port,
            administrator.database,
            administrator.user,
            administrator.password.get_secret_value(),
        )

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.server().connect("test", autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def execute(self, *statements: str) -> None:
        """Statements in one session, each its own transaction."""
        with self.server().connect("test", autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def wait_for_harvest(self) -> None:
        """Wait until CDC has harvested something."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.query("SELECT sys.fn_cdc_get_max_lsn()") == [(None,)]:
            assert time.monotonic() < deadline, "the capture job harvests nothing"
            time.sleep(0.1)

    @contextmanager
    def traffic(self, rate: float, seed: int) -> Iterator[None]:
        """Shellcorp's applications write meanwhile."""
        command = [sys.executable, "-m", "sandbox.shellcorp", "traffic", "--rate", str(rate)]
        environment = os.environ | prefixed("SHELLCORP_", self.place.administrator)
        process = Guarded.start(
            "traffic", [*command, "--seed", str(seed)], self.folder / "traffic", environment
        )
        try:
            yield
        finally:
            process.stop()
        assert "transactions committed" in process.last_lines()

    # --- replication

    @contextmanager
    def context(
        self,
        run_id: str = "test",
        limits: Limits = SMALL,
        progress: Progress | None = None,
        policies: Policies | None = None,
    ) -> Iterator[Context]:
        with replication_sessions(self.reader, self.place.warehouse, "test", run_id) as sessions:
            zone = ZoneInfo(self.reader.timezone)
            with closing(Context.open(sessions, run_id, zone, policies, limits, progress)) as context:
                yield context

    def replicate(
        self, limits: Limits = SMALL, run_id: str = "test", policies: Policies | None = None
    ) -> ReplicationReport:
        with self.context(run_id, limits, policies=policies) as context:
            registration.register(context)
        with self.context(run_id, limits, policies=policies) as context:  # as each task of the flow has one
            return engine.catch_up(context)

    def differences(self, *only: str) -> dict[str, str]:
        """Tables (of those named, or all) that differ from their mirrors, when all was replicated.

        The capture job is given time: differences count that stay.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            self.replicate()
            with self.context() as context:
                proofs = [compare_table(context, name) for name in only or context.tables]
            differing = {proof.table: str(proof) for proof in proofs if proof.differences}
            if not differing or time.monotonic() > deadline:
                return differing
            time.sleep(0.3)

    def states(self) -> dict[str, str]:
        with self.context() as context:
            return {name: table.state for name, table in context.ledger.tables().items()}

    def warehouse_rows(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(connect_snowflake(self.place.warehouse, '{"flow": "test"}')) as connection:
            return WarehouseSession(connection).rows(statement)

    # --- the platform's commands

    def environment(self, **changes: str) -> dict[str, str]:
        """The environment that leads the platform's commands here."""
        return (
            os.environ
            | {"PLATFORM_ENV_FILE": str(self.folder / "none"), "MAIL_HOST": "127.0.0.1"}
            | prefixed("SQLSERVER_", self.place.reader)
            | prefixed("SNOWFLAKE_", self.place.warehouse)
            | changes
        )

    def command(self, module: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m module …` of the platform."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def prefixed(prefix: str, settings: BaseSettings) -> dict[str, str]:
    """Settings as environment variables, secrets included; what is unset is left out."""
    values = settings.model_dump(exclude_none=True)
    return {
        f"{prefix}{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
    }
