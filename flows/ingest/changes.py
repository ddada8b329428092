"""A table's changes in a window: read in the order of the log, proven contiguous, turned into Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from flows.ingest.columns import BatchLabel, change_log_batch
from flows.ingest.lsn import Lsn, change_position
from flows.ingest.source import statements
from flows.ingest.source.session import Row, SourceSession
from flows.ingest.tables import CapturedTable, Column, Segment
from flows.ingest.window import Window

BEFORE_UPDATE = 3
AFTER_UPDATE = 4


@dataclass(frozen=True)
class Gap:
    """Why a table's changes cannot be followed; a new snapshot mends it unless its instance is lost."""

    reason: str
    is_instance_lost: bool = False


@dataclass
class ChangeStream:
    """The changes of one table in (after, up_to], as Arrow batches; iterate once, then ask `lost_value`."""

    session: SourceSession
    table: CapturedTable
    window: Window
    after: Lsn
    label: BatchLabel
    lost_value: str | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        times = {bytes.fromhex(lsn.hex): moment for lsn, moment in self.window.committed_at.items()}
        statement = statements.changes(self.table, self.after, self.window.up_to)
        last: Row | None = None
        for rows in self.session.batches(statement, self.table.name):
            unchanged = unchanged_columns(self.table, rows)
            self.lost_value = self.lost_value or lost_value(self.table, rows, unchanged, last)
            last = rows[-1]
            yield _to_arrow(self.table, rows, unchanged, times, self.label)


@dataclass(frozen=True)
class Proof:
    """What holds of some segments: which tables have a gap, and when the newest capture instance began."""

    gaps: dict[str, Gap]
    newest_instance: Lsn | None


def prove(session: SourceSession, segments: Sequence[Segment]) -> Proof:
    """Find the tables of which changes after an LSN are no longer all there, asked with one query.

    Asked after the changes were read and in their transaction: cleanup raises the min LSN before it
    deletes, so a min LSN that is still low proves that nothing was missing (also without SNAPSHOT). The
    newest instance is asked too: one that was made since the tables were discovered may have columns that
    the one that was read has not.
    """
    instances = [segment.table.capture_instance for segment in segments]
    newest, *lows = session.rows(statements.min_lsns(instances))[0]
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


def unchanged_columns(table: CapturedTable, rows: Sequence[Row]) -> list[str | None]:
    """For each change the large columns that it left alone, as `"A","B"`; None when there are none.

    Only an update leaves columns alone: operation 4 with the column's bit of the mask unset.
    """
    if not table.lobs:
        return [None] * len(rows)
    by_mask: dict[bytes, str | None] = {}

    def of(mask: bytes) -> str | None:
        if mask not in by_mask:
            names = [quoted_mark(lob) for lob in table.lobs if not is_set(mask, lob.ordinal)]
            by_mask[mask] = ",".join(names) or None
        return by_mask[mask]

    return [of(row[4]) if row[3] == AFTER_UPDATE and row[4] is not None else None for row in rows]


def quoted_mark(column: Column) -> str:
    """How a column is written in `_UNCHANGED`."""
    return json.dumps(column.name, ensure_ascii=False)


def is_set(mask: bytes, ordinal: int) -> bool:
    """Whether an update mask has the bit of a column ordinal: the lowest ordinals are in the LAST byte."""
    byte, bit = divmod(ordinal - 1, 8)
    return byte < len(mask) and bool(mask[-1 - byte] >> bit & 1)


def lost_value(
    table: CapturedTable, rows: Sequence[Row], unchanged: Sequence[str | None], before: Row | None
) -> str | None:
    """Say so when an update changed the key and carries no value of a large column it left alone.

    The row's new key has no older row in the mirror from which the value could be kept.
    """
    if not table.lobs or not table.key:
        return None
    key_places = [5 + table.columns.index(column) for column in table.key]

    def key_of(row: Row) -> list[Any]:
        return [row[place] for place in key_places]

    for index, names in enumerate(unchanged):
        previous = rows[index - 1] if index else before
        if names is None or previous is None or previous[3] != BEFORE_UPDATE:
            continue
        if previous[:3] == rows[index][:3] and key_of(previous) != key_of(rows[index]):
            return f"a key changed and the change table does not carry {names} of the row"
    return None


def _to_arrow(
    table: CapturedTable,
    rows: Sequence[Row],
    unchanged: Sequence[str | None],
    times: dict[bytes, datetime],
    label: BatchLabel,
) -> pa.RecordBatch:
    lsns, command_ids, seqvals, operations, _, *values = zip(*rows, strict=True)
    return change_log_batch(
        table,
        values,
        positions=list(map(change_position, lsns, command_ids, seqvals, operations)),
        operations=operations,
        committed_at=[times.get(lsn) for lsn in lsns],  # None: cleanup is at work; `gaps` decides
        unchanged=unchanged,
        label=label,
    )
