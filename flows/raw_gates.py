"""The gates of RAW: every mirror before anything reads it, and again where something arrives meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from expectations.gate import Gate, GateResult, Partition, load_suite
from flows.untouched import untouched
from snowpark_models.runner.intake import newest_arrivals
from snowpark_models.runner.sql.intake import has_arrived
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.sources import SCHEMA as RAW
from snowpark_models.sources import SOURCES

LEVELS = {"open": logging.INFO, "warned": logging.WARNING, "closed": logging.ERROR}


class Judges(Protocol):
    """Whoever passes gates, and keeps and tells their verdicts."""

    gate: Gate

    def judge(self, layer: str, table: str, *, since: Partition | None = None) -> GateResult:
        """Pass a table's gate."""
        ...

    def lets_through(self, verdict: GateResult) -> bool:
        """Whether what was judged may be read."""
        ...


@dataclass
class RawGates:
    """The gates of the mirrors that a run reads.

    They are passed while replication goes on. When the run then holds the mirrors to take them in, nothing
    has arrived since, or what looks at that is passed again: what is gated is what is read, all of one
    moment. Replication waits for these alone.
    """

    judges: Judges
    warehouse: Warehouse
    sources: Sequence[str]
    seen: Mapping[str, int | None] = field(default_factory=dict)
    """The newest arrival of each source when its gate was passed."""
    verdicts: dict[str, GateResult] = field(default_factory=dict)
    """By mirror."""

    def check(self, moved: Collection[str] | None = None) -> None:
        """Pass the gate of every mirror; or of those that have moved, and of those that look at these."""
        mirrors = dict.fromkeys(SOURCES[name].table for name in self.sources)
        sources = {name: source for name, source in SOURCES.items() if source.table in mirrors}
        self.seen = newest_arrivals(self.warehouse, self.warehouse.kinds(), sources)
        for table in mirrors:
            if moved is None or table in moved or _names_one_of(table, moved):
                self.verdicts[table] = check_source(untouched(self), table)

    def admit(self, arrivals: Mapping[str, int | None]) -> set[str]:
        """The sources whose gate is closed, such as raw_orders, by what there is now that mirrors are held.

        A history is closed with its mirror: it goes on holding what was wrong once.
        """
        moved = {SOURCES[name].table for name in arrivals if arrivals[name] != self.seen.get(name)}
        if moved:
            get_run_logger().info(
                f"Since the gates of RAW something has arrived in {', '.join(sorted(moved))}: what looks at "
                "that is gated again."
            )
            self.check(moved)
        passed = {table: self.judges.lets_through(verdict) for table, verdict in self.verdicts.items()}
        return {name for name in self.sources if not passed[SOURCES[name].table]}

    def pass_gate(self, table: str) -> GateResult:
        """Pass a mirror's gate: row-local rules look at what arrived since all was in order."""
        gate, source = self.judges.gate, SOURCES[f"raw_{table.lower()}"]
        newest = self.seen.get(source.name)
        since = None
        if newest is not None:
            position = gate.position(RAW, table)
            if position is not None and position <= newest:
                since = Partition(f"{RAW}.{table}", has_arrived(source, position, newest))
        verdict = self.judges.judge(RAW, table, since=since)
        if newest is not None:
            gate.remember(verdict, newest)
        return verdict


def _names_one_of(table: str, moved: Collection[str]) -> bool:
    """Whether a rule of a mirror's suite looks at another mirror that has moved."""
    queries = [str(each.configuration.to_json_dict()) for each in load_suite(RAW, table).expectations()]
    return any(f"{RAW}.{each}" in query for each in moved for query in queries)


@task(task_run_name="gate RAW.{table}", cache_policy=NO_CACHE)
def check_source(gates: RawGates, table: str) -> GateResult:
    """Check one mirror with its suite."""
    verdict = gates.pass_gate(table)
    get_run_logger().log(LEVELS[verdict.outcome], str(verdict))
    return verdict
