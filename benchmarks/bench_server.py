"""A stand-in SQL Server for a benchmark, and sessions on it with each driver."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mssql_python
import psutil
import pymssql

from sandbox.process import Service

DATABASE = "bench"
MIXED = """
    CREATE TABLE dbo.mixed (
        id int NOT NULL PRIMARY KEY,
        big bigint NULL,
        name nvarchar(40) NULL,
        code varchar(20) NULL,
        amount decimal(18, 4) NULL,
        price money NULL,
        ratio float NULL,
        active bit NOT NULL,
        day date NULL,
        at datetime2(7) NULL
    )
"""
FILL_MIXED = """
    INSERT INTO dbo.mixed
    SELECT value, CAST(value AS bigint) * 1000003, CONCAT(N'Name of ', value), CONCAT('C-', value % 1000),
        CAST(value AS decimal(18, 4)) / 7, CAST(value % 10000 AS money) / 3, value / 3.0e0, value % 2,
        DATEADD(day, value % 3650, '2016-01-01'), DATEADD(second, value, '2020-01-01')
    FROM GENERATE_SERIES({first}, {last})
"""
CAPTURE_MIXED = """
    EXEC sys.sp_cdc_enable_db;
    EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'mixed', @role_name = NULL;
"""


@dataclass(frozen=True)
class BenchServer:
    """The server and its one database."""

    service: Service

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[BenchServer]:
        """Start it with an empty database; it ends with the block."""
        with Service.start("sandbox.sqlserver", folder, "--database", DATABASE) as service:
            yield cls(service)

    def pymssql(self) -> pymssql.Connection:
        """A session of pymssql in clear text, autocommit."""
        return pymssql.connect(
            server="127.0.0.1",
            port=str(self.service.port),
            user="sa",
            password=self.service.password("sa"),
            database=DATABASE,
            encryption="off",
            autocommit=True,
        )

    def odbc(self) -> mssql_python.Connection:
        """A session of Microsoft's ODBC driver in clear text, autocommit."""
        return mssql_python.connect(
            f"Server=127.0.0.1,{self.service.port};Database={DATABASE};UID=sa;"
            f"PWD={{{self.service.password('sa')}}};Encrypt=no;",
            autocommit=True,
        )

    @property
    def memory(self) -> float:
        """What the server has in memory now, MiB."""
        resident: int = psutil.Process(self.service.process.pid).memory_info().rss
        return resident / 2**20

    @property
    def processor_seconds(self) -> float:
        """What the server has used of the processors so far."""
        times = psutil.Process(self.service.process.pid).cpu_times()
        return float(times.user + times.system)

    def wait_for_changes(
        self, rows: int, cursor: Any, limit_seconds: float = 120, table: str = "dbo_mixed_CT"
    ) -> None:
        """Wait until a change table has so many rows. Raises TimeoutError."""
        deadline = time.monotonic() + limit_seconds
        while True:
            cursor.execute(f"SELECT COUNT_BIG(*) FROM cdc.{table}")
            found = int(str(cursor.fetchall()[0][0]))
            if found >= rows:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the capture job has harvested {found:,} of {rows:,} changes")
            time.sleep(0.2)
