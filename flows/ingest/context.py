"""What all steps of a run share: its sessions, its ledger, its tables, its limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from zoneinfo import ZoneInfo

from flows.ingest.errors import ReplicationError
from flows.ingest.policies.columns import apply_policies
from flows.ingest.policies.policy import Policies
from flows.ingest.progress import Progress, Silence
from flows.ingest.snapshot.throttle import Throttle
from flows.ingest.source.discovery import Database, Discovered, check_database, discover
from flows.ingest.source.following import InUse
from flows.ingest.source.harvest import Harvest
from flows.ingest.source.reader import SourceReader
from flows.ingest.source.readers import Readers
from flows.ingest.source.session import SourceSession
from flows.ingest.tables.captured import CapturedTable, change_log_name
from flows.ingest.tables.columns import BatchLabel
from flows.ingest.warehouse.evolution import RawTable, fitted, read_raw
from flows.ingest.warehouse.landing import ROWS_PER_FILE
from flows.ingest.warehouse.ledger import Ledger
from flows.ingest.warehouse.session import WarehouseSession
from flows.ingest.warehouse.stager import Stager


def utc_now() -> datetime:
    """Now, UTC, without time zone: as Snowflake's TIMESTAMP_NTZ keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Limits:
    """How much a run asks of the source at a time."""

    max_transactions_per_window: int = 5_000
    chunk_rows: int = 100_000
    chunks_per_round: int = 4
    """Chunks of one table that one reader lands and one Snowflake transaction applies."""
    readers: int = 2
    """Sessions on SQL Server that read in bulk, beside the one that asks for control."""
    rows_per_file: int = ROWS_PER_FILE
    chunk_bytes: int = 64 * 2**20
    """Of the large values in a chunk, by the average of the table's first rows."""
    snapshot_rows_per_second: float | None = None
    snapshot_share: float = 1.0
    """Of the time in which the source may be busy with snapshots."""

    def __post_init__(self) -> None:
        for name in ("max_transactions_per_window", "chunk_rows"):
            if getattr(self, name) < 1:
                raise ReplicationError(f"{name} is {getattr(self, name)}: give 1 or more.")
        if not 0 < self.snapshot_share <= 1:
            raise ReplicationError(f"snapshot_share is {self.snapshot_share}: give more than 0, at most 1.")
        if self.snapshot_rows_per_second is not None and self.snapshot_rows_per_second <= 0:
            raise ReplicationError(
                f"snapshot_rows_per_second is {self.snapshot_rows_per_second}: give more than 0, or nothing."
            )


@dataclass
class Tally:
    """What a run has done so far."""

    transactions: int = 0
    batches: Iterator[int] = field(default_factory=lambda: count(1))
    snapshot_rows: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    lost_tables: dict[str, str] = field(default_factory=dict)

    @property
    def losses(self) -> list[str]:
        """Why tables were lost; what holds for several of them once."""
        return list(dict.fromkeys(self.lost_tables.values()))


@dataclass(frozen=True)
class Sessions:
    """The sessions of a run: two that are open, and how to open more of them.

    Attributes:
        source: asks SQL Server for control, and costs are booked in its meter.
        warehouse: applies.
        open_reader: a session that reads in bulk; a note on it for people is given to its argument.
        open_stage: a session that uploads files.
    """

    source: SourceSession
    warehouse: WarehouseSession
    open_reader: Callable[[Callable[[str], None]], SourceReader]
    open_stage: Callable[[], WarehouseSession]


@dataclass
class Context:
    """One run of replication.

    Attributes:
        zone: the time zone of the server's commit times.
        discovered: what the source captures.
        raw: the tables of RAW, as they are.
        tables: those that the run follows, with their columns as RAW can keep them.
    """

    run_id: str
    started_at: datetime
    zone: ZoneInfo
    source: SourceSession
    warehouse: WarehouseSession
    readers: Readers
    stager: Stager
    database: Database
    harvest: Harvest
    ledger: Ledger
    discovered: Discovered
    raw: dict[str, RawTable]
    tables: dict[str, CapturedTable]
    policies: Policies
    limits: Limits
    progress: Progress
    throttle: Throttle
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def open(
        cls,
        sessions: Sessions,
        run_id: str,
        zone: ZoneInfo,
        policies: Policies | None = None,
        limits: Limits | None = None,
        progress: Progress | None = None,
    ) -> Context:
        """Check the source, prepare the ledger, and discover what is captured.

        Raises:
            SourceError: the source is not ready for replication.
            WarehouseError: Snowflake is not.
        """
        source, warehouse = sessions.source, sessions.warehouse
        database = check_database(source)
        if database.allows_snapshot_isolation:
            source.use_snapshot_isolation()
        ledger = Ledger(warehouse, database.name, run_id)
        ledger.prepare()
        limits, progress, tally = limits or Limits(), progress or Silence(), Tally()

        def open_reader() -> SourceReader:
            reader = sessions.open_reader(context.warn)
            if database.allows_snapshot_isolation:
                reader.use_snapshot_isolation()
            return reader

        context = cls(
            run_id, utc_now(), zone, source, warehouse, Readers(open_reader, limits.readers),
            Stager(sessions.open_stage), database, Harvest(source), ledger, Discovered(), {}, {},
            policies or Policies(), limits, progress,
            Throttle(limits.snapshot_rows_per_second, limits.snapshot_share), tally,
        )  # fmt: skip
        context.discover()
        return context

    def discover(self) -> None:
        """Look anew at what the source captures and at what RAW has.

        Raises:
            SourceError: no table is captured, or CDC's catalog cannot be read.
            PolicyError: columns are to be hashed, and there is no salt.
        """
        known = self.ledger.tables()
        in_use = {name: InUse(t.capture_instance, t.instance_from) for name, t in known.items()}
        self.discovered = discover(self.source, in_use, self.policies)
        apply_policies(self.discovered, self.policies, {table.source_label for table in known.values()})
        self.raw = read_raw(self.warehouse)
        self.tables = {
            name: fitted(table, self.raw.get(change_log_name(name)), self.raw.get(name))
            for name, table in self.discovered.tables.items()
        }

    def telling(self, progress: Progress) -> Context:
        """The same run, telling somebody else."""
        return replace(self, progress=progress)

    def close(self) -> None:
        """End the sessions that it opened."""
        self.readers.close()
        self.stager.close()

    def next_label(self, folder: str) -> BatchLabel:
        """A label for the next batch that is landed in a folder of the stage; any thread may ask."""
        return BatchLabel(self.run_id, f"{folder}/{next(self.tally.batches):06d}")

    def warn(self, message: str) -> None:
        """Tell what a person must know, now and in the report; once in a run."""
        if message not in self.tally.warnings:
            self.tally.warnings.append(message)
            self.progress.warn(message)

    def lose(self, table: str, reason: str) -> None:
        """A table can no longer be followed: the others go on, and the run fails at its end."""
        if reason not in self.tally.lost_tables.values():
            self.progress.warn(reason)
        self.tally.lost_tables[table] = reason
