"""Arrow batches to Parquet files on the run's path of the stage, cut at a number of rows."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.ingest.errors import ReplicationError, WarehouseError
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.columns import change_log_schema
from flows.ingest.warehouse import ops_sql
from flows.ingest.warehouse.ledger import Arrival
from flows.ingest.warehouse.session import WarehouseSession
from flows.ingest.warehouse.stager import Stager

STALE_AFTER = timedelta(days=1)
"""Files of a run that began longer ago are taken for a dead run's; no run lasts that long between commits."""

ROWS_PER_FILE = 500_000

ROWS_PER_GROUP = 65_536
GROUP_BYTES = 16 * 2**20
"""Rows of a row group, fewer where they are wide; small groups cost much, to write and to read."""

_STAMP = "%Y%m%dT%H%M%S%f"


@contextmanager
def stage_folder(warehouse: WarehouseSession, run_id: str, started_at: datetime) -> Iterator[str]:
    """A folder on the stage for one run, removed at its end; what runs that died left goes first.

    Its name begins with the time, by which dead runs are told, and which makes it new for each attempt:
    COPY skips a path that it has loaded before.
    """
    remove_stale_folders(warehouse, started_at)
    folder = f"{started_at:{_STAMP}}-{re.sub(r'[^A-Za-z0-9_-]', '-', run_id)}"
    try:
        yield folder
    except ReplicationError:
        with suppress(WarehouseError):  # the first failure is what counts; a later run removes the folder
            remove_folder(warehouse, folder)
        raise
    remove_folder(warehouse, folder)


@dataclass(frozen=True)
class KeyRange:
    """Smallest and largest value of the first key column of a batch: what a MERGE needs to look at."""

    low: Any
    high: Any


@dataclass(frozen=True)
class LandedTable:
    """The staged files of one batch of a table.

    Attributes:
        names: of the files, below `folder` of the stage.
        key_range: spans the rows of all; None without a key.
        has_changes: False where a snapshot read the rows, and so each key once.
    """

    table: CapturedTable
    folder: str
    names: tuple[str, ...]
    batch: str
    rows: int
    key_range: KeyRange | None
    has_changes: bool = True

    @property
    def arrival(self) -> Arrival:
        """What the ledger notes of it."""
        return Arrival(self.table.name, self.batch, self.rows)


def land(
    stager: Stager,
    table: CapturedTable,
    batches: Iterable[pa.RecordBatch],
    folder: str,
    batch: str,
    rows_per_file: int = ROWS_PER_FILE,
) -> LandedTable | None:
    """Write batches to Parquet files and stage them; None when there are no rows.

    A file is uploaded while the next one is written. None of them has a name on this machine, so nothing is
    left when the process is killed.

    Raises:
        WarehouseError: a file cannot be written: the disk is full.
    """
    landing = _Landing(stager, table, folder, batch, rows_per_file)
    try:
        for record_batch in batches:
            landing.write(record_batch)
        return landing.finish()
    except OSError as error:
        landing.abandon()
        raise WarehouseError(
            f"Rows of {table.source_label} cannot be written to {tempfile.gettempdir()}: {error.strerror}; "
            "nothing was applied. Make room there, or set TMPDIR to a larger place; then run again."
        ) from None
    except BaseException:
        landing.abandon()
        raise


@dataclass
class _Landing:
    """The files of one batch label, the newest of them still open."""

    stager: Stager
    table: CapturedTable
    folder: str
    batch: str
    rows_per_file: int
    rows: int = 0
    names: list[str] = field(default_factory=list)
    key_range: KeyRange | None = None
    open_file: _OpenFile | None = None
    uploads: list[Future[None]] = field(default_factory=list)

    def write(self, batch: pa.RecordBatch) -> None:
        if self.open_file is None:
            self.open_file = _OpenFile.begin(change_log_schema(self.table))
        self.open_file.write(batch)
        self.rows += batch.num_rows
        if self.table.key:
            self.key_range = _widened(self.key_range, batch.column(self.table.key[0].name))
        if self.open_file.rows >= self.rows_per_file:
            self._stage()

    def finish(self) -> LandedTable | None:
        if not self.rows:
            return None
        self._stage()
        for upload in self.uploads:
            upload.result()
        return LandedTable(self.table, self.folder, tuple(self.names), self.batch, self.rows, self.key_range)

    def abandon(self) -> None:
        if self.open_file is not None:
            self.open_file.writer.is_open = False  # else it writes its footer when it is collected
            with suppress(OSError):  # what is still buffered meets the full disk again
                self.open_file.file.close()
        for upload in self.uploads:
            upload.cancel()

    def _stage(self) -> None:
        if self.open_file is None:
            return
        number = self.batch.rpartition("/")[2]
        name = f"{_file_name(self.table.name)}-{number}-{len(self.names) + 1:04d}.parquet"
        self.uploads.append(self.stager.put(self.open_file.end(), self.folder, name))
        self.names.append(name)
        self.open_file = None


@dataclass
class _OpenFile:
    """A Parquet file that is being written, and the rows of its next row group."""

    file: IO[bytes]
    writer: pq.ParquetWriter
    rows: int = 0
    group: list[pa.RecordBatch] = field(default_factory=list)

    @classmethod
    def begin(cls, schema: pa.Schema) -> _OpenFile:
        file = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115 - closed once uploaded
        return cls(file, pq.ParquetWriter(file, schema, compression="snappy"))

    def write(self, batch: pa.RecordBatch) -> None:
        self.group.append(batch)
        self.rows += batch.num_rows
        rows, size = (sum(sizes) for sizes in zip(*((b.num_rows, b.nbytes) for b in self.group), strict=True))
        if rows >= ROWS_PER_GROUP or size >= GROUP_BYTES:
            self._write_group()

    def end(self) -> IO[bytes]:
        """The whole file, from its beginning."""
        if self.group:
            self._write_group()
        self.writer.close()
        self.file.seek(0)
        return self.file

    def _write_group(self) -> None:
        self.writer.write_table(pa.Table.from_batches(self.group))
        self.group = []


def remove_folder(warehouse: WarehouseSession, folder: str) -> None:
    """Remove a run's files from the stage."""
    warehouse.rows(ops_sql.remove(folder))


def remove_stale_folders(
    warehouse: WarehouseSession, now: datetime, stale_after: timedelta = STALE_AFTER
) -> list[str]:
    """Remove what runs that died left on the stage; returns their folders."""
    folders = {str(row[0]).split("/")[1] for row in warehouse.rows(ops_sql.LIST_STAGE) if "/" in str(row[0])}
    stale = sorted(folder for folder in folders if (began := _began(folder)) and now - began > stale_after)
    for folder in stale:
        remove_folder(warehouse, folder)
    return stale


def _file_name(table: str) -> str:
    """A table's name for a path; what a path cannot have is spelled out: no two tables share a file."""
    return re.sub(r"[^A-Za-z0-9_]", lambda other: f"-{ord(other[0]):x}-", table)


def _began(folder: str) -> datetime | None:
    match = re.match(r"(\d{8}T\d{12})-", folder)
    return datetime.strptime(match[1], _STAMP) if match else None


def _widened(known: KeyRange | None, keys: pa.Array) -> KeyRange:
    seen = pc.min_max(keys).as_py()
    if known is None:
        return KeyRange(seen["min"], seen["max"])
    return KeyRange(min(known.low, seen["min"]), max(known.high, seen["max"]))
