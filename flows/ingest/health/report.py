"""What a run did, for people and for the flows: frozen, and free of rows and sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.ingest.context import Context, utc_now
from flows.ingest.health.run import record_health
from flows.ingest.lsn import Lsn
from flows.ingest.source.discovery import max_lsn
from flows.ingest.warehouse.ledger import RunRow


@dataclass(frozen=True)
class TableReport:
    """What a run did for one table. `state` is that of OPS.REPLICATED_TABLES at its end."""

    table: str
    source: str
    state: str
    snapshot_rows: int
    changes: int


@dataclass(frozen=True)
class ReplicationReport:
    """What a run did. Times are UTC; `lag_seconds` is 0 when the cursor is at the source's max LSN.

    `committed_at` is when the last commit that arrived was made; None where the source tells no time of it.
    """

    run_id: str
    started_at: datetime
    ended_at: datetime
    from_lsn: str
    to_lsn: str
    transactions: int
    lag_seconds: float
    committed_at: datetime | None
    source_queries: int
    source_rows: int
    source_milliseconds: int
    tables: tuple[TableReport, ...]
    warnings: tuple[str, ...] = ()
    warehouse_statements: int = 0
    warehouse_rows: int = 0
    warehouse_bytes: int = 0

    @property
    def age_seconds(self) -> float:
        """How old the last commit that arrived was at the end: the lag with that of CDC's own harvest."""
        return (self.ended_at - self.committed_at).total_seconds() if self.committed_at else 0.0

    @property
    def snapshot_rows(self) -> int:
        """Rows read by snapshots, over all tables."""
        return sum(table.snapshot_rows for table in self.tables)

    @property
    def changes(self) -> int:
        """Changes applied, over all tables."""
        return sum(table.changes for table in self.tables)

    @property
    def summary(self) -> str:
        """The run in one line."""
        return (
            f"{self.snapshot_rows:,} rows by snapshot and {self.changes:,} changes of "
            f"{self.transactions:,} transactions in {len(self.tables)} tables, up to LSN {self.to_lsn}; lag "
            f"{self.lag_seconds:.1f} s; the source served {self.source_queries:,} queries and "
            f"{self.source_rows:,} rows in {self.source_milliseconds / 1000:.1f} s, Snowflake "
            f"{self.warehouse_statements:,} statements"
        )


def write_report(context: Context, started_from: Lsn) -> ReplicationReport:
    """Write the ledger of a run, and say what it did."""
    cursor, ended_at = context.ledger.require_cursor(), utc_now()
    is_behind = max_lsn(context.source, context.database.name) > cursor.lsn
    lag = (ended_at - cursor.committed_at).total_seconds() if is_behind and cursor.committed_at else 0.0
    tally, registered = context.tally, context.ledger.tables()
    runs = [_run_row(context, name) for name in registered]
    context.ledger.record_run(runs, context.started_at, ended_at, cursor.lsn, lag)
    record_health(context, cursor, lag)
    cost = context.source.meter.total()
    return ReplicationReport(
        run_id=context.run_id,
        started_at=context.started_at,
        ended_at=ended_at,
        from_lsn=started_from.hex,
        to_lsn=cursor.lsn.hex,
        transactions=tally.transactions,
        lag_seconds=lag,
        committed_at=cursor.committed_at,
        source_queries=cost.queries,
        source_rows=cost.rows,
        source_milliseconds=round(cost.milliseconds),
        tables=tuple(
            TableReport(name, t.source_label, t.state, tally.snapshot_rows[name], tally.changes[name])
            for name, t in registered.items()
        ),
        warnings=tuple(tally.warnings),
        warehouse_statements=context.warehouse.cost.statements,
        warehouse_rows=context.warehouse.cost.rows,
        warehouse_bytes=context.warehouse.cost.bytes,
    )


def _run_row(context: Context, table: str) -> RunRow:
    cost = context.source.meter.by_table[table]
    return RunRow(
        table,
        context.tally.snapshot_rows[table],
        context.tally.changes[table],
        cost.queries,
        cost.rows,
        round(cost.milliseconds),
    )
