"""A table's changes in a window: read in the order of the log, proven contiguous, turned into Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from flows.ingest.changes.columns import OPERATION, change_schema, commit_times, positions
from flows.ingest.changes.unchanged import lost_value, unchanged_columns
from flows.ingest.changes.window import Window
from flows.ingest.lsn import Lsn
from flows.ingest.source import statements
from flows.ingest.source.reader import SourceReader
from flows.ingest.tables.captured import CapturedTable, Segment
from flows.ingest.tables.columns import BatchLabel, change_log_batch


@dataclass(frozen=True)
class Gap:
    """Why a table's changes cannot be followed; a new snapshot mends it unless its instance is lost."""

    reason: str
    is_instance_lost: bool = False


@dataclass
class ChangeStream:
    """The changes of one table in (after, up_to], as Arrow batches; iterate once, then ask `lost_value`."""

    source: SourceReader
    table: CapturedTable
    window: Window
    after: Lsn
    label: BatchLabel
    lost_value: str | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        statement = statements.changes(self.table, self.after, self.window.up_to)
        schema, rows = change_schema(self.table), self.table.batch_rows
        before: pa.RecordBatch | None = None
        for changes in self.source.read(statement, schema, self.table.name, rows):
            unchanged = unchanged_columns(self.table, changes)
            self.lost_value = self.lost_value or lost_value(self.table, changes, unchanged, before)
            before = changes
            yield change_log_batch(
                self.table,
                changes,
                positions=positions(changes),
                operations=changes.column(OPERATION),
                committed_at=commit_times(changes, self.window.committed_at),  # null: `prove` decides
                unchanged=unchanged,
                label=self.label,
            )


@dataclass(frozen=True)
class Proof:
    """What holds of some segments: which tables have a gap, and when the newest capture instance began."""

    gaps: dict[str, Gap]
    newest_instance: Lsn | None


def prove(source: SourceReader, segments: Sequence[Segment]) -> Proof:
    """Find the tables of which changes after an LSN are no longer all there, asked with one query.

    Asked after the changes were read and in their transaction: cleanup raises the min LSN before it
    deletes, so a min LSN that is still low proves that nothing was missing (also without SNAPSHOT). The
    newest instance is asked too: one that was made since the tables were discovered may have columns that
    the one that was read has not.
    """
    instances = [segment.table.capture_instance for segment in segments]
    newest, *lows = source.rows(statements.min_lsns(instances))[0]
    found: dict[str, Gap] = {}
    for segment, value in zip(segments, lows, strict=True):
        table = segment.table
        if value is None or Lsn.from_bytes(value).is_zero:
            found[table.name] = Gap(
                f"Capture instance {table.capture_instance} of {table.source_label} is gone, or the login "
                "may not read it: enable CDC for the table again, or grant the access; the next run goes on.",
                is_instance_lost=True,
            )
        elif (low := Lsn.from_bytes(value)) > segment.after:
            reason = f"CDC's retention has passed it: kept from {low}, needed from {segment.after}"
            found.setdefault(table.name, Gap(reason))
    return Proof(found, None if newest is None else Lsn.from_bytes(newest))
