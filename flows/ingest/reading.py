"""What the readers' threads do: land the changes of a window, or the rows of some chunks of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from threading import Event
from zoneinfo import ZoneInfo

import pyarrow as pa

from flows.ingest.ahead import ahead
from flows.ingest.changes.stream import ChangeStream, Gap, prove
from flows.ingest.changes.window import Window
from flows.ingest.context import Context
from flows.ingest.errors import TableError
from flows.ingest.lsn import Lsn
from flows.ingest.snapshot.chunks import Chunk, LoadedChunk, read_chunk, read_watermark
from flows.ingest.source.reader import SourceReader, retry_deadlocks
from flows.ingest.tables.captured import CapturedTable, Segment
from flows.ingest.tables.columns import BatchLabel
from flows.ingest.warehouse.landing import LandedTable, land
from flows.ingest.warehouse.stager import Stager

BATCHES_AHEAD = 4
"""How many batches are read ahead of those that are being written."""


@dataclass(frozen=True)
class Landing:
    """Where a run's files go; each batch gets a label of its own."""

    stager: Stager
    folder: str
    rows_per_file: int
    next_label: Callable[[], BatchLabel]

    def land(
        self, table: CapturedTable, batches: Iterator[pa.RecordBatch], label: BatchLabel, stop: Event
    ) -> LandedTable | None:
        """Write, while a thread reads ahead, and stage."""
        with ahead(batches, BATCHES_AHEAD, stop) as read:
            return land(self.stager, table, read, self.folder, label.batch, self.rows_per_file)


def landing(context: Context, folder: str) -> Landing:
    """Where the files of a run go that has a folder of the stage."""
    return Landing(context.stager, folder, context.limits.rows_per_file, lambda: context.next_label(folder))


@dataclass
class LandedChanges:
    """What one reader landed of a window.

    Attributes:
        files: of tables of which no change is missing.
        broken: why others are of no use, by name.
        newest_instance: when the newest capture instance began that the reader could see.
    """

    files: list[LandedTable] = field(default_factory=list)
    broken: dict[str, Gap] = field(default_factory=dict)
    newest_instance: Lsn | None = None


class WindowTask:
    """The changes of one window: its readers share the tables, each takes the next one that is left."""

    def __init__(self, window: Window, segments: Iterable[Segment], landing: Landing) -> None:
        self._window = window
        self._landing = landing
        by_table: dict[str, list[Segment]] = {}
        for segment in segments:
            by_table.setdefault(segment.table.name, []).append(segment)
        self.tables = len(by_table)
        self._left: SimpleQueue[list[Segment]] = SimpleQueue()
        for of_table in by_table.values():
            self._left.put(of_table)

    def __call__(self, reader: SourceReader, stop: Event) -> LandedChanges:
        """Land tables until none is left."""
        mine: list[Segment] = []
        return retry_deadlocks(lambda: self._read(reader, stop, mine))

    def _read(self, reader: SourceReader, stop: Event, mine: list[Segment]) -> LandedChanges:
        """In one transaction: read the tables, and prove that no change of them is missing."""
        if not mine and not self._take(mine):
            return LandedChanges()
        landed = LandedChanges()
        with reader.transaction():
            done = 0
            while done < len(mine) or self._take(mine):
                self._land(reader, mine[done], stop, landed)
                done += 1
            proof = prove(reader, mine)
        landed.broken = proof.gaps | landed.broken
        landed.newest_instance = proof.newest_instance
        landed.files = [file for file in landed.files if file.table.name not in landed.broken]
        return landed

    def _take(self, mine: list[Segment]) -> bool:
        """Take the segments of a table that nobody has taken; False when none is left."""
        try:
            mine.extend(self._left.get_nowait())
        except Empty:
            return False
        return True

    def _land(self, reader: SourceReader, segment: Segment, stop: Event, landed: LandedChanges) -> None:
        table = segment.table
        if self._window.is_idle or table.name in landed.broken:
            return
        label, of_segment = self._landing.next_label(), replace(self._window, up_to=segment.up_to)
        changes = ChangeStream(reader, table, of_segment, segment.after, label)
        try:
            file = self._landing.land(table, iter(changes), label, stop)
        except TableError as error:
            landed.broken[table.name] = Gap(str(error), is_instance_lost=True)
            return
        if changes.lost_value is not None:
            landed.broken[table.name] = Gap(changes.lost_value)
        if file is not None:
            landed.files.append(file)


@dataclass(frozen=True)
class LandedChunks:
    """What a reader landed of some chunks of a table."""

    chunks: list[LoadedChunk]
    file: LandedTable | None
    seconds: float = 0.0
    """How long the source was busy with them."""


@dataclass(frozen=True)
class ChunksTask:
    """Some chunks of one table, read one after the other, each after a watermark of its own."""

    database: str
    zone: ZoneInfo
    table: CapturedTable
    chunks: Sequence[Chunk]
    landing: Landing

    def __call__(self, reader: SourceReader, stop: Event) -> LandedChunks:
        """Land the chunks.

        Raises:
            TableError: the table cannot be read.
        """
        return retry_deadlocks(lambda: self._read(reader, stop))

    def _read(self, reader: SourceReader, stop: Event) -> LandedChunks:
        loaded: list[LoadedChunk] = []
        label = self.landing.next_label()
        before = reader.meter.by_table[self.table.name].milliseconds
        file = self.landing.land(self.table, self._batches(reader, label, loaded), label, stop)
        file = None if file is None else replace(file, has_changes=False)
        busy = reader.meter.by_table[self.table.name].milliseconds - before
        return LandedChunks(loaded, file, busy / 1000)

    def _batches(
        self, reader: SourceReader, label: BatchLabel, loaded: list[LoadedChunk]
    ) -> Iterator[pa.RecordBatch]:
        for chunk in self.chunks:
            watermark = read_watermark(reader, self.database, self.table, self.zone)
            rows = 0
            for batch in read_chunk(reader, self.table, chunk, watermark, label):
                rows += batch.num_rows
                yield batch
            loaded.append(LoadedChunk(chunk, rows))
