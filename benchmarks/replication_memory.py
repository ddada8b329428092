"""How much memory a run of replication has at most while it applies one big window."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import lineitem
from benchmarks.figures import Figure
from benchmarks.replication_place import DRIVERS, Place
from flows.ingest.context import Limits

ROWS = 250_000
ROUNDS = 2
"""Of 500,000 changes each. With 10 the window has the 5,000,000 of the aim, which takes many minutes."""
CHANGES = 2 * ROWS * ROUNDS
AIM = 600
LOOK_SECONDS = 0.02


def run(folder: Path) -> Iterator[Figure]:
    """memory of a run that applies a window of 1,000,000 changes; what it holds does not grow with them."""
    with Place.start(folder) as place:
        cursor = place.source.pymssql().cursor()
        lineitem.create_seed(cursor, folder)
        for driver in DRIVERS:
            lineitem.create(cursor, "lineitem", ROWS)
            lineitem.capture(cursor, "lineitem")
            place.hurry(cursor)
            place.replicate(driver, Limits())
            for done in range(1, ROUNDS + 1):
                lineitem.update(cursor, "lineitem", ROWS, 10)
                place.source.wait_for_changes(2 * ROWS * done, cursor, table="dbo_lineitem_CT")
            with _peak() as peak:
                measured = place.replicate(driver, Limits())
            note = f"aim: at most {AIM} for 5,000,000 changes; {measured.rows:,} were applied"
            yield Figure(f"{driver}, at most", peak[0], "MiB", note)
            yield Figure("  before it began", peak[1], "MiB", "interpreter and drivers")
            lineitem.drop(cursor, "lineitem")
            place.empty_warehouse()


@contextmanager
def _peak() -> Iterator[list[float]]:
    """What this process has in memory at most while the block runs, and before it; looked at all the time."""
    process, is_over = psutil.Process(), threading.Event()
    seen = [0.0, process.memory_info().rss / 2**20]

    def look() -> None:
        while not is_over.wait(LOOK_SECONDS):
            seen[0] = max(seen[0], process.memory_info().rss / 2**20)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()
