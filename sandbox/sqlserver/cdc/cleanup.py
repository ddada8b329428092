"""Cleanup: raises the low water mark of capture instances and deletes the changes below it.

Rules: Microsoft's page on sys.sp_cdc_cleanup_change_table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.transactions import transaction


def clean_up_by_retention(connection: DuckDBPyConnection, database: str, retention: timedelta) -> None:
    """Forget what is older than the newest commit by more than the retention, for all instances."""
    db = identifier(database)
    with transaction(connection):
        row = connection.execute(
            f"""
            SELECT min(start_lsn)
            FROM {db}.cdc.lsn_time_mapping
            WHERE tran_end_time >= (SELECT max(tran_end_time) FROM {db}.cdc.lsn_time_mapping) - ?
            """,
            [retention],
        ).fetchone()
        if row is None or row[0] is None:
            return
        names = connection.execute(
            f"SELECT capture_instance FROM {db}.cdc.change_tables WHERE start_lsn < ?", [row[0]]
        ).fetchall()
        clean_up(connection, database, [name for (name,) in names], row[0])


def clean_up(
    connection: DuckDBPyConnection, database: str, instances: Sequence[str], low_water_mark: bytes | None
) -> None:
    """Make `low_water_mark` the min LSN of the instances (None: keep theirs) and delete what is below it.

    Runs in the caller's transaction.
    """
    db = identifier(database)
    for name in instances:
        if low_water_mark is not None:
            connection.execute(
                f"UPDATE {db}.cdc.change_tables SET start_lsn = ? WHERE capture_instance = ?",
                [low_water_mark, name],
            )
        connection.execute(
            f"""
            DELETE FROM {db}.cdc.{identifier(f"{name}_CT")}
            WHERE "__$start_lsn" < (
                SELECT start_lsn FROM {db}.cdc.change_tables WHERE capture_instance = ?
            )
            """,
            [name],
        )
    connection.execute(
        f"""
        DELETE FROM {db}.cdc.lsn_time_mapping
        WHERE start_lsn < (SELECT min(start_lsn) FROM {db}.cdc.change_tables)
            AND start_lsn < (SELECT max(start_lsn) FROM {db}.cdc.lsn_time_mapping)
        """
    )
