"""One scan of the log: committed transactions, whole and in order, into the change tables.

All of a scan is one DuckDB transaction: changes, lsn_time_mapping, progress and the log's truncation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import pyarrow as pa
from duckdb import DuckDBPyConnection

import sandbox.sqlserver.cdc.lsn as lsn
from sandbox.sqlserver.cdc.changes import CapturedColumn, LogRecord, change_rows
from sandbox.sqlserver.cdc.quoting import identifier

_CHUNK_ROWS = 200_000
"""Rows that are decoded at a time; a single record may be larger."""


@dataclass(frozen=True)
class CaptureInstance:
    """What the scan must know of a capture instance."""

    change_table: str
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


EMPTY = Scan(0, 0, 0)


def scan(connection: DuckDBPyConnection, database: str, max_transactions: int) -> Scan:
    """Move up to `max_transactions` commits into the change tables of `database`.

    Commits or leaves everything as it was; the log of what was moved is gone afterwards.
    """
    connection.execute("BEGIN")
    try:
        outcome = _scan(connection, identifier(database), max_transactions)
        connection.execute("COMMIT" if outcome.transactions else "ROLLBACK")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return outcome


def _scan(connection: DuckDBPyConnection, db: str, max_transactions: int) -> Scan:
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
    instances = _instances(connection, db)
    records = changes = 0
    captured: set[int] = set()
    for chunk in _chunks(connection, db, first, last):
        records += len(chunk)
        for object_id, object_records in _by_object(chunk):
            for instance in instances:
                if instance.source_object_id == object_id:
                    changes += _capture(connection, db, instance, object_records)
                    captured.update(
                        r.commit_number for r in object_records if r.commit_number > instance.start_commit
                    )
    _map_times(connection, db, captured)
    _truncate(connection, db, last)
    return Scan(len(commits), records, changes, lsn.commit_lsn(first), lsn.commit_lsn(last), commits[-1][1])


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
            change_table=f"{name}_CT",
            source_object_id=source,
            start_commit=lsn.commit_number(start),
            columns=tuple(columns[object_id]),
            key=tuple(keys.get(source, ())),
        )
        for object_id, source, name, start in tables
    ]


@dataclass(frozen=True)
class _Entry:
    """A log record without its images."""

    commit_number: int
    command_id: int
    object_id: int
    rows: int


def _chunks(
    connection: DuckDBPyConnection, db: str, first: int, last: int
) -> Iterator[list[tuple[int, LogRecord]]]:
    """The log's records by object, in log order, a bounded number of rows at a time; commands stay whole."""
    commands = connection.execute(
        f"""
        SELECT commit_number, command_id, sum(row_count)::BIGINT
        FROM {db}.log.records
        WHERE commit_number BETWEEN ? AND ?
        GROUP BY ALL
        ORDER BY ALL
        """,
        [first, last],
    ).fetchall()
    sequence = _Sequence()
    start = 0
    rows = 0
    for end, (_, _, row_count) in enumerate(commands, start=1):
        rows += row_count
        if rows >= _CHUNK_ROWS or end == len(commands):
            low, high = commands[start], commands[end - 1]
            yield _read(connection, db, low[:2], high[:2], sequence)
            start, rows = end, 0


class _Sequence:
    """Counts the rows of the transaction that is being read."""

    def __init__(self) -> None:
        self._commit = -1
        self._rows = 0

    def next(self, commit_number: int, rows: int) -> int:
        if commit_number != self._commit:
            self._commit, self._rows = commit_number, 0
        start = self._rows
        self._rows += rows
        return start


def _read(
    connection: DuckDBPyConnection,
    db: str,
    low: tuple[int, int],
    high: tuple[int, int],
    sequence: _Sequence,
) -> list[tuple[int, LogRecord]]:
    rows = connection.execute(
        f"""
        SELECT commit_number, command_id, object_id, kind, row_count, before, after
        FROM {db}.log.records
        WHERE commit_number BETWEEN $1 AND $3
            AND (commit_number > $1 OR command_id >= $2)
            AND (commit_number < $3 OR command_id <= $4)
        ORDER BY commit_number, command_id, object_id, kind, rowid
        """,
        [*low, *high],
    ).fetchall()
    return [
        (
            object_id,
            LogRecord(commit, command, sequence.next(commit, row_count), kind, _image(before), _image(after)),
        )
        for commit, command, object_id, kind, row_count, before, after in rows
    ]


def _image(stream: bytes | None) -> pa.Table | None:
    return None if stream is None else pa.ipc.open_stream(stream).read_all()


def _by_object(chunk: list[tuple[int, LogRecord]]) -> Iterator[tuple[int, list[LogRecord]]]:
    objects: dict[int, list[LogRecord]] = {}
    for object_id, record in chunk:
        objects.setdefault(object_id, []).append(record)
    yield from objects.items()


def _capture(
    connection: DuckDBPyConnection, db: str, instance: CaptureInstance, records: list[LogRecord]
) -> int:
    """Append the records' changes to one change table; returns the number of rows."""
    captured = 0
    later = (r for r in records if r.commit_number > instance.start_commit)
    for _, same_schema in groupby(later, key=lambda r: r.image.schema):
        changes = change_rows(same_schema, instance.columns, instance.key)
        if changes is None:
            continue
        connection.register("cdc_changes", changes)
        try:
            connection.execute(
                f"""
                INSERT INTO {db}.cdc.{identifier(instance.change_table)} BY NAME
                FROM cdc_changes
                ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation"
                """
            )
        finally:
            connection.unregister("cdc_changes")
        captured += changes.num_rows
    return captured


def _map_times(connection: DuckDBPyConnection, db: str, commits: set[int]) -> None:
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
    try:
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
    finally:
        connection.unregister("cdc_commits")


def as_datetime(expression: str) -> str:
    """A TIMESTAMP as `datetime` keeps it: rounded to 1/300 s, shown as .000, .003 or .007."""
    return (
        f"date_trunc('second', {expression}) + "
        f"to_milliseconds(round(round((microsecond({expression}) % 1000000) * 3 / 10000) * 10 / 3)::BIGINT)"
    )


def _truncate(connection: DuckDBPyConnection, db: str, last: int) -> None:
    """The last commit stays: the engine counts on from it."""
    connection.execute(f"UPDATE {db}.log.harvested SET commit_number = ?", [last])
    connection.execute(f"DELETE FROM {db}.log.records WHERE commit_number <= ?", [last])
    connection.execute(f"DELETE FROM {db}.log.commits WHERE commit_number < ?", [last])
