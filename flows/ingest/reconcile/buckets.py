"""Parts that are buckets of keys, for tables whose keys the two servers sort differently.

A bucket has the keys whose digests end in the same bits. The source is read by ranges of its own order all
the same, a bounded query each; it returns a sum for each bucket, and the sums of all ranges are added here.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from flows.ingest.reconcile import mirror_sql, source_sql
from flows.ingest.reconcile.parts import SPLIT, KeyRange, plan_ranges
from flows.ingest.reconcile.sides import Row, Sides, Summary

MOST_BITS = 32
"""What the digest gives for buckets."""

MOST_BITS_AT_FIRST = 10
BITS_PER_SPLIT = SPLIT.bit_length() - 1
BUCKETS_PER_CONDITION = 1_000


@dataclass(frozen=True, order=True)
class Bucket:
    """The keys whose digests end in the `bits` bits of `number`."""

    bits: int
    number: int


@dataclass
class BucketCut:
    """Cut into buckets of about `leaf_rows`; the source is read by ranges of `range_rows`."""

    sides: Sides
    range_rows: int
    leaf_rows: int
    ranges: list[KeyRange] = field(default_factory=list)

    def first(self) -> list[Bucket]:
        """Buckets for a table of at least as many rows as its full ranges have."""
        self.ranges = plan_ranges(self.sides, self.range_rows)
        full = max(1, (len(self.ranges) - 1) * self.range_rows)
        bits = min(MOST_BITS_AT_FIRST, max(0, math.ceil(math.log2(full / self.leaf_rows))))
        return [Bucket(bits, number) for number in range(2**bits)]

    def source(self, parts: Sequence[Bucket]) -> Mapping[Bucket, Summary]:
        """One query a range; the sums of a bucket over all ranges."""
        table, hashing, sums = self.sides.table, self.sides.hashing, defaultdict[Bucket, Summary](Summary)
        for bits, numbers in _conditions(parts):
            within = source_sql.in_buckets(hashing, bits, numbers) if numbers else None
            for after, up_to in self.ranges:
                statement = source_sql.bucket_summaries(table, hashing, after, up_to, bits, within)
                for number, rows, total in self.sides.ask_source(statement):
                    sums[Bucket(bits, int(number))] += Summary.of(rows, total)
        return sums

    def mirror(self, parts: Sequence[Bucket]) -> Mapping[Bucket, Summary]:
        """One statement for many buckets."""
        table, hashing, found = self.sides.table, self.sides.hashing, dict[Bucket, Summary]()
        for bits, numbers in _conditions(parts):
            within = mirror_sql.in_buckets(hashing, bits, numbers) if numbers else None
            statement = mirror_sql.bucket_summaries(table, hashing, bits, within)
            for number, rows, total in self.sides.ask_mirror(statement):
                found[Bucket(bits, int(number))] = Summary.of(rows, total)
        return found

    def split(self, part: Bucket, rows: int) -> list[Bucket]:  # noqa: ARG002 - a digest spreads evenly
        """Sixteen buckets, by the next bits."""
        bits = min(part.bits + BITS_PER_SPLIT, MOST_BITS)
        return [Bucket(bits, part.number + (more << part.bits)) for more in range(2 ** (bits - part.bits))]

    def source_rows(self, parts: Sequence[Bucket]) -> list[Row]:
        """One query a range."""
        found: list[Row] = []
        for bits, numbers in _conditions(parts):
            within = source_sql.in_buckets(self.sides.hashing, bits, numbers) if numbers else None
            for after, up_to in self.ranges:
                found += self.sides.source_rows(source_sql.rows(self.sides.table, after, up_to, within))
        return found

    def mirror_rows(self, parts: Sequence[Bucket], limit: int) -> list[Row]:
        """One statement for many buckets."""
        found: list[Row] = []
        for bits, numbers in _conditions(parts):
            within = mirror_sql.in_buckets(self.sides.hashing, bits, numbers) if numbers else "TRUE"
            found += self.sides.mirror_rows(mirror_sql.rows(self.sides.table, within, limit))
        return found


def _conditions(parts: Sequence[Bucket]) -> Iterator[tuple[int, list[int]]]:
    """Bits, and the numbers to ask for with one condition; none where all buckets are asked for."""
    for bits, group in groupby(sorted(parts), key=lambda part: part.bits):
        numbers = [part.number for part in group]
        if len(numbers) == 2**bits:
            yield bits, []
            continue
        for start in range(0, len(numbers), BUCKETS_PER_CONDITION):
            yield bits, numbers[start : start + BUCKETS_PER_CONDITION]
