"""How fast the stand-in SQL Server commits single rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench_server import CAPTURE_MIXED, FILL_MIXED, MIXED, BenchServer
from benchmarks.figures import Figure

TRANSACTIONS = 2_000
AIM_SECONDS = 10
ROWS = 200_000
INSERT = """
    INSERT INTO dbo.mixed
    VALUES ({id}, 1, N'one', 'C-1', 1.5, 2.5, 0.5, 1, '2026-01-01', '2026-01-01T12:00:00.1234567')
"""
UPDATE = "UPDATE dbo.mixed SET amount = amount + 1 WHERE id = {id}"
DELETE = "DELETE FROM dbo.mixed WHERE id = {id}"


def run(folder: Path) -> Iterator[Figure]:
    """2,000 single-row transactions in a row on a captured table of 200,000 rows, over pymssql."""
    with BenchServer.start(folder) as server:
        cursor = server.pymssql().cursor()
        cursor.execute(MIXED)
        cursor.execute(FILL_MIXED.format(first=1, last=ROWS))
        cursor.execute(CAPTURE_MIXED)
        for name, statement in {"INSERT": INSERT, "UPDATE": UPDATE, "DELETE": DELETE}.items():
            seconds = _seconds(cursor.execute, statement)
            yield Figure(f"{TRANSACTIONS:,} × {name}", seconds, "s", f"aim: at most {AIM_SECONDS}")


def _seconds(execute: Callable[[str], object], statement: str) -> float:
    started = time.perf_counter()
    for row in range(ROWS + 1, ROWS + 1 + TRANSACTIONS):
        execute(statement.format(id=row))
    return time.perf_counter() - started
