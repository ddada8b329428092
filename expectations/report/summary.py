"""What one run of the pipeline did: the facts of a report, read from OPS and QUALITY."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import DictCursor

from expectations.gate.overrides import Override, read_overrides
from expectations.gate.results import GateResult
from expectations.gate.store import read_check_results
from expectations.report.history import History, load_history
from expectations.report.ownership import Ownership, TableFacts
from expectations.report.recipients import EVERYTHING, Concern
from expectations.report.set_aside import SetAside, read_set_aside

Verdict = Literal["published", "published with warnings", "not published", "failed"]

SELECT_TABLES = """
SELECT TABLE_SCHEMA || '.' || TABLE_NAME AS FULL_NAME
FROM INFORMATION_SCHEMA.TABLES
WHERE TABLE_SCHEMA IN ('OPS', 'QUALITY')
"""

SELECT_REPLICATED = """
SELECT
    TABLE_NAME, SNAPSHOT_ROWS, CHANGES, LAG_SECONDS, SOURCE_QUERIES, SOURCE_ROWS, SOURCE_MILLISECONDS
FROM OPS.REPLICATION_RUNS
WHERE RUN_ID = %s
ORDER BY TABLE_NAME
"""

SELECT_GAPS = """
SELECT TABLE_NAME
FROM OPS.REPLICATED_TABLES
WHERE STATE = 'gap'
ORDER BY TABLE_NAME
"""

SELECT_MODELS = """
SELECT LAYER, MODEL, OUTCOME, ROW_COUNT
FROM OPS.MODEL_RUNS
WHERE RUN_ID = %s
ORDER BY STARTED_AT, LAYER, MODEL
"""


@dataclass(frozen=True)
class ReplicatedTable:
    """What replication brought into one mirror, and what it cost the source."""

    table: str
    snapshot_rows: int
    changes: int
    lag_seconds: float | None
    source_queries: int = 0
    source_rows: int = 0
    source_milliseconds: int = 0


@dataclass(frozen=True)
class ModelRun:
    """What became of one model; `outcome` as in OPS.MODEL_RUNS."""

    layer: str
    model: str
    outcome: str
    row_count: int | None

    @property
    def name(self) -> str:
        """The model's table, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.model}".upper()


