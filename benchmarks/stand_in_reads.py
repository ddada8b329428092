"""How fast the stand-in SQL Server serves rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench_server import FILL_MIXED, MIXED, BenchServer
from benchmarks.figures import Figure, ratio

ROWS = 1_000_000
FEWER_ROWS = 200_000
AIM = 300_000
ROUNDS = 3
QUERY = "SELECT TOP ({rows}) * FROM dbo.mixed"


def run(folder: Path) -> Iterator[Figure]:
    """rows of ten mixed columns from the stand-in SQL Server; the best of three rounds."""
    with BenchServer.start(folder) as server:
        control = server.pymssql().cursor()
        control.execute(MIXED)
        control.execute(FILL_MIXED.format(first=1, last=ROWS))
        before = server.processor_seconds
        arrow = _best(lambda: _arrow(server), ROWS)
        server_side = ROUNDS * ROWS / (server.processor_seconds - before)
        yield Figure("mssql-python, cursor.arrow()", arrow, "rows/s", f"aim: {AIM:,}")
        yield Figure("  the server's own part", server_side, "rows/s", "for a second of one processor")
        rows = _best(lambda: _odbc_rows(server), FEWER_ROWS)
        yield Figure("mssql-python, fetchmany()", rows, "rows/s", ratio(rows, arrow, "cursor.arrow()"))
        plain = _best(lambda: _pymssql_rows(server), FEWER_ROWS)
        yield Figure("pymssql, fetchmany()", plain, "rows/s", ratio(plain, arrow, "cursor.arrow()"))


def _best(fetch: Callable[[], int], rows: int) -> float:
    """Rows a second in the best round."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        fetched = fetch()
        seconds.append(time.perf_counter() - started)
        if fetched != rows:
            raise ValueError(f"{fetched} rows arrived, {rows} were asked for")
    return rows / min(seconds)


def _arrow(server: BenchServer) -> int:
    with server.odbc() as connection, connection.cursor() as cursor:
        cursor.execute(QUERY.format(rows=ROWS))
        return int(cursor.arrow().num_rows)


def _odbc_rows(server: BenchServer) -> int:
    with server.odbc() as connection, connection.cursor() as cursor:
        cursor.execute(QUERY.format(rows=FEWER_ROWS))
        return sum(len(rows) for rows in iter(lambda: cursor.fetchmany(10_000), []))


def _pymssql_rows(server: BenchServer) -> int:
    with server.pymssql() as connection, connection.cursor() as cursor:
        cursor.execute(QUERY.format(rows=FEWER_ROWS))
        return sum(len(rows) for rows in iter(lambda: cursor.fetchmany(10_000), []))
