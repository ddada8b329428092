"""How replication is: each table's rows, state and lag, its last gate and its last proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flows.ingest.context import utc_now
from flows.ingest.lsn import Lsn
from flows.ingest.restores import check_history
from flows.ingest.source.discovery import check_database
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse import ops_sql, raw_sql
from flows.ingest.warehouse.ledger import Cursor, Ledger
from flows.ingest.warehouse.session import WarehouseSession


@dataclass(frozen=True)
class LastGate:
    """The last check of a mirror by its suite."""

    outcome: str
    run_id: str
    checked_at: datetime


@dataclass(frozen=True)
class LastProof:
    """The last comparison of a mirror with its source."""

    differences: int
    proved_at: datetime


@dataclass(frozen=True)
class TableHealth:
    """One replicated table. `snapshot_rows` and `changes` are sums over all finished runs."""

    table: str
    source: str
    state: str
    rows: int
    cursor: str
    lag_seconds: float
    snapshot_rows: int
    changes: int
    last_gate: LastGate | None
    last_proof: LastProof | None


def read_health(source: SourceSession, warehouse: WarehouseSession, zone: ZoneInfo) -> list[TableHealth]:
    """The health of every replicated table; empty before the first run.

    Raises:
        SourceError: CDC is off, its capture job is stopped, or the database was restored.
        WarehouseError: Snowflake refused a statement.
    """
    database = check_database(source)
    known = set(warehouse.rows(ops_sql.PLATFORM_TABLES))
    if ("OPS", "CURSORS") not in known:
        return []
    ledger = Ledger(warehouse, database.name, run_id="status")
    cursor, tables = ledger.cursor(), ledger.tables()
    if cursor is None or not tables:
        return []
    check_history(source, database.name, cursor, zone)
    rows = {name: int(count) for name, count in warehouse.rows(raw_sql.count_rows(sorted(tables)))}
    work = {name: (int(read), int(changed)) for name, read, changed in warehouse.rows(ops_sql.WORK_BY_TABLE)}
    gates = _last_gates(warehouse) if ("QUALITY", "CHECK_RESULTS") in known else {}
    proofs = {
        name: LastProof(int(differences), proved_at)
        for name, differences, proved_at in warehouse.rows(ops_sql.LAST_PROOFS)
    }
    lag = lag_seconds(cursor, database.max_lsn, utc_now())
    return [
        TableHealth(
            table=name,
            source=table.source_label,
            state=table.state,
            rows=rows[name],
            cursor=cursor.lsn.hex,
            lag_seconds=lag,
            snapshot_rows=work.get(name, (0, 0))[0],
            changes=work.get(name, (0, 0))[1],
            last_gate=gates.get(name),
            last_proof=proofs.get(name),
        )
        for name, table in tables.items()
    ]


def lag_seconds(cursor: Cursor, newest: Lsn, now: datetime) -> float:
    """How far a cursor is behind: the age of its commit, or 0 when CDC has nothing newer."""
    if newest <= cursor.lsn or cursor.committed_at is None:
        return 0.0
    return (now - cursor.committed_at).total_seconds()


def _last_gates(warehouse: WarehouseSession) -> dict[str, LastGate]:
    return {
        table: LastGate(_outcome(int(critical), int(warnings)), run_id, checked_at)
        for table, run_id, critical, warnings, checked_at in warehouse.rows(ops_sql.LAST_GATES)
    }


def _outcome(critical_failures: int, warnings: int) -> str:
    if critical_failures:
        return "closed"
    return "warned" if warnings else "open"
