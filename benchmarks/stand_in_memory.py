"""Whether the stand-in SQL Server's memory stays flat while it captures many changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench_server import CAPTURE_MIXED, FILL_MIXED, MIXED, BenchServer
from benchmarks.figures import Figure, ratio

ROWS = 50_000
CHANGES = 1_000_000
ROWS_PER_TRANSACTION = 1_000
STEPS = 5
UPDATE = "UPDATE dbo.mixed SET amount = amount + 1, at = SYSDATETIME() WHERE id BETWEEN {first} AND {last}"


def run(folder: Path) -> Iterator[Figure]:
    """memory of the stand-in SQL Server while 1,000,000 updates are made and captured."""
    with BenchServer.start(folder) as server:
        cursor = server.pymssql().cursor()
        cursor.execute(MIXED)
        cursor.execute(FILL_MIXED.format(first=1, last=ROWS))
        cursor.execute(CAPTURE_MIXED)
        first = 0.0
        for step in range(1, STEPS + 1):
            for transaction in range(CHANGES // STEPS // ROWS_PER_TRANSACTION):
                start = transaction * ROWS_PER_TRANSACTION % ROWS + 1
                cursor.execute(UPDATE.format(first=start, last=start + ROWS_PER_TRANSACTION - 1))
            changes = step * CHANGES // STEPS
            server.wait_for_changes(2 * changes, cursor)  # an update is two rows
            first = first or server.memory
            yield Figure(
                f"after {changes:,} changes", server.memory, "MiB", ratio(server.memory, first, "the first")
            )
