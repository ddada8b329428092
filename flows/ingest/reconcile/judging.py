"""Which keys really differ at LSN C: those that nobody changed since, and those whose row at C was another.

The source is read later than C. A key that no change after C touched has the row that it had at C. A key that
was touched had the before image of its first change after C: operation 3 or 1; with 2 or 4 first it did not
exist (4 comes first where an update changed the key to this one).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from flows.ingest.changes.columns import AFTER_UPDATE, BEFORE_UPDATE
from flows.ingest.changes.stream import prove
from flows.ingest.changes.unchanged import is_set
from flows.ingest.context import Context
from flows.ingest.errors import SourceError
from flows.ingest.lsn import Lsn
from flows.ingest.reconcile import source_sql
from flows.ingest.reconcile.keys import KeyValues, as_key
from flows.ingest.reconcile.search import Candidate
from flows.ingest.reconcile.sides import Row, rows_of
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.session import retry_deadlocks
from flows.ingest.tables.captured import CapturedTable, Column, Segment

DELETE, INSERT = 1, 2
KEYS_PER_QUERY = 100
NEVER_IN_IMAGES = {"text", "ntext", "image"}
UNKNOWN = object()
"""A value that the change table does not carry."""


@dataclass(frozen=True)
class Verdict:
    """The keys of a table that differ at C, by how; `undecided` ones hold a value that CDC does not tell."""

    missing: tuple[KeyValues, ...] = ()
    surplus: tuple[KeyValues, ...] = ()
    different: tuple[KeyValues, ...] = ()
    undecided: tuple[KeyValues, ...] = ()
    surplus_rows: int = 0
    """How many rows the mirror has too many: a key may be there twice."""

    @property
    def keys(self) -> tuple[KeyValues, ...]:
        """All keys that differ."""
        return (*self.missing, *self.surplus, *self.different)


@dataclass(frozen=True)
class Change:
    """One row of a change table, in the order of the compared table's columns.

    `columns` are those of its capture instance, None for a column that the instance does not capture.
    """

    operation: int
    mask: bytes
    row: Row
    columns: tuple[Column | None, ...]

    def is_set(self, place: int) -> bool:
        """Whether the update set a column; one that is not captured may have been."""
        column = self.columns[place]
        return column is None or is_set(self.mask, column.ordinal)

    def tells(self, place: int) -> bool:
        """Whether the before image carries a column's value: often a NULL says nothing."""
        column = self.columns[place]
        if column is None:
            return False
        if self.row[place] is not None:
            return True
        if self.operation == DELETE:
            return not column.sql_type.is_lob and column.sql_type.name != "bit"
        return not column.sql_type.is_lob or (
            column.sql_type.name not in NEVER_IN_IMAGES and self.is_set(place)
        )


def wait_for_harvest(context: Context) -> None:
    """Wait until CDC knows all that was committed before now, and so all that was just read."""
    context.harvest.mark()
    while not context.harvest.is_past_mark():
        pass  # it waits by itself


def judge(context: Context, table: CapturedTable, at: Lsn, candidates: Sequence[Candidate]) -> Verdict:
    """The candidates that differ at an LSN; to be asked after `wait_for_harvest`.

    Raises:
        SourceError: CDC's retention has passed the LSN in the meantime.
    """
    if not candidates:
        return Verdict()
    newest = max(max_lsn(context.source, context.database.name), at)
    changes = changes_since(context, table, at, newest, [candidate.key for candidate in candidates])
    found: dict[str, list[KeyValues]] = defaultdict(list)
    surplus_rows = 0
    for candidate in candidates:
        row = row_at(table, candidate.source, changes.get(candidate.key, ()))
        surplus_rows += max(0, len(candidate.mirror) - (row is not None))
        if outcome := _outcome(row, candidate.mirror):
            found[outcome].append(candidate.key)
    return Verdict(
        **{outcome: tuple(sorted(keys, key=repr)) for outcome, keys in found.items()},
        surplus_rows=surplus_rows,
    )


