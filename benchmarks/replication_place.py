"""Both stand-ins for a benchmark of replication, the platform between them, and what each of them used."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import psutil

from benchmarks.bench_server import DATABASE, BenchServer
from benchmarks.warehouse import settings_of
from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings, SqlServerSettings
from flows.ingest import engine
from flows.ingest.context import Context, Limits
from flows.ingest.progress import Silence
from flows.ingest.warehouse.landing import stage_folder
from flows.sessions import replication_sessions
from sandbox.process import Service

Driver = Literal["mssql-python", "pymssql"]
DRIVERS: tuple[Driver, ...] = ("pymssql", "mssql-python")
UTC = ZoneInfo("UTC")


class Moments(Silence):
    """Remembers when the last window or chunk was committed in Snowflake."""

    def __init__(self) -> None:
        self.last = 0.0

    def step(self, message: str) -> None:
        """A window or a chunk is in; the end of a snapshot moves no rows."""
        if message.startswith("window") or "chunk" in message.partition(":")[2]:
            self.last = time.perf_counter()


@dataclass(frozen=True)
class Measured:
    """A measured run: rows, seconds until they were committed, and seconds of processor by process."""

    rows: int
    seconds: float
    used: dict[str, float]

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds

    @property
    def bound(self) -> str:
        """Whose processor time it was: all of them share two cores."""
        shares = (f"{name} {seconds / self.seconds:.0%}" for name, seconds in self.used.items())
        return f"of a core: {', '.join(shares)}"


@dataclass(frozen=True)
class Place:
    """The two servers."""

    source: BenchServer
    warehouse: Service

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[Place]:
        """Start them: a database with CDC on, whose capture job polls all the time, and no table."""
        with (
            BenchServer.start(folder / "source") as source,
            Service.start("sandbox.snowflake", folder / "warehouse") as warehouse,
        ):
            cursor = source.pymssql().cursor()
            cursor.execute(f"ALTER DATABASE [{DATABASE}] SET ALLOW_SNAPSHOT_ISOLATION ON")
            cursor.execute("EXEC sys.sp_cdc_enable_db")
            yield cls(source, warehouse)

    def hurry(self, cursor: Any, polling_seconds: int = 0) -> None:
        """Have the capture job scan again at once, or after so many seconds."""
        cursor.execute(
            f"EXEC sys.sp_cdc_change_job @job_type = N'capture', @pollinginterval = {polling_seconds}"
        )
        cursor.execute("EXEC sys.sp_cdc_stop_job @job_type = N'capture'")
        cursor.execute("EXEC sys.sp_cdc_start_job @job_type = N'capture'")
        while True:
            cursor.execute("SELECT sys.fn_cdc_get_max_lsn()")
            if cursor.fetchall() != [(None,)]:
                return
            time.sleep(0.1)

    def sql_server(self, driver: Driver = "mssql-python") -> SqlServerSettings:
        """Settings of the administrator, in clear text."""
        service = self.source.service
        return SqlServerSettings(
            host="127.0.0.1",
            port=service.port,
            database=DATABASE,
            user="sa",
            password=service.password("sa"),
            encryption="off",
            reader=driver,
        )

    @property
    def snowflake(self) -> SnowflakeSettings:
        """Settings of the platform's user."""
        return settings_of(self.warehouse)

    @contextmanager
    def context(self, driver: Driver, limits: Limits, progress: Silence | None = None) -> Iterator[Context]:
        """A context of replication."""
        servers = self.sql_server(driver), self.snowflake
        with (
            replication_sessions(*servers, "bench", "bench") as sessions,
            closing(Context.open(sessions, "bench", UTC, None, limits, progress)) as context,
        ):
            yield context

    def replicate(self, driver: Driver, limits: Limits) -> Measured:
        """Replicate all that is there; measured without what a run does once at its start and its end."""
        moments = Moments()
        with self.context(driver, limits, moments) as context:
            started_from = engine.begin(context)
            before, began = self.processor_seconds(), time.perf_counter()
            with stage_folder(context.warehouse, context.run_id, context.started_at) as folder:
                engine.advance(context, folder)
            used = {name: now - before[name] for name, now in self.processor_seconds().items()}
            report = engine.conclude(context, started_from)
        return Measured(report.snapshot_rows + report.changes, moments.last - began, used)

    def empty_warehouse(self) -> None:
        """Forget all that was replicated."""
        with closing(connect_snowflake(self.snowflake, "{}")) as connection:
            for schema in ("RAW", "OPS"):
                connection.cursor().execute(f"DROP SCHEMA IF EXISTS {schema}")

    def processor_seconds(self) -> dict[str, float]:
        """What each process has used so far."""
        times = psutil.Process(self.warehouse.process.pid).cpu_times()
        return {
            "the source": self.source.processor_seconds,
            "this process": time.process_time(),
            "the warehouse": float(times.user + times.system),
        }
