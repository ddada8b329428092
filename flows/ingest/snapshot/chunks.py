"""Snapshot of a table by key-range chunks, each read after a watermark and safe to read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from flows.ingest.changes.window import commit_time
from flows.ingest.lsn import Lsn, snapshot_position
from flows.ingest.source import statements
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.reader import SourceReader
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.columns import BatchLabel, change_log_batch

READ_BY_SNAPSHOT = 0

SAMPLE_ROWS = 1_000

Key = tuple[str, ...]
"""The values of a key, each as lossless text."""


@dataclass(frozen=True)
class Chunk:
    """Rows with keys in (after, up_to]; None is an open end. `snapshot` is the LSN of its planning."""

    table: str
    snapshot: Lsn
    number: int
    after: Key | None
    up_to: Key | None


@dataclass(frozen=True)
class LoadedChunk:
    """A chunk that was read and landed, and how many rows it had."""

    chunk: Chunk
    rows: int


@dataclass(frozen=True)
class Watermark:
    """What CDC had harvested before a chunk was read: its rows are at least as new."""

    lsn: Lsn
    committed_at: datetime | None


def plan_chunks(source: SourceReader, table: CapturedTable, snapshot: Lsn, chunk_rows: int) -> list[Chunk]:
    """Cut the table's keys into ranges of about `chunk_rows` rows, one bounded seek for each.

    The server itself orders and compares the keys, so collations and the order of GUIDs do not matter.
    """
    chunks: list[Chunk] = []
    after: Key | None = None
    while True:
        rows = source.rows(statements.chunk_boundary(table, after, chunk_rows), table.name)
        up_to: Key | None = tuple(map(str, rows[0])) if rows else None
        chunks.append(Chunk(table.name, snapshot, len(chunks), after, up_to))
        if up_to is None:
            return chunks
        after = up_to


def rows_per_chunk(source: SourceReader, table: CapturedTable, chunk_rows: int, chunk_bytes: int) -> int:
    """How many rows a chunk has: fewer where the table's first rows carry large values.

    A guess that costs one bounded query; what a run holds in memory does not depend on it.
    """
    if not table.lobs:
        return chunk_rows
    rows, size = source.rows(statements.lob_bytes(table, SAMPLE_ROWS), table.name)[0]
    return max(1, min(chunk_rows, chunk_bytes * rows // size)) if size else chunk_rows


def read_watermark(source: SourceReader, database: str, table: CapturedTable, zone: ZoneInfo) -> Watermark:
    """The watermark of a chunk that is read next.

    Right after an instance was made CDC's max LSN can be below its start (materialize#33202); what was
    committed before the start is visible to every later read, so the start is the watermark then.
    """
    newest = max_lsn(source, database)
    return Watermark(max(newest, table.start_lsn), commit_time(source, newest, zone))


def read_chunk(
    source: SourceReader, table: CapturedTable, chunk: Chunk, watermark: Watermark, label: BatchLabel
) -> Iterator[pa.RecordBatch]:
    """The rows of a chunk, at the position of its watermark."""
    position = snapshot_position(watermark.lsn)
    statement = statements.chunk(table, chunk.after, chunk.up_to)
    for rows in source.read(statement, table.arrow_schema, table.name, table.batch_rows):
        yield change_log_batch(
            table,
            rows,
            positions=position,
            operations=READ_BY_SNAPSHOT,
            committed_at=watermark.committed_at,
            unchanged=None,
            label=label,
        )


def encode_key(key: Key | None) -> str | None:
    """A boundary as it is kept in OPS: a JSON list of texts."""
    return None if key is None else json.dumps(key, ensure_ascii=False)


def decode_key(text: str | None) -> Key | None:
    """The boundary that `encode_key` wrote."""
    return None if text is None else tuple(json.loads(text))
