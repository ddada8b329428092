"""Reconciliation of tables: each is searched against its mirror at rest, then all that differs is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.ingest.context import Context
from flows.ingest.errors import SourceError
from flows.ingest.health.restores import check_history
from flows.ingest.lsn import Lsn
from flows.ingest.reconcile import source_sql
from flows.ingest.reconcile.buckets import BucketCut
from flows.ingest.reconcile.hashing import Hashing
from flows.ingest.reconcile.judging import judge, wait_for_harvest
from flows.ingest.reconcile.keys import is_ordered_alike
from flows.ingest.reconcile.ranges import RangeCut
from flows.ingest.reconcile.results import Effort, TableReconciliation
from flows.ingest.reconcile.search import LEAF_ROWS, Found, Search
from flows.ingest.reconcile.sides import Sides, mirror_at_rest
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.warehouse.ledger import STREAMING


@dataclass(frozen=True)
class Searched:
    """One table after its search: what may differ, to be judged at `lsn`."""

    table: CapturedTable
    lsn: Lsn
    hashing: Hashing
    found: Found
    warehouse_statements: int


def chosen_tables(context: Context, labels: Sequence[str] | None) -> list[str]:
    """The names in RAW of tables that people name as the source does; all, without labels.

    Raises:
        SourceError: CDC captures no table of a name, or it cannot be replicated as it is.
    """
    by_label = {t.source_label.lower(): name for name, t in context.tables.items() if t.key}
    refused = {label.lower(): reason for label, reason in context.discovered.refused.items()}
    for label in labels or ():
        if label.lower() in refused:
            raise SourceError(refused[label.lower()])
        if label.lower() not in by_label:
            raise SourceError(
                f"Table {label} is not captured by CDC, or has no key, so it cannot be compared: there are "
                f"{', '.join(sorted(by_label))}."
            )
    return sorted(by_label[label.lower()] for label in labels) if labels else sorted(by_label.values())


def reconcile_tables(
    context: Context, names: Sequence[str], leaf_rows: int = LEAF_ROWS
) -> list[TableReconciliation]:
    """Compare tables with their mirrors, each exactly at one LSN, whatever is written meanwhile.

    Parts that differ are cut until they have at most `leaf_rows` rows.

    Raises:
        SourceError: the database was restored, or CDC's retention passed the LSN meanwhile.
        ConcurrentRunError: other runs moved the cursor all the time.
    """
    check_history(context.source, context.database.name, context.ledger.require_cursor(), context.zone)
    knows_utf8 = context.source.scalar(source_sql.KNOWS_UTF8) is not None
    results, searched = [], []
    for name in names:
        outcome = _search(context, name, knows_utf8, leaf_rows)
        if isinstance(outcome, Searched):
            searched.append(outcome)
        else:
            results.append(outcome)
    if any(one.found.candidates for one in searched):
        wait_for_harvest(context)
    results += [_judged(context, one) for one in searched]
    return sorted(results, key=lambda result: result.table)


def _search(context: Context, name: str, knows_utf8: bool, leaf_rows: int) -> Searched | TableReconciliation:
    """Search a table, or say why it cannot be compared."""
    whole, policy = context.tables[name], context.policies.of(context.tables[name].source_label)
    hashed = {column.lower() for column in policy.hash}
    table = whole.with_columns(lambda column: None if column.source_name.lower() in hashed else column)
    reason = _not_comparable(context, whole, table, knows_utf8)
    if reason:
        cursor = context.ledger.require_cursor().lsn.hex
        return TableReconciliation(name, whole.source_label, cursor, reason=reason)
    hashing = Hashing.of(table, knows_utf8)
    sides = Sides(context.source, context.warehouse, table, hashing)
    rows = context.limits.chunk_rows
    with mirror_at_rest(context, table) as lsn:
        if is_ordered_alike(table):
            found = Search(table, RangeCut(sides, rows, leaf_rows), leaf_rows).run()
        else:
            found = Search(table, BucketCut(sides, rows, leaf_rows), leaf_rows).run()
    context.progress.step(
        f"{table.source_label}: {found.mirror_rows:,} rows in {found.parts:,} parts compared by hash, "
        f"{found.parts_differing:,} differ, {len(found.candidates):,} keys to be judged at LSN {lsn}"
    )
    return Searched(table, lsn, hashing, found, sides.statements)


def _not_comparable(
    context: Context, whole: CapturedTable, table: CapturedTable, knows_utf8: bool
) -> str | None:
    registered = context.ledger.tables().get(whole.name)
    if registered is None or registered.state != STREAMING:
        state = registered.state if registered else "not replicated yet"
        return f"its state is {state!r}: compare it once it is streaming"
    if not whole.key_names:
        return "it has no key"
    if not is_ordered_alike(table) and not Hashing.of(table, knows_utf8).has_whole_key:
        return "its key cannot be hashed alike on both sides"
    return None


def _judged(context: Context, one: Searched) -> TableReconciliation:
    verdict = judge(context, one.table, one.lsn, one.found.candidates)
    cost = context.source.meter.by_table[one.table.name]
    policy = context.policies.of(one.table.source_label)
    return TableReconciliation(
        table=one.table.name,
        source=one.table.source_label,
        lsn=one.lsn.hex,
        source_rows=one.found.mirror_rows + len(verdict.missing) - verdict.surplus_rows,
        mirror_rows=one.found.mirror_rows,
        parts=one.found.parts,
        parts_differing=one.found.parts_differing,
        verdict=verdict,
        not_hashed=(
            *one.hashing.leaves_out,
            *(f"{name.upper()} (hashed by policy)" for name in sorted(policy.hash)),
        ),
        effort=Effort(cost.queries, cost.rows, round(cost.milliseconds), one.warehouse_statements),
        is_cut_short=one.found.is_cut_short,
        has_hashes=bool(policy.hash),
    )
