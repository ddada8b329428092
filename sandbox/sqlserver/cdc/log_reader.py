"""Reads the engine's transaction log, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.changes import LogRecord

_CHUNK_ROWS = 200_000
"""Rows that are decoded at a time; a single command may be larger."""


def read_chunks(
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
