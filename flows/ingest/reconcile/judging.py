"""Which keys really differ at LSN C: those that nobody changed since, and those whose row at C was another.

The source is read later than C. A key that no change after C touched has the row that it had at C. A key that
was touched had the before image of its first change after C: operation 3 or 1; with 2 or 4 first it did not
exist (4 comes first where an update changed the key to this one).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flows.ingest.changes import AFTER_UPDATE, BEFORE_UPDATE, gaps, is_set
from flows.ingest.context import Context
from flows.ingest.errors import SourceError
from flows.ingest.lsn import Lsn
from flows.ingest.reconcile import source_sql
from flows.ingest.reconcile.keys import KeyValues, as_key
from flows.ingest.reconcile.search import Candidate
from flows.ingest.reconcile.sides import Row, rows_of
from flows.ingest.source.discovery import max_lsn
from flows.ingest.source.session import retry_deadlocks
from flows.ingest.tables import CapturedTable, Column

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
    """One row of a change table."""

    operation: int
    mask: bytes
    row: Row


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
    changes = _changes_since(context, table, at, [candidate.key for candidate in candidates])
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


def _changes_since(
    context: Context, table: CapturedTable, at: Lsn, keys: Sequence[KeyValues]
) -> dict[KeyValues, list[Change]]:
    """The changes of keys after an LSN, by key, in the order of the log, proven to be all."""
    newest = max(max_lsn(context.source, context.database.name), at)

    def read() -> list[Row]:
        found: list[Row] = []
        with context.source.transaction():
            for start in range(0, len(keys), KEYS_PER_QUERY):
                some = [as_key(table, key) for key in keys[start : start + KEYS_PER_QUERY]]
                found += context.source.rows(source_sql.changes_of(table, some, at, newest), table.name)
            if gap := gaps(context.source, {table: at}).get(table):
                raise SourceError(f"{table.source_label} cannot be judged at LSN {at}: {gap.reason}.")
        return found

    rows = retry_deadlocks(read)
    places = [table.columns.index(column) for column in table.key]
    changes: dict[KeyValues, list[Change]] = defaultdict(list)
    for (operation, mask, *_), row in zip(rows, rows_of(table, [row[2:] for row in rows]), strict=True):
        key = tuple(row[place] for place in places)
        changes[key].append(Change(int(operation), mask or b"", row))
    return changes


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
        _later_told(column, place, now, changes) if _is_untold(column, place, first) else first.row[place]
        for place, column in enumerate(table.columns)
    )


def _is_untold(column: Column, place: int, change: Change) -> bool:
    """Whether a before image does not carry a column's value: its NULL then says nothing."""
    if change.row[place] is not None:
        return False
    if change.operation == DELETE:
        return column.sql_type.is_lob or column.sql_type.name == "bit"
    return column.sql_type.is_lob and (
        column.sql_type.name in NEVER_IN_IMAGES or not is_set(change.mask, column.ordinal)
    )


def _later_told(column: Column, place: int, now: Row | None, changes: Sequence[Change]) -> Any:
    """A value that the first change did not touch: the next change that tells it, or the row of now, does."""
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        if change.operation == INSERT:
            return UNKNOWN  # another row of the same key
        if change.operation == DELETE or (
            change.operation == BEFORE_UPDATE and is_set(change.mask, column.ordinal)
        ):
            return UNKNOWN if _is_untold(column, place, change) else change.row[place]
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
