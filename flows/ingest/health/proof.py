"""The proof: every row of a source table against its mirror, all columns, value by value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flows.ingest.context import Context, utc_now
from flows.ingest.source import statements
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.columns import landed_values
from flows.ingest.warehouse import ops_sql, raw_sql

SAMPLE_SIZE = 5


@dataclass(frozen=True)
class Comparison:
    """How many keys differ (missing, surplus, or with other values), and a few of them."""

    differences: int
    sample_keys: tuple[str, ...]


@dataclass(frozen=True)
class TableProof:
    """The proof of one table: a row of OPS.PROOFS."""

    table: str
    source: str
    lsn: str
    source_rows: int
    mirror_rows: int
    differences: int
    sample_keys: tuple[str, ...]

    def __str__(self) -> str:
        if not self.differences:
            return f"{self.table}: {self.source_rows:,} rows, 0 differences"
        keys = "; ".join(self.sample_keys)
        return f"{self.table}: {self.differences:,} differences in {self.source_rows:,} rows, keys {keys}"


def provable_tables(context: Context) -> list[str]:
    """The tables that have a key, and whose mirrors do not stand."""
    standing = {name for name, table in context.ledger.tables().items() if table.stands}
    return sorted(name for name, table in context.tables.items() if table.key and name not in standing)


def compare_table(context: Context, name: str) -> TableProof:
    """Compare a table with its mirror.

    Both sides are held in memory, one table at a time.
    """
    table = context.tables[name]
    statement = statements.chunk(table, None, None)
    batches = context.source.read(statement, table.arrow_schema, name, table.batch_rows)
    landed = (landed_values(table, batch) for batch in batches)
    source = pa.Table.from_batches(landed, table.landed_schema)
    mirror = as_travelled(context.warehouse.arrow(raw_sql.read_mirror(table)), table)
    comparison = compare(source, mirror, [column.name for column in table.key])
    return TableProof(
        table=name,
        source=table.source_label,
        lsn=context.ledger.require_cursor().lsn.hex,
        source_rows=source.num_rows,
        mirror_rows=mirror.num_rows,
        differences=comparison.differences,
        sample_keys=comparison.sample_keys,
    )


def record_proofs(context: Context, proofs: Sequence[TableProof]) -> None:
    """Write proofs to OPS.PROOFS under the run's id."""
    now = utc_now()
    rows = [
        (
            context.run_id,
            proof.table,
            proof.lsn,
            proof.source_rows,
            proof.mirror_rows,
            proof.differences,
            json.dumps(proof.sample_keys, ensure_ascii=False) if proof.sample_keys else None,
            now,
        )
        for proof in proofs
    ]
    context.warehouse.execute_many(ops_sql.INSERT_PROOF, rows)


def as_travelled(mirror: pa.Table, table: CapturedTable) -> pa.Table:
    """A mirror's rows with the Arrow types in which they left the source; Snowflake narrows numbers."""
    columns = [
        column.cast(field.type) for column, field in zip(mirror.columns, table.landed_schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=table.landed_schema)


def compare(source: pa.Table, mirror: pa.Table, key: Sequence[str]) -> Comparison:
    """Compare two tables of one schema by key; row order does not matter, every value does."""
    ordered = [table.sort_by([(name, "ascending") for name in key]) for table in (source, mirror)]
    if ordered[0].equals(ordered[1]):
        return Comparison(0, ())
    left, right = (_by_key(table, key) for table in ordered)
    differing = [k for k in left.keys() | right.keys() if left.get(k) != right.get(k) or len(left[k]) > 1]
    sample = sorted(map(_plain, differing))[:SAMPLE_SIZE]
    return Comparison(len(differing), tuple(sample))


def _by_key(table: pa.Table, key: Sequence[str]) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
    """The rows by key; more than one row of a key is a difference, too."""
    places = [table.column_names.index(name) for name in key]
    rows: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        rows.setdefault(tuple(row[place] for place in places), []).append(row)
    return rows


def _plain(key: tuple[Any, ...]) -> str:
    return ", ".join(value.hex() if isinstance(value, bytes) else str(value) for value in key)