def changes_since(
    context: Context, table: CapturedTable, at: Lsn, up_to: Lsn, keys: Sequence[KeyValues]
) -> dict[KeyValues, list[Change]]:
    """The changes of keys in (at, up_to], by key, in the order of the log, proven to be all.

    Raises:
        SourceError: CDC's retention has passed the LSN in the meantime.
    """
    segments = list(table.segments(at, up_to))

    def read() -> list[Change]:
        found: list[Change] = []
        with context.source.transaction():
            for segment in segments:
                found += _read_segment(context, table, segment, keys)
            if gap := prove(context.source, segments).gaps.get(table.name):
                raise SourceError(f"{table.source_label} cannot be judged at LSN {at}: {gap.reason}.")
        return found

    places = [table.columns.index(column) for column in table.key]
    changes: dict[KeyValues, list[Change]] = defaultdict(list)
    for change in retry_deadlocks(read):
        changes[tuple(change.row[place] for place in places)].append(change)
    return changes


def _read_segment(
    context: Context, table: CapturedTable, segment: Segment, keys: Sequence[KeyValues]
) -> Iterator[Change]:
    """The changes of keys that one capture instance has."""
    captured = {column.source_name: column for column in segment.table.columns}
    columns = tuple(_alike(column, captured.get(column.source_name)) for column in table.columns)
    known = tuple(column for column in columns if column is not None)
    if not segment.table.key_names:
        raise SourceError(
            f"{table.source_label} cannot be judged: its capture instance {segment.table.capture_instance} "
            "has no key. Run again once the cursor is past that instance."
        )
    narrowed = replace(segment.table, columns=known)
    for start in range(0, len(keys), KEYS_PER_QUERY):
        some = [as_key(table, key) for key in keys[start : start + KEYS_PER_QUERY]]
        statement = source_sql.changes_of(narrowed, some, segment.after, segment.up_to)
        read = context.source.rows(statement, table.name)
        images = rows_of(narrowed, [row[2:] for row in read])
        for (operation, mask, *_), image in zip(read, images, strict=True):
            values = dict(zip(known, image, strict=True))
            row = tuple(values[column] if column is not None else None for column in columns)
            yield Change(int(operation), mask or b"", row, columns)


def _alike(column: Column, captured: Column | None) -> Column | None:
    """The column as an instance captures it, where its values can be compared with those of today."""
    if captured is None:
        return None
    today, then = column.mapping.arrow, captured.mapping.arrow
    return captured if today == then or (pa.types.is_decimal(today) and pa.types.is_decimal(then)) else None


def row_at(table: CapturedTable, now: Row | None, changes: Sequence[Change]) -> tuple[Any, ...] | None:
    """A key's row at C, from its row of now and its changes since; `UNKNOWN` where CDC carries no value.

    Large columns that an update left alone are not in its images. No image has a text, ntext or image, and a
    delete's was seen with a bit NULL (estuary#2796).
    """
    if not changes:
        return now
    first = changes[0]
    if first.operation in (INSERT, AFTER_UPDATE):
        return None
    return tuple(
        first.row[place] if first.tells(place) else _told_later(place, now, changes)
        for place in range(len(table.columns))
    )


def _told_later(place: int, now: Row | None, changes: Sequence[Change]) -> Any:
    """A value that the first change did not touch: the next change that tells it, or the row of now, does."""
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        if change.operation == DELETE or (change.operation == BEFORE_UPDATE and change.is_set(place)):
            return change.row[place] if change.tells(place) else UNKNOWN
        if change.operation == BEFORE_UPDATE and (following is None or following.operation != AFTER_UPDATE):
            return UNKNOWN  # the update gave the row another key
    return UNKNOWN if now is None else now[place]


def _outcome(row: tuple[Any, ...] | None, mirror: Sequence[Row]) -> str | None:
    if row is None:
        return "surplus" if mirror else None
    if not mirror:
        return "missing"
    if len(mirror) > 1:
        return "different"
    pairs = [(ours, theirs) for ours, theirs in zip(row, mirror[0], strict=True) if ours is not UNKNOWN]
    if any(ours != theirs for ours, theirs in pairs):
        return "different"
    return "undecided" if len(pairs) < len(row) else None
