"""Reading ahead and applying in order: how windows and chunks overlap, and never overtake each other.

Readers land what they were asked for in threads of their own; this module asks them, and applies their
results strictly in the order in which it asked. So a chunk that was asked before a window is applied before
it, and one that was asked after it has a watermark at or beyond the window's end: no chunk meets a change
that is later than its watermark.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from flows.ingest.changes.window import Window, commit_time, next_window
from flows.ingest.context import Context, utc_now
from flows.ingest.errors import TableError
from flows.ingest.lsn import Lsn
from flows.ingest.reading import ChunksTask, LandedChanges, LandedChunks, WindowTask, landing
from flows.ingest.snapshot.chunks import Chunk
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.readers import Crew
from flows.ingest.tables.captured import Segment
from flows.ingest.tables.registration import close_gap, register, stop, tell_moves
from flows.ingest.warehouse.apply import SnapshotEnd, apply_chunks, apply_window, finish_snapshot
from flows.ingest.warehouse.ledger import SNAPSHOT, Cursor

WINDOWS_AHEAD = 2
"""How many windows are read or wait to be applied."""

CHUNKS_AHEAD = 2
"""How many reads of chunks may wait to be applied, so that no reader waits for that."""


@dataclass(frozen=True)
class WindowRead:
    """A window that its readers land, each some of its tables."""

    window: Window
    parts: list[Future[LandedChanges]]


@dataclass(frozen=True)
class ChunksRead:
    """Some chunks of a table that a reader lands."""

    chunks: Sequence[Chunk]
    landed: Future[LandedChunks]


class Pipeline:
    """One run's reads under way. `cursor` is where this run last saw or set the cursor."""

    def __init__(self, context: Context, crew: Crew, folder: str) -> None:
        self._context = context
        self._crew = crew
        self._folder = folder
        self._landing = landing(context, folder)
        self._reads: deque[WindowRead | ChunksRead] = deque()
        self._pending: deque[Chunk] = deque()
        self._loaded = 0
        self.cursor = context.ledger.require_cursor()
        self._read_up_to = self.cursor

    # --- asking the readers

    def read_windows(self) -> None:
        """Have the next windows read, when CDC has harvested some."""
        if not self._reads:
            self._begin_at_the_cursor()
        while sum(isinstance(read, WindowRead) for read in self._reads) < WINDOWS_AHEAD:
            context, after = self._context, self._read_up_to
            limit = context.limits.max_transactions_per_window
            window = next_window(context.source, after.lsn, limit, context.zone, after.committed_at)
            if window is None:
                return
            task = WindowTask(window, self._needed_segments(window), self._landing)
            readers = 1 if window.is_idle else min(self._crew.size, max(1, task.tables))
            self._reads.append(WindowRead(window, [self._crew.submit(task) for _ in range(readers)]))
            self._read_up_to = Cursor(window.up_to, window.ends_at)

    def read_chunks(self) -> None:
        """Have the next chunks read, by as many readers as there are."""
        self._know_chunks()
        at_once = 1 if self._context.throttle.is_limited else self._crew.size + CHUNKS_AHEAD
        while self._pending and self._chunk_reads() < at_once and self._context.throttle.is_open():
            chunks, context = self._take_chunks(), self._context
            table = context.tables[chunks[0].table]
            task = ChunksTask(context.database.name, context.zone, table, chunks, self._landing)
            self._reads.append(ChunksRead(chunks, self._crew.submit(task)))

    def _take_chunks(self) -> list[Chunk]:
        """The next chunks of one table, as many as one reader lands at a time."""
        chunks = [self._pending.popleft()]
        while self._pending and self._pending[0].table == chunks[0].table:
            if len(chunks) == self._context.limits.chunks_per_round or self._context.throttle.is_limited:
                break
            chunks.append(self._pending.popleft())
        return chunks

    def _know_chunks(self) -> None:
        """Ask the ledger which chunks are pending, when none that is known is left."""
        if self._pending or self._chunk_reads():
            return
        pending, self._loaded = self._context.ledger.chunks()
        followed = [chunk for chunk in pending if chunk.table in self._context.tables]
        self._pending.extend(sorted(followed, key=self._urgency))

    def _urgency(self, chunk: Chunk) -> tuple[int, str, int]:
        """Tables of a higher priority first, one table after the other, its chunks in their order."""
        table = self._context.tables[chunk.table]
        return -self._context.policies.of(table.source_label).priority, chunk.table, chunk.number

    def _begin_at_the_cursor(self) -> None:
        """Nothing is under way, so another run may have moved the cursor: go on from there."""
        self.cursor = self._read_up_to = self._context.ledger.require_cursor()

    def _needed_segments(self, window: Window) -> Iterator[Segment]:
        """What each table needs of a window: its snapshot has the earlier changes."""
        tables = self._context.tables
        for name, registered in self._context.ledger.tables().items():
            if name in tables and not registered.stands:
                after = max(window.after, registered.start_lsn)
                yield from tables[name].segments(after, window.up_to)

    def _chunk_reads(self) -> int:
        return sum(isinstance(read, ChunksRead) for read in self._reads)

    # --- applying what they landed

    def apply_next(self) -> bool:
        """Apply the oldest read; True when that changed which tables are followed, or how."""
        if not self._reads:
            return False
        read = self._reads.popleft()
        is_changed = self._apply_window(read) if isinstance(read, WindowRead) else self._apply_chunks(read)
        if is_changed:
            self._forget_reads()
        return is_changed

    def apply_all(self) -> bool:
        """Apply all that is read; True when that changed which tables are followed, or how."""
        while self._reads:
            if self.apply_next():
                return True
        return False

    def finish_snapshots(self) -> bool:
        """End the snapshots of which no chunk is waiting, also those whose run died before it could.

        They end once CDC has harvested all that their chunks can have seen; True until then.
        """
        context = self._context
        if self._pending or self._chunk_reads():
            return True
        registered = context.ledger.tables()
        waiting = {chunk.table for chunk in context.ledger.chunks()[0]}  # another run may have added some
        complete = [
            table
            for table in registered.values()
            if table.state == SNAPSHOT and table.name in context.tables and table.name not in waiting
        ]
        if complete and not context.harvest.is_past_mark():
            return True
        for table in complete:
            newest = max(max_lsn(context.source, context.database.name), table.start_lsn)
            now = utc_now()
            began_at = commit_time(context.source, table.start_lsn, context.zone)
            began_at = began_at or self.cursor.committed_at or now
            label = context.next_label(self._folder)
            end = SnapshotEnd(context.tables[table.name], table.start_lsn, began_at, newest, label.batch)
            finish_snapshot(context.ledger, end, self.cursor.lsn, now)
            context.progress.step(f"{table.source_label}: snapshot complete, consistent from LSN {newest}")
        return bool(complete or waiting & context.tables.keys())

    def _apply_window(self, read: WindowRead) -> bool:
        context, window = self._context, read.window
        parts = [part.result() for part in read.parts]
        if any(self._is_new(part.newest_instance) for part in parts):
            context.discover()
            register(context)
            return True
        broken = {name: gap for part in parts for name, gap in part.broken.items()}
        for name, gap in broken.items():
            close_gap(context, name, gap)
        files = [file for part in parts for file in part.files]
        apply_window(context.ledger, window, files, utc_now())
        self.cursor = Cursor(window.up_to, window.ends_at)
        context.tally.transactions += window.transactions
        context.tally.changes.update({file.table.name: file.rows for file in files})
        if not window.is_idle:
            context.progress.step(
                f"window up to {window.up_to}: {sum(file.rows for file in files):,} changes of "
                f"{window.transactions:,} transactions in {len(files)} tables"
            )
        tell_moves(context, window)
        return bool(broken)

    def _is_new(self, instance: Lsn | None) -> bool:
        """Whether a capture instance was made since the tables were discovered."""
        known = self._context.discovered.newest_start
        return instance is not None and (known is None or instance > known)

    def _apply_chunks(self, read: ChunksRead) -> bool:
        context = self._context
        try:
            landed = read.landed.result()
        except TableError as error:
            stop(context, read.chunks[0].table, str(error))
            return True
        context.throttle.book(sum(loaded.rows for loaded in landed.chunks), landed.seconds)
        context.harvest.mark()
        apply_chunks(context.ledger, landed.chunks, landed.file, self.cursor.lsn, utc_now())
        for loaded in landed.chunks:
            chunk = loaded.chunk
            self._loaded += 1
            context.tally.snapshot_rows[chunk.table] += loaded.rows
            context.progress.step(f"{chunk.table}: chunk {chunk.number} loaded, {loaded.rows:,} rows")
        under_way = (other.chunks for other in self._reads if isinstance(other, ChunksRead))
        left = len(self._pending) + sum(map(len, under_way))
        rows = context.tally.snapshot_rows.total()
        context.progress.snapshot(self._loaded, self._loaded + left, rows)
        return False

    def _forget_reads(self) -> None:
        """What was read ahead was read of tables as they were followed before: read it again."""
        self._crew.dismiss()
        self._reads.clear()
        self._pending.clear()
        self._read_up_to = self.cursor
