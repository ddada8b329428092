"""What reconciliation found: a row of OPS.RECONCILIATIONS for each table, and its line for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from flows.ingest.context import Context, utc_now
from flows.ingest.reconcile import ops_sql
from flows.ingest.reconcile.judging import Verdict
from flows.ingest.reconcile.keys import shown

SAMPLE_SIZE = 5
NOTHING = Verdict()


@dataclass(frozen=True)
class Effort:
    """What the comparison cost: on the source queries, rows and milliseconds; statements on Snowflake."""

    source_queries: int = 0
    source_rows: int = 0
    source_milliseconds: int = 0
    warehouse_statements: int = 0


NO_EFFORT = Effort()


@dataclass(frozen=True)
class TableReconciliation:
    """One table: equal to its source at `lsn`, or not, or why it could not be compared (`reason`)."""

    table: str
    source: str
    lsn: str
    source_rows: int = 0
    mirror_rows: int = 0
    parts: int = 0
    parts_differing: int = 0
    verdict: Verdict = NOTHING
    not_hashed: tuple[str, ...] = ()
    effort: Effort = NO_EFFORT
    reason: str | None = None
    is_cut_short: bool = False
    has_hashes: bool = False

    @property
    def differences(self) -> int:
        """How many keys differ; at least so many where the search was cut short."""
        return len(self.verdict.keys)

    @property
    def differs(self) -> bool:
        """Whether the mirror is not what the source was."""
        return self.is_cut_short or bool(self.differences)

    @property
    def can_be_repaired(self) -> bool:
        """Whether the keys that differ are known, each, and their rows have all columns as the source has."""
        return bool(self.differences) and not self.is_cut_short and not self.has_hashes

    @property
    def outcome(self) -> str:
        """In a word or two."""
        if self.reason:
            return "not compared"
        if self.differs:
            return "different"
        return "undecided" if self.verdict.undecided else "equal"

    @property
    def sample_keys(self) -> tuple[str, ...]:
        """A few of the keys that differ, each with how."""
        kinds = {
            "missing": self.verdict.missing, "surplus": self.verdict.surplus,
            "different": self.verdict.different,
        }  # fmt: skip
        labelled = [f"{kind} {shown(key)}" for kind, keys in kinds.items() for key in keys[:SAMPLE_SIZE]]
        return tuple(labelled[:SAMPLE_SIZE])

    def __str__(self) -> str:
        if self.reason:
            return f"{self.table}: not compared, {self.reason}"
        if self.is_cut_short:
            return (
                f"{self.table}: more than {self.differences:,} keys differ at LSN {self.lsn}: read it anew "
                f"with `python -m flows.replicate --resync {self.source}`"
            )
        if not self.differs:
            undecided = f", {len(self.verdict.undecided):,} undecided" if self.verdict.undecided else ""
            return f"{self.table}: {self.mirror_rows:,} rows, 0 differences at LSN {self.lsn}{undecided}"
        return (
            f"{self.table}: {self.differences:,} keys differ at LSN {self.lsn} "
            f"({len(self.verdict.missing):,} missing, {len(self.verdict.surplus):,} surplus, "
            f"{len(self.verdict.different):,} with other values), such as {'; '.join(self.sample_keys)}"
            f"{self._not_one_by_one}"
        )

    @property
    def _not_one_by_one(self) -> str:
        if not self.has_hashes:
            return ""
        return (
            ": its policy hashes columns, so its rows are not repaired one by one: read it anew with "
            f"`python -m flows.replicate --resync {self.source}`"
        )


def record(context: Context, tables: Sequence[TableReconciliation]) -> None:
    """Write a run's rows of OPS.RECONCILIATIONS."""
    context.warehouse.execute(ops_sql.CREATE_RECONCILIATIONS)
    now = utc_now()
    context.warehouse.execute_many(
        ops_sql.INSERT_RECONCILIATION, [(context.run_id, *_row(table), now) for table in tables]
    )


def _row(table: TableReconciliation) -> tuple[object, ...]:
    verdict, effort = table.verdict, table.effort
    return (
        table.table, table.lsn, table.outcome, table.parts, table.parts_differing, table.source_rows,
        table.mirror_rows, len(verdict.missing), len(verdict.surplus), len(verdict.different),
        len(verdict.undecided), _listed(table.sample_keys), _listed(table.not_hashed), table.reason,
        effort.source_queries, effort.source_rows, effort.source_milliseconds, effort.warehouse_statements,
    )  # fmt: skip


def _listed(texts: Sequence[str]) -> str | None:
    return json.dumps(texts, ensure_ascii=False) if texts else None
