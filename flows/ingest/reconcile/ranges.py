"""Parts that are ranges of keys, for tables whose keys both servers sort alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.ingest.reconcile import mirror_sql, source_sql
from flows.ingest.reconcile.keys import snowflake_in_range
from flows.ingest.reconcile.parts import SPLIT, KeyRange, plan_ranges
from flows.ingest.reconcile.sides import Row, Sides, Summary

RANGES_PER_STATEMENT = 100


@dataclass
class RangeCut:
    """Cut into ranges of `range_rows` rows, and then of no fewer than `leaf_rows`."""

    sides: Sides
    range_rows: int
    leaf_rows: int
    ranges: list[KeyRange] = field(default_factory=list)

    def first(self) -> list[KeyRange]:
        """The ranges of the whole table."""
        self.ranges = plan_ranges(self.sides, self.range_rows)
        return self.ranges

    def source(self, parts: Sequence[KeyRange]) -> Mapping[KeyRange, Summary]:
        """One query a range."""
        return {
            part: Summary.of(
                *self.sides.ask_source(source_sql.summary(self.sides.table, self.sides.hashing, *part))[0]
            )
            for part in parts
        }

    def mirror(self, parts: Sequence[KeyRange]) -> Mapping[KeyRange, Summary]:
        """One statement for many ranges, which are in the order of the keys."""
        found: dict[KeyRange, Summary] = {}
        for start in range(0, len(parts), RANGES_PER_STATEMENT):
            some = parts[start : start + RANGES_PER_STATEMENT]
            statement = mirror_sql.summaries(self.sides.table, self.sides.hashing, some)
            for place, rows, total in self.sides.ask_mirror(statement):
                found[some[int(place)]] = Summary.of(rows, total)
        return found

    def split(self, part: KeyRange, rows: int) -> list[KeyRange]:
        """Ranges of a sixteenth of the rows each, or of as few as are read at once."""
        return plan_ranges(self.sides, max(self.leaf_rows, rows // SPLIT), part)

    def source_rows(self, parts: Sequence[KeyRange]) -> list[Row]:
        """One query a range."""
        return [
            row for part in parts for row in self.sides.source_rows(source_sql.rows(self.sides.table, *part))
        ]

    def mirror_rows(self, parts: Sequence[KeyRange], limit: int) -> list[Row]:
        """One statement for all."""
        inside = " OR ".join(f"({snowflake_in_range(self.sides.table, *part)})" for part in parts)
        return self.sides.mirror_rows(mirror_sql.rows(self.sides.table, f"({inside})", limit))
