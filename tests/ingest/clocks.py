"""Three tables that each transaction moves on together: any two states of them are from different commits.

A reader of the warehouse that sees two clocks differ sees half a commit; a change log in which a number is
missing, comes twice, or comes late has lost, doubled or misplaced a change.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event

import pymssql

from deployments.connections import ConnectionFailed, connect_snowflake
from flows.ingest.errors import WarehouseError
from flows.ingest.warehouse.session import WarehouseSession
from sandbox.shellcorp.server import ServerUnreachable
from tests.ingest.world import World

CLOCKS = ("clock_a", "clock_b", "clock_c")
Shown = tuple[int, ...]
"""The numbers of the three clocks, read in one statement."""

TICK_SECONDS = 0.1
RECONNECT_SECONDS = 0.1
WATCH_SECONDS = 0.1

SEEN_AT_ONCE = """
SELECT a.N, b.N, c.N
FROM RAW.CLOCK_A AS a
CROSS JOIN RAW.CLOCK_B AS b
CROSS JOIN RAW.CLOCK_C AS c
WHERE 3 = (
    SELECT COUNT(*) FROM OPS.REPLICATED_TABLES WHERE TABLE_NAME LIKE 'CLOCK%' AND STATE = 'streaming'
)
"""
TICKS = "SELECT N, _POSITION FROM RAW.{}__CHANGES WHERE _OPERATION = 4 ORDER BY _POSITION"


def create(world: World) -> None:
    """Create the clocks, at 0, captured; the platform may read them."""
    for clock in CLOCKS:
        world.execute(
            f"CREATE TABLE dbo.{clock} (id int NOT NULL PRIMARY KEY, n int NOT NULL)",
            f"INSERT INTO dbo.{clock} VALUES (1, 0)",
            f"EXEC sys.sp_cdc_enable_table N'dbo', N'{clock}', @role_name = NULL",
            f"GRANT SELECT ON dbo.{clock} TO [{world.place.reader.user}]",
        )


@contextmanager
def ticking(world: World) -> Iterator[None]:
    """They tick meanwhile, in a process of its own; a lost server is waited for."""
    fork = get_context("fork")
    stop = fork.Event()
    process = fork.Process(target=_tick, args=(world, stop))
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join()
    assert process.exitcode == 0


def _tick(world: World, stop: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    together = "; ".join(f"UPDATE dbo.{clock} SET n = n + 1" for clock in CLOCKS)
    while not stop.is_set():
        try:
            with world.server().connect("clocks") as connection, connection.cursor() as cursor:
                while not stop.wait(TICK_SECONDS):
                    cursor.execute(together)
                    connection.commit()
        except (pymssql.Error, ServerUnreachable):
            time.sleep(RECONNECT_SECONDS)


@contextmanager
def watched(world: World) -> Iterator[set[Shown]]:
    """Read them in the warehouse again and again meanwhile; what they showed is in the set at the end."""
    fork = get_context("fork")
    stop, seen, shown = fork.Event(), fork.SimpleQueue(), set()
    process = fork.Process(target=_watch, args=(world, stop, seen))
    process.start()
    try:
        yield shown
    finally:
        stop.set()
        shown |= seen.get()
        process.join()
    assert process.exitcode == 0


def _watch(world: World, stop: Event, seen: SimpleQueue[set[Shown]]) -> None:
    shown: set[Shown] = set()
    while not stop.is_set():
        try:
            with closing(connect_snowflake(world.place.warehouse, '{"flow": "watch"}')) as connection:
                session = WarehouseSession(connection)
                while not stop.wait(WATCH_SECONDS):
                    shown.update(session.rows(SEEN_AT_ONCE))
                shown.update(session.rows(SEEN_AT_ONCE))
        except (WarehouseError, ConnectionFailed):
            time.sleep(RECONNECT_SECONDS)  # the warehouse is down, or RAW has no clocks yet
    seen.put(shown)


def misplaced(world: World, clock: str) -> list[int]:
    """The numbers that a change log lacks, has twice, or has in the wrong place: none, when all is well."""
    ticks = [int(number) for number, _ in world.warehouse_rows(TICKS.format(clock.upper()))]
    expected = range(ticks[0], ticks[0] + len(ticks)) if ticks else range(0)
    return [number for number, right in zip(ticks, expected, strict=True) if number != right]
