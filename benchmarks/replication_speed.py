"""How fast replication is, against its drivers' own ceilings and Debezium's engine on the same source."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from benchmarks import lineitem
from benchmarks.debezium import Debezium
from benchmarks.figures import Figure, ratio
from benchmarks.replication_place import DRIVERS, Driver, Measured, Place
from flows.ingest.context import Limits

ROWS = {"pymssql": 300_000, "mssql-python": 2_000_000}
"""Rows of each driver's table: its runs should last seconds, and not minutes."""
UPDATED = 250_000
"""Rows that are updated for a window: each is two rows of the change table."""
TRANSACTIONS = 10
TRANSACTIONS_PER_WINDOW = 4
CHUNKS_PER_ROUND: dict[Driver, int] = {"pymssql": 1, "mssql-python": 2}
"""So that a run is some windows and some rounds, as a longer one has with its own limits: reading goes on
while the ones before are applied, which a single one could not show."""
DEBEZIUM_ROWS = 60_000
FETCH_ROWS = 16_384
SNAPSHOT_AIMS: dict[Driver, dict[str, float]] = {
    "pymssql": {"pymssql": 0.7, "Debezium": 3},
    "mssql-python": {"mssql-python": 0.4, "pymssql": 2, "Debezium": 3},
}
WINDOW_AIM = 0.5
READERS_AIM = 1.7
IN_LOG_ORDER = "ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]"


def run(folder: Path) -> Iterator[Figure]:
    """TPC-H's lineitem (16 columns) to committed rows in Snowflake; all share this machine's cores."""
    with Place.start(folder) as place:
        cursor = place.source.pymssql().cursor()
        lineitem.create_seed(cursor, folder)
        lineitem.create(cursor, "debezium", DEBEZIUM_ROWS)
        lineitem.capture(cursor, "debezium")
        place.hurry(cursor)
        debezium = yield from _debezium(place, cursor, folder)
        lineitem.drop(cursor, "debezium")
        ceilings: dict[str, float] = {}
        for driver in DRIVERS:
            lineitem.create(cursor, "lineitem", ROWS[driver])
            lineitem.capture(cursor, "lineitem")
            yield from _driver(place, cursor, driver, ceilings, debezium)
            lineitem.drop(cursor, "lineitem")
            place.empty_warehouse()


def _driver(
    place: Place, cursor: Any, driver: Driver, ceilings: dict[str, float], debezium: dict[str, float]
) -> Iterator[Figure]:
    """A snapshot and a window with one driver, beside what it does when it does nothing else."""
    ceilings[driver] = _ceiling(place, driver, "SELECT * FROM dbo.lineitem")
    yield Figure(f"{driver}, fetching into nothing", ceilings[driver], "rows/s")
    place.replicate(driver, Limits(chunk_rows=ROWS[driver]))  # everything is compiled and cached now
    place.empty_warehouse()
    snapshot = place.replicate(driver, _limits(driver, readers=1))
    references = ceilings | {"Debezium": debezium["snapshot"]}
    yield _against("  snapshot, 1 reader", snapshot, references, SNAPSHOT_AIMS[driver])
    yield Figure("", snapshot.seconds, "s", snapshot.bound)
    place.empty_warehouse()
    two = place.replicate(driver, _limits(driver, readers=2))
    yield _against("  snapshot, 2 readers", two, {"1 reader": snapshot.rate}, {"1 reader": READERS_AIM})
    lineitem.update(cursor, "lineitem", UPDATED, TRANSACTIONS)
    place.source.wait_for_changes(2 * UPDATED, cursor, table="dbo_lineitem_CT")
    ceiling = _ceiling(place, driver, f"SELECT * FROM cdc.dbo_lineitem_CT {IN_LOG_ORDER}")
    yield Figure("  changes, fetched into nothing", ceiling, "rows/s")
    window = place.replicate(driver, _limits(driver, readers=1))
    references = {driver: ceiling, "Debezium": debezium["stream"]}
    yield _against("  windows of changes", window, references, {driver: WINDOW_AIM, "Debezium": 3})
    yield Figure("", window.seconds, "s", window.bound)


def _limits(driver: Driver, readers: int) -> Limits:
    return Limits(
        readers=readers,
        chunks_per_round=CHUNKS_PER_ROUND[driver],
        max_transactions_per_window=TRANSACTIONS_PER_WINDOW,
    )


def _debezium(place: Place, cursor: Any, folder: Path) -> Generator[Figure, None, dict[str, float]]:
    """Debezium's engine, its events written to a file: rows of a snapshot, then rows of the change table."""
    with Debezium.start(folder / "debezium", place.source, "debezium") as debezium:
        snapshot = DEBEZIUM_ROWS / debezium.seconds_of(DEBEZIUM_ROWS)
        yield Figure("Debezium, snapshot to a file of JSON", snapshot, "rows/s")
        lineitem.update(cursor, "debezium", DEBEZIUM_ROWS, TRANSACTIONS)
        place.source.wait_for_changes(2 * DEBEZIUM_ROWS, cursor, table="dbo_debezium_CT")
        stream = 2 * DEBEZIUM_ROWS / debezium.seconds_of(DEBEZIUM_ROWS)
        yield Figure(
            "Debezium, changes to a file of JSON", stream, "rows/s", "an event is two rows of changes"
        )
    return {"snapshot": snapshot, "stream": stream}


def _against(what: str, measured: Measured, references: dict[str, float], aims: dict[str, float]) -> Figure:
    ratios = (ratio(measured.rate, references[name], name, aim) for name, aim in aims.items())
    return Figure(what, measured.rate, "rows/s", ", ".join(ratios))


def _ceiling(place: Place, driver: Driver, query: str) -> float:
    """Rows a second, when the driver's rows or batches are thrown away."""
    connection = place.source.pymssql() if driver == "pymssql" else place.source.odbc()
    with connection, connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(query)
        rows = _fetch_rows(cursor) if driver == "pymssql" else _fetch_arrow(cursor)
        return rows / (time.perf_counter() - began)


def _fetch_rows(cursor: Any) -> int:
    return sum(len(rows) for rows in iter(lambda: cursor.fetchmany(FETCH_ROWS), []))


def _fetch_arrow(cursor: Any) -> int:
    rows = 0
    while fetched := cursor.arrow_batch(FETCH_ROWS).num_rows:
        rows += fetched
    return rows
