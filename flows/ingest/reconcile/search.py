"""The search: parts that differ are cut smaller until their rows are few enough to be read and compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic

from flows.ingest.reconcile.keys import KeyValues
from flows.ingest.reconcile.parts import Cut, P
from flows.ingest.reconcile.sides import Row, Summary
from flows.ingest.tables.captured import CapturedTable

LEAF_ROWS = 500
"""A part of at most so many rows of the source is read instead of cut."""

PARTS_READ_AT_ONCE = 20
MOST_CANDIDATES = 20_000
"""With more keys that differ the search ends: such a mirror is read anew as a whole."""


@dataclass(frozen=True)
class Candidate:
    """A key whose rows differ: the source's of now (or none), and the mirror's (none, one, or doubled)."""

    key: KeyValues
    source: Row | None
    mirror: tuple[Row, ...]


@dataclass
class Found:
    """What a search found. `parts_differing` were cut, `rows_read` fetched from each side."""

    mirror_rows: int = 0
    parts: int = 0
    parts_differing: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    is_cut_short: bool = False


@dataclass
class Search(Generic[P]):
    """A search through one table."""

    table: CapturedTable
    cut: Cut[P]
    leaf_rows: int = LEAF_ROWS
    found: Found = field(default_factory=Found)

    def run(self) -> Found:
        """Compare the whole table; the keys of the result differ between C and now, or because of a fault."""
        parts = self.cut.first()
        is_first = True
        while parts and not self.found.is_cut_short:
            source, mirror = self.cut.source(parts), self.cut.mirror(parts)
            if is_first:
                self.found.parts = len(parts)
                self.found.mirror_rows = sum(summary.rows for summary in mirror.values())
                is_first = False
            differing = {
                part: summary
                for part in parts
                if (summary := source.get(part, Summary())) != mirror.get(part, Summary())
            }
            self.found.parts_differing += len(differing)
            parts = list(self._smaller(differing))
        return self.found

    def _smaller(self, differing: dict[P, Summary]) -> Iterator[P]:
        """The parts to compare next; those that are small enough are read."""
        leaves = []
        for part, summary in differing.items():
            smaller = self.cut.split(part, summary.rows) if summary.rows > self.leaf_rows else [part]
            if smaller == [part]:
                leaves.append(part)
            else:
                yield from smaller
        for start in range(0, len(leaves), PARTS_READ_AT_ONCE):
            if not self.found.is_cut_short:
                self._read(leaves[start : start + PARTS_READ_AT_ONCE])

    def _read(self, parts: Sequence[P]) -> None:
        mirror = self.cut.mirror_rows(parts, MOST_CANDIDATES)
        source = self.cut.source_rows(parts)
        self.found.candidates += compare_rows(self.table, source, mirror)
        too_many = len(self.found.candidates) > MOST_CANDIDATES or len(mirror) >= MOST_CANDIDATES
        self.found.is_cut_short = too_many


def compare_rows(table: CapturedTable, source: Sequence[Row], mirror: Sequence[Row]) -> list[Candidate]:
    """The keys whose rows are not the same on both sides, value by value."""
    ours, theirs = _by_key(table, source), _by_key(table, mirror)
    return [
        Candidate(key, ours[key][0] if key in ours else None, tuple(theirs.get(key, ())))
        for key in ours.keys() | theirs.keys()
        if ours.get(key) != theirs.get(key)
    ]


def _by_key(table: CapturedTable, rows: Sequence[Row]) -> dict[KeyValues, list[Row]]:
    places = [table.columns.index(column) for column in table.key]
    found: dict[KeyValues, list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[place] for place in places)].append(row)
    return dict(found)
