"""What the tasks of one transform share: the gate, what it said, whom that was told, what was let through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prefect import get_run_logger

from deployments.settings import Settings
from expectations.gate import Contract, Gate, GateResult, Partition
from flows.alerts import Alerts, known_since
from flows.contracts import contracts
from flows.gate_news import GateNews
from flows.mail import known_tables
from flows.overrides import Overrides, name_of
from snowpark_models.model import Model
from snowpark_models.runner import Candidate, ModelOutcome, Run
from snowpark_models.runner.freshness import Stale


@dataclass
class Transformation:
    """What the tasks of one run share: the gate, what it said so far, and which sources are old."""

    gate: Gate
    verdicts: list[GateResult]
    alerts: Alerts
    news: GateNews
    overrides: Overrides
    stale: list[Stale] = field(default_factory=list)
    run: Run | None = None

    def audit(self, candidate: Candidate) -> bool:
        """Judge what was built aside, or stays as it is: the runner's way to the gate."""
        layer, table = candidate.layer, candidate.table
        contract = contracts()[layer.upper(), table.upper()]
        since = self._since(candidate, contract)
        return self.lets_through(self.judge(layer, table, candidate.location, contract=contract, since=since))

    def judge(
        self,
        layer: str,
        table: str,
        location: str | None = None,
        *,
        contract: Contract | None = None,
        since: Partition | None = None,
    ) -> GateResult:
        """Pass a gate, keep its verdict, in place of an earlier one, and tell whom it concerns."""
        verdict = self.gate.check(layer, table, location, contract=contract, since=since)
        self.verdicts[:] = [*(each for each in self.verdicts if each.name != verdict.name), verdict]
        is_overridden = verdict.name in self.overrides.names
        if not is_overridden:
            self.alerts.tell(verdict)
        self.news.tell(verdict, is_overridden=is_overridden)
        return verdict

    def lets_through(self, verdict: GateResult) -> bool:
        """Whether what was judged is published, or read: its gate is not closed, or is overridden."""
        return verdict.allows_publishing or self.override(verdict.name, str(verdict))

    def override(self, name: str, failed: str) -> bool:
        """Record that a gate is let through, if somebody has asked for it."""
        override = self.overrides.let_through(name, failed)
        if override is None:
            return False
        self.gate.record(override)
        if verdict := self.verdict(name):
            self.gate.note(verdict, is_overridden=True)
        get_run_logger().warning(f"{name} is overridden, because {override.reason}: {failed}")
        return True

    def built(self, outcome: ModelOutcome) -> None:
        """Keep what became of a model after its gate."""
        verdict = self.verdict(name_of(outcome.model))
        if outcome.is_published:
            self.published(outcome.model)
        if verdict is not None and outcome.rows_set_aside is not None:
            self.gate.note(verdict, rows_set_aside=outcome.rows_set_aside)
        if outcome.is_published and outcome.limit_lifted:
            self.override(name_of(outcome.model), outcome.limit_lifted)

    def verdict(self, name: str) -> GateResult | None:
        """What a gate has said in this run, by its name."""
        return next((verdict for verdict in self.verdicts if verdict.name == name), None)

    def published(self, model: Model) -> None:
        """Keep that what readers see of a model now has passed its gate, row by row."""
        verdict = self.verdict(name_of(model))
        version = self._version(model.schema, model.table)
        if verdict is not None and version is not None:
            self.gate.remember(verdict, version)

    def _since(self, candidate: Candidate, contract: Contract) -> Partition | None:
        """What is new, where the rest is published and was found in order under the same suite."""
        layer, table = candidate.layer, candidate.table
        if self._version(layer, table) != self.gate.position(layer, table, contract):
            return None
        if candidate.is_published:
            return Partition.of_nothing(candidate.location)
        return None if candidate.batch is None else Partition(candidate.batch)

    def _version(self, layer: str, table: str) -> int | None:
        state = self.run.states.get(f"{layer}.{table}".upper()) if self.run else None
        return state.version if state else None


@contextmanager
def begin_transformation(settings: Settings, run_id: str, overrides: Overrides) -> Iterator[Transformation]:
    """Open the gate of a run, which writes its Data Docs and closes its connections at the end.

    Raises:
        ConnectionFailed: Snowflake is not reachable, or refused the login.
    """
    with Gate(
        settings.snowflake,
        run_id,
        settings.data_docs_folder,
        settings.data_docs_stage,
        known_tables(settings),
    ) as gate:
        before = gate.last_gates()
        news = GateNews(settings, run_id, {name: last.outcome for name, last in before.items()})
        yield Transformation(gate, [], Alerts(settings, run_id, known_since(before)), news, overrides)
