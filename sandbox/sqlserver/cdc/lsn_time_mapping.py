"""`cdc.lsn_time_mapping`: which commit was when, and rows that say "nothing happened until here"."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
from duckdb import DuckDBPyConnection

import sandbox.sqlserver.cdc.lsn as lsn
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.transactions import transaction

DUMMY_TRANSACTION = b"\x00"


def map_times(connection: DuckDBPyConnection, db: str, commits: set[int]) -> None:
    """lsn_time_mapping rows of captured commits; its times are `datetime`, so 1/300 s."""
    numbers = pa.array(sorted(commits), pa.int64())
    before = pa.array([n - 1 for n in sorted(commits)], pa.int64())
    if not len(numbers):
        return
    connection.register(
        "cdc_commits",
        pa.table(
            {
                "commit_number": numbers,
                "start_lsn": lsn.commit_lsns(numbers.to_numpy()),
                "tran_begin_lsn": lsn.sequence_values(numbers.to_numpy(), before.to_numpy() * 0),
            }
        ),
    )
    connection.execute(
        f"""
        INSERT INTO {db}.cdc.lsn_time_mapping
        SELECT c.start_lsn, {as_datetime("l.begin_time")}, {as_datetime("l.end_time")}, l.tran_id,
            c.tran_begin_lsn
        FROM cdc_commits AS c
        INNER JOIN {db}.log.commits AS l ON l.commit_number = c.commit_number
        ORDER BY c.start_lsn
        """
    )
    connection.unregister("cdc_commits")


def as_datetime(expression: str) -> str:
    """A TIMESTAMP as `datetime` keeps it: rounded to 1/300 s, shown as .000, .003 or .007."""
    return (
        f"date_trunc('second', {expression}) + "
        f"to_milliseconds(round(round((microsecond({expression}) % 1000000) * 3 / 10000) * 10 / 3)::BIGINT)"
    )


def write_dummy(connection: DuckDBPyConnection, database: str) -> bool:
    """Add a row for "until now, nothing", unless there is something in the log to scan first."""
    db = identifier(database)
    with transaction(connection):
        row = connection.execute(_LATEST.format(db=db)).fetchone()
        harvested, logged, mapped, enabled = row if row else (0, 0, None, None)
        if logged > harvested:
            return False
        marker = max(lsn.marker_after(harvested, mapped), enabled or lsn.ZERO)
        connection.execute(
            f"""
            INSERT INTO {db}.cdc.lsn_time_mapping
            SELECT ?, {as_datetime("now")}, {as_datetime("now")}, ?, ?
            FROM (SELECT ?::TIMESTAMP AS now)
            """,
            [marker, DUMMY_TRANSACTION, lsn.ZERO, datetime.now()],
        )
    return True


def is_behind_an_instance(connection: DuckDBPyConnection, database: str) -> bool:
    """True when an instance was enabled after everything that the mapping knows."""
    row = connection.execute(_LATEST.format(db=identifier(database))).fetchone()
    _, _, mapped, enabled = row if row else (0, 0, None, None)
    return enabled is not None and enabled > (mapped or lsn.ZERO)


_LATEST = """
    SELECT
        (SELECT commit_number FROM {db}.log.harvested),
        (SELECT coalesce(max(commit_number), 0) FROM {db}.log.commits),
        (SELECT max(start_lsn) FROM {db}.cdc.lsn_time_mapping),
        (SELECT max(start_lsn) FROM {db}.cdc.change_tables)
"""
