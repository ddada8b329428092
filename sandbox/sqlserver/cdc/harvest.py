"""One scan of the log: committed transactions, whole and in order, into the change tables.

All of a scan is one DuckDB transaction: changes, lsn_time_mapping, progress and the log's truncation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import duckdb
from duckdb import DuckDBPyConnection

import sandbox.sqlserver.cdc.lsn as lsn
from sandbox.sqlserver.cdc.changes import CapturedColumn, LogRecord, change_rows
from sandbox.sqlserver.cdc.log_reader import read_chunks
from sandbox.sqlserver.cdc.lsn_time_mapping import map_times
from sandbox.sqlserver.cdc.phases import LAST_SCAN, SCHEMA_VERSIONING, Phase, ScanError
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.schema_change import carry_over, from_log
from sandbox.sqlserver.cdc.transactions import transaction
from sandbox.sqlserver.engine.errors import translate
from sandbox.sqlserver.results import SqlServerError


@dataclass(frozen=True)
class CaptureInstance:
    """What the scan must know of a capture instance."""

    name: str
    source_object_id: int
    start_commit: int
    """Changes of later commits are captured."""
    columns: tuple[CapturedColumn, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Scan:
    """What one scan did."""

    transactions: int
    log_records: int
    changes: int
    first_lsn: bytes | None = None
    last_lsn: bytes | None = None
    last_commit_time: datetime | None = None
    schema_changes: int = 0


EMPTY = Scan(0, 0, 0)
ONE_AT_A_TIME = threading.Lock()
"""Scans and dummy rows exclude each other: both write where the log was read up to."""


def scan(
    connection: DuckDBPyConnection,
    database: str,
    max_transactions: int,
    may_run: Callable[[], bool] = lambda: True,
) -> Scan:
    """Move up to `max_transactions` commits into the change tables of `database`.

    Commits or leaves everything as it was; the log of what was moved is gone afterwards. `may_run` is asked
    once no other scan is under way: whoever forbids scans and then takes the lock knows that none comes.

    Raises:
        ScanError: what the log holds cannot be written into the change tables.
        duckdb.TransactionException: a session changed what was being scanned; to be tried again.
    """
    with ONE_AT_A_TIME:
        if not may_run():
            return EMPTY
        with transaction(connection):
            return _scan(connection, database, max_transactions)


def wait_for_scan() -> None:
    """Return when the scan that is under way has ended."""
    with ONE_AT_A_TIME:
        return


def _scan(connection: DuckDBPyConnection, database: str, max_transactions: int) -> Scan:
    db = identifier(database)
    commits = connection.execute(
        f"""
        SELECT commit_number, end_time
        FROM {db}.log.commits
        WHERE commit_number > (SELECT commit_number FROM {db}.log.harvested)
        ORDER BY commit_number
        LIMIT ?
        """,
        [max_transactions],
    ).fetchall()
    if not commits:
        return EMPTY
    first, last = commits[0][0], commits[-1][0]
    ends = dict(commits)
    instances = _instances(connection, db)
    records = changes = schema_changes = 0
    captured: set[int] = set()
    for chunk in read_chunks(connection, db, first, last):
        records += len(chunk)
        for object_id, is_ddl, run in _runs(chunk):
            following = [instance for instance in instances if instance.source_object_id == object_id]
            if is_ddl:
                schema_changes += len(run)
                for record in run:
                    _carry_over(connection, database, following, record, ends[record.commit_number])
                instances = _instances(connection, db)
                continue
            for instance in following:
                changes += _capture(connection, db, instance, run)
                captured.update(r.commit_number for r in run if r.commit_number > instance.start_commit)
    map_times(connection, db, captured)
    _truncate(connection, db, last)
    return Scan(
        len(commits),
        records,
        changes,
        lsn.commit_lsn(first),
        lsn.commit_lsn(last),
        commits[-1][1],
        schema_changes,
    )


def _instances(connection: DuckDBPyConnection, db: str) -> list[CaptureInstance]:
    keys: dict[int, list[str]] = {}
    for object_id, column in connection.execute(
        f"SELECT object_id, column_name FROM {db}.log.primary_keys ORDER BY object_id, key_ordinal"
    ).fetchall():
        keys.setdefault(object_id, []).append(column)
    columns: dict[int, list[CapturedColumn]] = {}
    for change_table_id, name, lob, is_computed in connection.execute(
        f"""
        SELECT change_table_id, column_name, lob, is_computed
        FROM {db}.log.image_columns
        ORDER BY change_table_id, column_ordinal
        """
    ).fetchall():
        columns.setdefault(change_table_id, []).append(CapturedColumn(name, lob, is_computed))
    tables = connection.execute(
        f"SELECT object_id, source_object_id, capture_instance, start_lsn FROM {db}.cdc.change_tables"
    ).fetchall()
    return [
        CaptureInstance(
            name=name,
            source_object_id=source,
            start_commit=lsn.commit_number(start),
            columns=tuple(columns[object_id]),
            key=tuple(keys.get(source, ())),
        )
        for object_id, source, name, start in tables
    ]


def _runs(chunk: list[tuple[int, LogRecord]]) -> Iterator[tuple[int, bool, list[LogRecord]]]:
    """The records of each table in log order, its DDL apart from what happened to its rows."""
    objects: dict[int, list[LogRecord]] = {}
    for object_id, record in chunk:
        objects.setdefault(object_id, []).append(record)
    for object_id, records in objects.items():
        for is_ddl, run in groupby(records, key=lambda record: record.kind == "ddl"):
            yield object_id, is_ddl, list(run)


def _carry_over(
    connection: DuckDBPyConnection,
    database: str,
    instances: list[CaptureInstance],
    record: LogRecord,
    at: datetime,
) -> None:
    """Follow an ALTER TABLE in the instances that were there before it."""
    for instance in instances:
        if record.commit_number > instance.start_commit:
            with _told_as(SCHEMA_VERSIONING, record):
                change = from_log(record.image)
                carry_over(connection, database, instance.name, change, record.commit_number, at)


def _capture(
    connection: DuckDBPyConnection, db: str, instance: CaptureInstance, records: list[LogRecord]
) -> int:
    """Append the records' changes to one change table; returns the number of rows."""
    captured = 0
    later = (r for r in records if r.commit_number > instance.start_commit)
    for _, group in groupby(later, key=lambda r: r.image.schema):
        same_schema = list(group)
        changes = change_rows(same_schema, instance.columns, instance.key)
        if changes is None:
            continue
        connection.register("cdc_changes", changes)
        with _told_as(LAST_SCAN, same_schema[0]):
            connection.execute(
                f"""
                INSERT INTO {db}.cdc.{identifier(f"{instance.name}_CT")} BY NAME
                FROM cdc_changes
                ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation"
                """
            )
        connection.unregister("cdc_changes")
        captured += changes.num_rows
    return captured


@contextmanager
def _told_as(phase: Phase, record: LogRecord) -> Iterator[None]:
    """Tell what went wrong as SQL Server does: in which phase, at which place of the log."""
    try:
        yield
    except duckdb.TransactionException:
        raise
    except (SqlServerError, duckdb.Error) as problem:
        error = problem if isinstance(problem, SqlServerError) else translate(problem)
        raise ScanError(phase, error, record.commit_number, record.sequence) from problem


def _truncate(connection: DuckDBPyConnection, db: str, last: int) -> None:
    connection.execute(f"UPDATE {db}.log.harvested SET commit_number = ?", [last])
    connection.execute(f"DELETE FROM {db}.log.records WHERE commit_number <= ?", [last])
