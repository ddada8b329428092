"""How soon a commit in the source is visible in its mirror, while a run follows."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks import lineitem
from benchmarks.figures import Figure
from benchmarks.replication_place import Place
from deployments.connections import connect_snowflake
from flows.ingest.context import Limits
from flows.ingest.follow import Watch, follow

POLLING_SECONDS = 5
"""Of the capture job: SQL Server's default (Microsoft, "sys.sp_cdc_add_job")."""
TRANSACTIONS_PER_SECOND = 200
SECONDS = 40
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 120
AIM = 5.0

TABLE = "CREATE TABLE dbo.ticks (id int NOT NULL PRIMARY KEY, word varchar(20) NOT NULL)"
NEWEST = "SELECT COALESCE(MAX(ID), 0) FROM RAW.TICKS"
Seen = list[tuple[int, float]]
"""The newest row of the mirror, and when it was seen there."""


def run(folder: Path) -> Iterator[Figure]:
    """replicate --follow under 200 transactions/s: from a commit in the source to its row in the mirror."""
    with Place.start(folder) as place:
        cursor = place.source.pymssql().cursor()
        cursor.execute(TABLE)
        lineitem.capture(cursor, "ticks")
        place.hurry(cursor, POLLING_SECONDS)
        committed, seen = _measured(place, cursor)
    waited = [_first_seen(seen, number) - moment for number, moment in enumerate(committed, start=1)]
    rate = len(committed) / (committed[-1] - committed[0])
    p50, p95 = (quantiles(waited, n=100)[percent - 1] for percent in (50, 95))
    yield Figure(
        "traffic",
        rate,
        "/s",
        f"transactions of one row, for {SECONDS} s; {TRANSACTIONS_PER_SECOND} were wanted",
    )
    yield Figure("p50", p50, "s", f"the capture job polls every {POLLING_SECONDS} s")
    yield Figure("p95", p95, "s")
    yield Figure("  beyond the polling interval", p95 - POLLING_SECONDS, "s", f"aim: at most {AIM:.0f}")


def _measured(place: Place, cursor: Any) -> tuple[list[float], Seen]:
    """When each row was committed, and when the mirror was seen to have it."""
    watch = Watch(seconds=SECONDS + 2 * PATIENCE_SECONDS)
    with place.context("mssql-python", Limits()) as context, ThreadPoolExecutor(2) as pool:
        following = pool.submit(follow, context, watch)
        try:
            _wait_for_a_poll(watch, following)
            traffic = pool.submit(_commit, cursor)
            seen = _look(place, traffic)
        finally:
            watch.stop.set()
        following.result()
    return traffic.result(), seen


def _wait_for_a_poll(watch: Watch, following: Future[Any]) -> None:
    while not watch.polls:
        if following.done():
            following.result()
        time.sleep(LOOK_SECONDS)


def _commit(cursor: Any) -> list[float]:
    """Insert rows 1, 2, … at the rate, each in a transaction of its own; when each was committed."""
    began, committed = time.monotonic(), list[float]()
    while time.monotonic() < began + SECONDS:
        time.sleep(max(0.0, began + len(committed) / TRANSACTIONS_PER_SECOND - time.monotonic()))
        cursor.execute(f"INSERT INTO dbo.ticks VALUES ({len(committed) + 1}, 'tick')")
        committed.append(time.monotonic())
    return committed


def _look(place: Place, traffic: Future[list[float]]) -> Seen:
    """Ask the mirror for its newest row until it has all. Raises TimeoutError."""
    seen: Seen = []
    deadline = time.monotonic() + SECONDS + PATIENCE_SECONDS
    with closing(connect_snowflake(place.snowflake, "{}")) as connection, connection.cursor() as cursor:
        while not (traffic.done() and seen[-1:] and seen[-1][0] == len(traffic.result())):
            cursor.execute(NEWEST)
            ((newest,),) = cursor.fetchall()
            seen.append((int(newest), time.monotonic()))
            if time.monotonic() > deadline:
                raise TimeoutError(f"row {newest} is the newest in the mirror after {PATIENCE_SECONDS} s")
            time.sleep(LOOK_SECONDS)
    return seen


def _first_seen(seen: Seen, number: int) -> float:
    return seen[bisect_left(seen, number, key=lambda look: look[0])][1]
