"""How replication was at the end of a run: a row of OPS.REPLICATION_HEALTH."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from flows.ingest.context import Context, utc_now
from flows.ingest.source.condition import Condition, read_condition
from flows.ingest.warehouse import ops_sql
from flows.ingest.warehouse.ledger import STREAMING, Cursor
from flows.ingest.warehouse.session import WarehouseSession


@dataclass(frozen=True)
class LastRun:
    """What the newest row of OPS.REPLICATION_HEALTH says of its run. Times are UTC."""

    run_id: str
    checked_at: datetime
    source_queries: int
    source_rows: int
    source_milliseconds: int
    warehouse_statements: int
    warehouse_rows: int
    warehouse_bytes: int
    warnings: tuple[str, ...]


def hours_left(committed_at: datetime | None, condition: Condition, now: datetime) -> float | None:
    """In how many hours the cleanup job passes a commit (UTC); None where its time is unknown."""
    if committed_at is None:
        return None
    return (committed_at + condition.retention - now).total_seconds() / 3600


def record_health(context: Context, cursor: Cursor, lag_seconds: float) -> None:
    """Write the row of this run; last of all, so that it has the whole cost."""
    condition, now = read_condition(context.source), utc_now()
    states = [table.state for table in context.ledger.tables().values()]
    source, warehouse = context.source.meter.total(), context.warehouse.cost
    warnings = [*context.tally.warnings, *context.tally.losses]
    context.warehouse.execute(
        ops_sql.INSERT_HEALTH,
        (
            context.run_id,
            context.database.name,
            now,
            cursor.lsn.hex,
            lag_seconds,
            hours_left(cursor.committed_at, condition, now),
            condition.capture_job,
            condition.agent,
            condition.errors,
            condition.last_error,
            condition.max_text_repl_size,
            condition.restored_at,
            len(states),
            sum(state != STREAMING for state in states),
            source.queries,
            source.rows,
            round(source.milliseconds),
            warehouse.statements + 1,
            warehouse.rows,
            warehouse.bytes,
            json.dumps(warnings, ensure_ascii=False),
        ),
    )


def last_run(warehouse: WarehouseSession, pipeline: str) -> LastRun | None:
    """The run that ended last; None before the first."""
    rows = warehouse.rows(ops_sql.LAST_HEALTH, (pipeline,))
    if not rows:
        return None
    run_id, checked_at, queries, read, milliseconds, statements, written, staged, warnings = rows[0]
    told = tuple(json.loads(warnings or "[]"))
    return LastRun(run_id, checked_at, queries, read, milliseconds, statements, written, staged, told)
