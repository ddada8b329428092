"""One run through the models: decide, build aside, ask the gate, publish, write it down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from snowflake.connector.errors import Error as SnowflakeError
from snowflake.snowpark.exceptions import SnowparkClientException

from deployments.messages import without_values
from snowpark_models.errors import BuildError, ContractError, DefinitionError, LocalityError
from snowpark_models.model import Model
from snowpark_models.runner.backfill import Backfill
from snowpark_models.runner.batch import Batch
from snowpark_models.runner.code import code_hash
from snowpark_models.runner.decision import Decision, decide, wanted_parts
from snowpark_models.runner.dynamic import Dynamic
from snowpark_models.runner.forecast import current_input, published_state
from snowpark_models.runner.frames import Frames
from snowpark_models.runner.freshness import Stale
from snowpark_models.runner.history import History, check_past
from snowpark_models.runner.iceberg import Iceberg
from snowpark_models.runner.intake import Intake, forget
from snowpark_models.runner.job import Building, Job
from snowpark_models.runner.ledger import Ledger, RunRecord, now
from snowpark_models.runner.locality import is_by_parts, routes
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.names import Tables, plain, qualified
from snowpark_models.runner.outcome import Audit, Candidate, ModelOutcome, Outcome
from snowpark_models.runner.quarantine import Quarantine, rows_set_aside
from snowpark_models.runner.sieve import Sieves, has_other_rules, sieve_of
from snowpark_models.runner.sql.tables import drop
from snowpark_models.runner.state import ModelState, Versions
from snowpark_models.runner.view import View
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.runner.whole import WholeTable

NOT_TAKEN = Decision("nothing", "an upstream did not pass")
REFUSED = Decision("nothing", "it may not be built")


@dataclass(frozen=True)
class Attempt:
    """How far a model came."""

    outcome: Outcome
    decision: Decision
    reason: str
    row_count: int | None = None
    rows_changed: int | None = None
    code: str = ""
    inputs: Versions = field(default_factory=dict)
    limit_lifted: str = ""


@dataclass
class Run:
    """A run under way. `closed` grows by every model that is not published, with the reason."""

    warehouse: Warehouse
    ledger: Ledger
    locations: Locations
    audit: Audit
    states: dict[str, ModelState]
    intake: Intake
    rebuilt: Collection[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    backfill: Backfill | None = None
    stale: Sequence[Stale] = ()
    closed: dict[str, str] = field(default_factory=dict)
    sieves: Sieves = None
    replayed: Collection[str] = ()

    def close_sources(self, sources: Iterable[str]) -> None:
        """Let nothing read sources whose gate is closed, that are too old, or that are not finished."""
        self.closed |= {each.source.name: each.reason for each in self.stale if each.is_error}
        self.closed |= dict.fromkeys(sources, "did not pass")
        for name, state in self.intake.unfinished.items():
            self.closed[name] = f"is not up to date: replicate has it in state {state!r}"

    def build(self, model: Model) -> ModelOutcome:
        """Bring one model to its end, and write it down; its upstreams come first.

        Raises:
            BuildError: the warehouse failed; what is published stands.
            ConcurrentRunError: another run builds it.
        """
        started_at = now()
        with failures(f"model {model.name} could not be built"):
            self.warehouse.tag(model, self.ledger.run_id)
            attempt = self._attempt(model)
            if attempt.outcome not in ("published", "unchanged"):
                self.closed[model.name] = "did not pass"
            set_aside = rows_set_aside(self.warehouse, self.locations, model)
            record = RunRecord(
                attempt.outcome,
                attempt.decision.mode,
                attempt.reason,
                attempt.row_count,
                attempt.rows_changed,
                set_aside,
            )
            self.ledger.record(model, record, attempt.code, attempt.inputs, started_at)
        return ModelOutcome(
            model,
            attempt.outcome,
            attempt.decision,
            attempt.row_count,
            attempt.rows_changed,
            attempt.reason,
            started_at,
            now(),
            set_aside,
            attempt.limit_lifted,
        )

    def end(self) -> None:
        """Drop what was taken in."""
        with failures("what was taken in could not be dropped"):
            forget(self.warehouse, self.intake)

    def _attempt(self, model: Model) -> Attempt:
        missing = [f"{name} {self.closed[name]}" for name in model.upstreams if name in self.closed]
        if missing:
            return Attempt("upstream closed", NOT_TAKEN, f"not built, because {', '.join(missing)}")
        if model.name in self.refused:
            return Attempt("contract broken", REFUSED, self.refused[model.name])
        inputs = {
            name: current_input(name, self.locations, self.states, self.intake.arrivals)
            for name in model.upstreams
        }
        state = published_state(model, self.locations, self.states)
        code = code_hash(model)
        by_parts, wanted = is_by_parts(model, self.locations.models), model.name in self.rebuilt
        parts = wanted_parts(
            self.backfill.reason if self.backfill else "",
            is_replayed=model.name in self.replayed,
            has_other_rules=has_other_rules(model, self.sieves, state),
        )
        decision = decide(state, code, inputs, is_by_parts=by_parts, is_wanted=wanted, wanted_parts=parts)
        versions = {read.location: read.version for read in inputs.values()}
        if decision.mode == "nothing":
            outcome, reason = self._left(model, decision)
            return Attempt(outcome, decision, reason, code=code, inputs=versions)
        try:
            job = self._job(model, code, versions)
            return self._carry_out(job, decision)
        except (ContractError, DefinitionError, LocalityError) as error:
            return Attempt("contract broken", decision, str(error), code=code, inputs=versions)

    def _carry_out(self, job: Job, decision: Decision) -> Attempt:
        model = job.model
        building = _building(job, decision, self.backfill)
        self._check_intake(job, decision)
        check_past(self.warehouse, self.locations, model)
        self.ledger.claim(model, job.state)
        with telling_of_others(self.ledger, model):
            self._clear(job)
            return self._claimed(job, decision, building)

    def _claimed(self, job: Job, decision: Decision, building: Building) -> Attempt:
        model, rows = job.model, building.build()

        def attempt(outcome: Outcome, reason: str, changed: int | None = None) -> Attempt:
            lifted = job.quarantine.limit_lifted
            return Attempt(outcome, decision, reason, rows, changed, job.code, job.inputs, lifted)

        if building.is_the_same:
            job.set_published(job.state.version, job.state.log_from)
            self._read_states()
            return attempt(*self._left(model, decision), 0)
        too_many, location = job.quarantine.too_many, plain(building.audited)
        batch = plain(building.batch) if building.batch and not too_many else None
        is_open = self.audit(Candidate(model.layer, model.table, location, batch))
        if too_many or not is_open:
            self.ledger.check_claim(model)
            why = too_many or "a critical expectation failed"
            return attempt("gate closed", f"{why}; {location} shows what was refused")
        changed = building.publish()
        self.locations.published(model)
        self._read_states()
        return attempt("published", decision.reason, changed)

    def _left(self, model: Model, decision: Decision) -> tuple[Outcome, str]:
        """What becomes of a model that stays as it is, by the clock, its upstreams and its rules of today."""
        location = self.locations.written(model)
        if self.audit(Candidate(model.layer, model.table, location, is_published=True)):
            return "unchanged", decision.reason
        return "gate closed", f"a critical expectation failed in what readers see: {location}"

    def _clear(self, job: Job) -> None:
        """Drop what earlier runs of it refused, or left when they died, or are still about to publish."""
        if job.state.is_rebuilding:
            found = self.warehouse.kinds()
            self.locations.kinds |= found
            if self.locations.quarantine(job.model) not in found:
                self.locations.kinds.pop(self.locations.quarantine(job.model), None)
        for place in self.locations.beside(job.model):
            self.warehouse.run(drop(self.locations.kinds.pop(place), qualified(*place)))

    def _job(self, model: Model, code: str, versions: Versions) -> Job:
        location = self.locations.written(model)
        state = self.states.get(location) or ModelState(model.name, 0, None, "", {})
        models = self.locations.models
        tables = Tables.of(model, self.warehouse.namespace, self.ledger.token)
        quarantine = Quarantine(
            self.warehouse,
            self.locations,
            model,
            tables,
            sieve_of(model, self.sieves),
            state,
            self.ledger.run_id,
            is_replayed=model.name in self.replayed,
        )
        return Job(
            self.warehouse,
            self.ledger,
            self.locations,
            model,
            tables,
            self._frames(model),
            state,
            code,
            versions,
            quarantine,
            routes(model, models) if is_by_parts(model, models) else None,
        )

    def _frames(self, model: Model) -> Frames:
        tables = {name: self._table(model, name) for name in model.upstreams}
        is_versioned = model.materialized == "scd2"
        history = History.begun(self.warehouse, self.locations, model) if is_versioned else None
        return Frames(self.warehouse, tables, history)

    def _check_intake(self, job: Job, decision: Decision) -> None:
        """Hold that whole mirrors are there where they are read: another run may have changed that."""
        partly = set(job.model.upstreams) & self.intake.taken.keys() - self.intake.whole
        reads_all = decision.mode == "rebuild" or decision.reads_all
        if reads_all and partly and job.model.materialized != "view":
            raise BuildError(
                f"model {job.model.name} needs whole mirrors since another run built it ({decision.reason}), "
                f"and this one has taken in only what is new of {', '.join(sorted(partly))}: run again."
            )

    def _table(self, model: Model, upstream: str) -> str:
        """The quoted table that a parameter reads: of a mirror what was taken in, except in a view."""
        is_taken = upstream in self.intake.taken and model.materialized != "view"
        return self.intake.taken[upstream] if is_taken else self.locations.quoted(upstream)

    def _read_states(self) -> None:
        """What the ledger says now, for what is downstream."""
        self.states |= self.ledger.states()


def _building(job: Job, decision: Decision, backfill: Backfill | None) -> Building:
    if job.model.materialized == "view":
        return View(job)
    if job.model.materialized == "dynamic_table":
        return Dynamic(job)
    if job.model.materialized == "iceberg_table":
        return Iceberg(job)
    if decision.mode == "incremental" and job.routes is not None:
        return Batch(job, list(job.routes), backfill)
    return WholeTable(job)


@contextmanager
def telling_of_others(ledger: Ledger, model: Model) -> Iterator[None]:
    """Turn errors over tables that another run has cleared away since into one that says so."""
    try:
        yield
    except (SnowparkClientException, SnowflakeError):
        ledger.check_claim(model)
        raise


@contextmanager
def failures(what: str, stands: str = "Published tables are as they were.") -> Iterator[None]:
    """Turn the warehouse's errors into one that says what failed, and what stands, but no value."""
    try:
        yield
    except (SnowparkClientException, SnowflakeError) as error:
        raise BuildError(f"{what}: {without_values(str(error))}. {stands}".rstrip()) from None
