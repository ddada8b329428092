"""How replication is: each table's rows, state and lag, its last gate and its last proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flows.ingest.changes.window import commit_time
from flows.ingest.context import utc_now
from flows.ingest.health.restores import check_history
from flows.ingest.health.run import LastRun, hours_left, last_run
from flows.ingest.lsn import Lsn
from flows.ingest.source.condition import STOPPED, Condition, read_condition
from flows.ingest.source.discovery import check_database
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse import ledger as states
from flows.ingest.warehouse import ops_sql, raw_sql
from flows.ingest.warehouse.ledger import Cursor, Ledger, ReplicatedTable
from flows.ingest.warehouse.session import WarehouseSession

URGENT_HOURS = 12
SILENT_AFTER = timedelta(hours=26)
"""A daily run that has not ended for so long was missed."""
CLOSED = "closed"


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
    """One replicated table. `snapshot_rows` and `changes` are sums over all finished runs.

    `cursor` is where its mirror is: not where the others are, if it stands. `copied_at` is when the copy of a
    table without a key was read, UTC. `lag_seconds` is the age of that copy; None where the table stands.
    `hours_left` is when CDC's cleanup passes a table that stands, so that it must be read anew.
    """

    table: str
    source: str
    state: str
    rows: int
    cursor: str
    lag_seconds: float | None
    snapshot_rows: int
    changes: int
    last_gate: LastGate | None
    last_proof: LastProof | None
    copied_at: datetime | None = None
    hours_left: float | None = None

    @property
    def is_left_behind(self) -> bool:
        """Whether it stands while the others go on; a table that was dropped is not missed."""
        stands = self.lag_seconds is None and self.state != states.DROPPED
        return stands or self.state in (states.GAP, states.STOPPED)


@dataclass(frozen=True)
class Health:
    """The source, the last run and every replicated table; without tables before the first run."""

    tables: tuple[TableHealth, ...] = ()
    source: Condition | None = None
    hours_left: float | None = None
    last_run: LastRun | None = None
    problems: tuple[str, ...] = ()


def read_health(source: SourceSession, warehouse: WarehouseSession, zone: ZoneInfo) -> Health:
    """How replication is now.

    Raises:
        SourceError: CDC is off, its capture job is stopped, or the database is not the one that it was.
        WarehouseError: Snowflake refused a statement.
    """
    database = check_database(source)
    known = set(warehouse.rows(ops_sql.PLATFORM_TABLES))
    if ("OPS", "CURSORS") not in known:
        return Health()
    ledger = Ledger(warehouse, database.name, run_id="status")
    ledger.hold_to_one_source()
    cursor, tables = ledger.cursor(), ledger.tables()
    if cursor is None or not tables:
        return Health()
    check_history(source, database.name, cursor, zone)
    rows = {name: int(count) for name, count in warehouse.rows(raw_sql.count_rows(sorted(tables)))}
    work = {name: (int(read), int(changed)) for name, read, changed in warehouse.rows(ops_sql.WORK_BY_TABLE)}
    gates = _last_gates(warehouse) if ("QUALITY", "CHECK_RESULTS") in known else {}
    proofs = {
        name: LastProof(int(differences), proved_at)
        for name, differences, proved_at in warehouse.rows(ops_sql.LAST_PROOFS)
    }
    now = utc_now()
    lag = lag_seconds(cursor, database.max_lsn, now)
    condition = read_condition(source)
    health = Health(
        source=condition,
        last_run=last_run(warehouse, database.name) if ("OPS", "REPLICATION_HEALTH") in known else None,
        tables=tuple(
            TableHealth(
                table=name,
                source=table.source_label,
                state=table.state,
                rows=rows[name],
                cursor=(table.stopped_at or cursor.lsn).hex,
                lag_seconds=table_lag(table, lag, now),
                snapshot_rows=work.get(name, (0, 0))[0],
                changes=work.get(name, (0, 0))[1],
                last_gate=gates.get(name),
                last_proof=proofs.get(name),
                copied_at=table.copied_at,
                hours_left=_hours_left(source, table, condition, zone, now),
            )
            for name, table in tables.items()
        ),
    )
    return judged(health, cursor, now)


def judged(health: Health, cursor: Cursor, now: datetime) -> Health:
    """With what needs somebody, the most urgent first; each with its remedy."""
    left = hours_left(cursor.committed_at, health.source, now) if health.source else None
    problems: list[str] = []
    if left is not None and left < URGENT_HOURS:
        problems.append(
            f"In {left:.1f} hours CDC's cleanup passes the cursor, and all tables are read anew: let "
            "replicate run, or keep changes longer (EXEC sys.sp_cdc_change_job @job_type = N'cleanup', "
            "@retention = minutes)."
        )
    if health.source and health.source.agent == STOPPED:
        problems.append("SQL Server Agent is stopped, so CDC harvests nothing: start it.")
    if health.source and health.source.errors:
        problems.append(
            f"CDC's last scans had {health.source.errors} errors (sys.dm_cdc_errors); the newest is "
            f"{health.source.last_error}"
        )
    if health.last_run is not None and now - health.last_run.checked_at > SILENT_AFTER:
        problems.append(
            f"The last run ended {health.last_run.checked_at:%Y-%m-%d %H:%M} UTC: is the schedule on, and "
            "does a worker run?"
        )
    problems += [
        f"{table.table} is not followed (state {table.state}): see the last run's warnings{_until(table)}."
        for table in health.tables
        if table.is_left_behind
    ]
    problems += [
        f"{table.table}: the last proof found {table.last_proof.differences:,} differences."
        for table in health.tables
        if table.last_proof and table.last_proof.differences
    ]
    problems += [
        f"{table.table}: its gate closed in run {table.last_gate.run_id}."
        for table in health.tables
        if table.last_gate and table.last_gate.outcome == CLOSED
    ]
    problems += health.last_run.warnings if health.last_run else ()
    return replace(health, hours_left=left, problems=tuple(problems))


def lag_seconds(cursor: Cursor, newest: Lsn, now: datetime) -> float:
    """How far a cursor is behind: the age of its commit, or 0 when CDC has nothing newer."""
    if newest <= cursor.lsn or cursor.committed_at is None:
        return 0.0
    return (now - cursor.committed_at).total_seconds()


def table_lag(table: ReplicatedTable, lag: float, now: datetime) -> float | None:
    """How far a table is behind: as the cursor, or by the age of its copy; None where it stands."""
    if table.stands:
        return None
    return lag if table.copied_at is None else (now - table.copied_at).total_seconds()


def _hours_left(
    source: SourceSession, table: ReplicatedTable, condition: Condition, zone: ZoneInfo, now: datetime
) -> float | None:
    if table.stopped_at is None:
        return None
    return hours_left(commit_time(source, table.stopped_at, zone), condition, now)


def _until(table: TableHealth) -> str:
    """How long a table that stands may stand."""
    if table.hours_left is None:
        return ""
    if table.hours_left <= 0:
        return "; CDC's cleanup has passed it, so it will be read anew"
    return f"; in {table.hours_left:.1f} hours CDC's cleanup passes it, and it must be read anew"


def _last_gates(warehouse: WarehouseSession) -> dict[str, LastGate]:
    return {
        table: LastGate(_outcome(int(critical), int(warnings)), run_id, checked_at)
        for table, run_id, critical, warnings, checked_at in warehouse.rows(ops_sql.LAST_GATES)
    }


def _outcome(critical_failures: int, warnings: int) -> str:
    if critical_failures:
        return CLOSED
    return "warned" if warnings else "open"