@dataclass(frozen=True)
class RunSummary:
    """One run, for whoever must decide whether its numbers can be used. Times are UTC."""

    run_id: str
    run_name: str
    started_at: datetime
    ended_at: datetime
    tables: tuple[ReplicatedTable, ...] = ()
    gaps: tuple[str, ...] = ()
    models: tuple[ModelRun, ...] = ()
    gates: tuple[GateResult, ...] = ()
    overrides: tuple[Override, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    first_error: str | None = None
    data_docs_link: str | None = None
    prefect_link: str | None = None
    history: History = field(default_factory=History)
    ownership: Ownership = field(default_factory=dict)
    concern: Concern = EVERYTHING

    def about(self, concern: Concern) -> RunSummary:
        """The run as far as it concerns somebody; what ended it only if no table of others explains it."""

        def covers(layer: str, table: str) -> bool:
            return concern.covers(layer, table, self.ownership)

        return replace(
            self,
            tables=tuple(table for table in self.tables if covers("raw", table.table)),
            gaps=tuple(table for table in self.gaps if covers("raw", table)),
            models=tuple(model for model in self.models if covers(model.layer, model.model)),
            gates=tuple(gate for gate in self.gates if covers(gate.layer, gate.table)),
            overrides=tuple(each for each in self.overrides if covers(each.layer, each.table)),
            set_aside=tuple(each for each in self.set_aside if covers(each.layer, each.table)),
            history=self.history.where(covers),
            first_error=self.first_error if concern.is_all or not (self.closed or self.kept) else None,
            concern=concern,
        )

    @property
    def is_told(self) -> bool:
        """Whether there is anything to tell those whom it concerns: a failure concerns everybody."""
        return self.concern.is_all or bool(self.gates or self.models or self.first_error)

    def facts(self, name: str) -> TableFacts | None:
        """What is known of a table, such as MARTS.ORDER_FACTS."""
        return self.ownership.get(name)

    @property
    def closed(self) -> tuple[GateResult, ...]:
        """Gates that let nothing through."""
        overridden = {override.name for override in self.overrides}
        return tuple(g for g in self.gates if g.outcome == "closed" and g.name not in overridden)

    @property
    def overridden(self) -> tuple[GateResult, ...]:
        """Gates that somebody had let through; open ones are those that only rows set aside had closed."""
        overridden = {override.name for override in self.overrides}
        return tuple(gate for gate in self.gates if gate.name in overridden)

    @property
    def warned(self) -> tuple[GateResult, ...]:
        """Gates that let their table through and told."""
        return tuple(g for g in self.gates if g.outcome == "warned" and g not in self.overridden)

    @property
    def kept(self) -> tuple[ModelRun, ...]:
        """Models that were not published: readers have the last good table."""
        return tuple(model for model in self.models if model.outcome not in ("published", "unchanged"))

    @property
    def verdict(self) -> Verdict:
        """Whether today's numbers can be used."""
        if self.closed or self.kept:
            return "not published"
        if self.first_error:
            return "failed"
        if not self.gates:
            return "not published"
        is_flawed = self.warned or self.overridden or self.gaps
        return "published with warnings" if is_flawed else "published"


def load_summary(
    connection: SnowflakeConnection,
    run_id: str,
    *,
    run_name: str,
    started_at: datetime,
    ended_at: datetime,
    first_error: str | None = None,
    data_docs_link: str | None = None,
    prefect_link: str | None = None,
    ownership: Ownership | None = None,
) -> RunSummary:
    """Read what a run left in OPS and QUALITY; a run that died early may have left nothing there."""
    with connection.cursor(DictCursor) as cursor:
        there = {row["FULL_NAME"] for row in _rows(cursor, SELECT_TABLES)}
        replicated, gaps, models = (
            _rows(cursor, query, *values) if f"OPS.{table}" in there else []
            for table, query, values in (
                ("REPLICATION_RUNS", SELECT_REPLICATED, (run_id,)),
                ("REPLICATED_TABLES", SELECT_GAPS, ()),
                ("MODEL_RUNS", SELECT_MODELS, (run_id,)),
            )
        )
    with connection.cursor() as cursor:
        set_aside = read_set_aside(cursor, there, run_id)
    history = load_history(connection, there, run_id, ended_at)
    return RunSummary(
        run_id=run_id,
        run_name=run_name,
        started_at=started_at,
        ended_at=ended_at,
        tables=tuple(_replicated(row) for row in replicated),
        gaps=tuple(row["TABLE_NAME"] for row in gaps),
        models=tuple(ModelRun(r["LAYER"], r["MODEL"], r["OUTCOME"], r["ROW_COUNT"]) for r in models),
        gates=read_check_results(connection, run_id) if "QUALITY.CHECK_RESULTS" in there else (),
        overrides=read_overrides(connection, run_id) if "QUALITY.OVERRIDES" in there else (),
        set_aside=set_aside,
        first_error=first_error,
        data_docs_link=data_docs_link,
        prefect_link=prefect_link,
        history=history,
        ownership=ownership or {},
    )


def _rows(cursor: DictCursor, query: str, *values: str) -> list[dict[str, Any]]:
    cursor.execute(query, values)
    return [dict(row) for row in cursor.fetchall()]


def _replicated(row: dict[str, Any]) -> ReplicatedTable:
    return ReplicatedTable(
        table=row["TABLE_NAME"],
        snapshot_rows=int(row["SNAPSHOT_ROWS"] or 0),
        changes=int(row["CHANGES"] or 0),
        lag_seconds=None if row["LAG_SECONDS"] is None else float(row["LAG_SECONDS"]),
        source_queries=int(row["SOURCE_QUERIES"] or 0),
        source_rows=int(row["SOURCE_ROWS"] or 0),
        source_milliseconds=int(row["SOURCE_MILLISECONDS"] or 0),
    )
