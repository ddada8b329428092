"""A table cut into parts, each a set of keys that means the same rows on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from flows.ingest.reconcile.sides import Row, Sides, Summary
from flows.ingest.snapshot.chunks import Key

P = TypeVar("P")

KeyRange = tuple[Key | None, Key | None]
"""Keys in (after, up_to]; None is an open end."""

SPLIT = 16
"""Into how many parts at most one that differs is cut."""


class Cut(Protocol[P]):
    """How a table is cut; all parts together are the whole table."""

    ranges: list[KeyRange]
    """In what ranges of keys the source is read: a bounded query each."""

    def first(self) -> list[P]:
        """The parts to begin with."""

    def source(self, parts: Sequence[P]) -> Mapping[P, Summary]:
        """What the source has of each part; parts without rows may be left out."""

    def mirror(self, parts: Sequence[P]) -> Mapping[P, Summary]:
        """What the mirror has of each part; parts without rows may be left out."""

    def split(self, part: P, rows: int) -> list[P]:
        """A part with so many rows in smaller parts; itself where it has no smaller ones."""

    def source_rows(self, parts: Sequence[P]) -> list[Row]:
        """The source's rows of parts."""

    def mirror_rows(self, parts: Sequence[P], limit: int) -> list[Row]:
        """The mirror's rows of parts, at most so many."""


def plan_ranges(sides: Sides, rows: int, whole: KeyRange = (None, None)) -> list[KeyRange]:
    """Ranges of about `rows` rows, by a bounded seek for each; the server itself orders the keys."""
    ranges: list[KeyRange] = []
    after, end = whole
    while True:
        boundary = sides.boundary(after, end, rows)
        if boundary is None or boundary == end:
            return [*ranges, (after, end)]
        ranges.append((after, boundary))
        after = boundary
