"""Arrow batches to one Parquet file on the run's path of the stage."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.ingest.columns import change_log_schema
from flows.ingest.errors import ReplicationError, WarehouseError
from flows.ingest.tables import CapturedTable
from flows.ingest.warehouse import ops_sql
from flows.ingest.warehouse.session import WarehouseSession

STALE_AFTER = timedelta(days=1)
"""Files of a run that began longer ago are taken for a dead run's; no run lasts that long between commits."""

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
class LandedFile:
    """A staged file. `path` is below the stage; `key_range` spans its rows, None without a key."""

    table: CapturedTable
    path: str
    batch: str
    rows: int
    key_range: KeyRange | None


def land(
    warehouse: WarehouseSession,
    table: CapturedTable,
    batches: Iterable[pa.RecordBatch],
    folder: str,
    batch: str,
) -> LandedFile | None:
    """Write batches to one Parquet file and stage it; None when there are no rows.

    The file has no name on this machine, so nothing of it is left when the process is killed.
    """
    rows = 0
    key_range: KeyRange | None = None
    name = f"{_file_name(table.name)}-{batch.rsplit('/', 1)[-1]}.parquet"
    with tempfile.TemporaryFile() as file:
        with pq.ParquetWriter(file, change_log_schema(table), compression="snappy") as writer:
            for record_batch in batches:
                writer.write_batch(record_batch)
                rows += record_batch.num_rows
                if table.key:
                    key_range = _widened(key_range, record_batch.column(table.key[0].name))
        if not rows:
            return None
        file.seek(0)
        warehouse.put(file, f"@{ops_sql.STAGE}/{folder}", name)
    return LandedFile(table, f"{folder}/{name}", batch, rows, key_range)


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
