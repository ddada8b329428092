"""Write, audit, publish: every model is built aside, judged there, and becomes visible in one step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from snowflake.connector.errors import Error as SnowflakeError
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.exceptions import SnowparkClientException

from snowpark_models.errors import BuildError, ContractError, MissingTableError
from snowpark_models.model import LAYERS, Model
from snowpark_models.runner.enforcement import check_columns, check_rows
from snowpark_models.runner.warehouse import Warehouse, now
from snowpark_models.sources import SCHEMA as RAW
from snowpark_models.sources import SOURCES

Outcome = Literal["published", "contract broken", "gate closed", "upstream closed"]


class Audit(Protocol):
    """The gate: judges a candidate before anybody else sees it."""

    def __call__(self, layer: str, table: str, candidate: str) -> bool:
        """Whether a candidate may be published.

        Args:
            layer: `staging`, `marts` or `features`; in upper case, the schema of both tables.
            table: name that it gets when it is published, such as STG_ORDERS.
            candidate: name under which it can be read now, such as STG_ORDERS__CANDIDATE.
        """
        ...


@dataclass(frozen=True)
class ModelOutcome:
    """What became of one model in a run.

    `row_count` is the candidate's, None where none was finished; `reason` is empty for a published model.
    """

    model: Model
    outcome: Outcome
    row_count: int | None
    reason: str
    started_at: datetime
    ended_at: datetime

    @property
    def is_published(self) -> bool:
        """True when readers see this run's result."""
        return self.outcome == "published"


class Progress(Protocol):
    """Hears how a run gets on, before and after each model."""

    def started(self, model: Model, number: int, total: int) -> None:
        """Model `number` of `total`, counted from 1, is about to be built."""
        ...

    def ended(self, outcome: ModelOutcome) -> None:
        """A model is done with, one way or another."""
        ...


class Silence:
    """Progress that nobody listens to."""

    def started(self, model: Model, number: int, total: int) -> None:
        """Say nothing."""

    def ended(self, outcome: ModelOutcome) -> None:
        """Say nothing."""


def materialise(
    session: Session,
    models: Sequence[Model],
    audit: Audit,
    run_id: str,
    progress: Progress | None = None,
    closed_sources: Collection[str] = (),
) -> list[ModelOutcome]:
    """Build the models in the given order and publish those that keep their contract and pass the gate.

    A model whose candidate is refused keeps its last good table; what reads it, directly or not, is not
    built. The refused candidate stays until the next run, for whoever wants to look at it.

    Args:
        session: in the database that holds RAW; needs the right to create schemas and tables.
        models: as `plan` orders them; what they read is among them or published earlier.
        run_id: names the run in OPS.MODEL_RUNS and in the QUERY_TAG.
        closed_sources: sources whose own gate is closed, such as raw_orders.

    Raises:
        MissingTableError: a table that the models read is not there; nothing has been built.
        BuildError: the warehouse failed on a model; what is published, before it or in earlier runs, stands.
    """
    progress = progress or Silence()
    run = begin(session, models, audit, run_id, closed_sources)
    outcomes = []
    for number, model in enumerate(models, start=1):
        progress.started(model, number, len(models))
        outcomes.append(run.build(model))
        progress.ended(outcomes[-1])
    return outcomes


def begin(
    session: Session,
    models: Sequence[Model],
    audit: Audit,
    run_id: str,
    closed_sources: Collection[str] = (),
) -> Run:
    """Make the run ready to build the models one by one: `materialise` for whoever steps through them.

    Arguments and errors are those of `materialise`.
    """
    warehouse = Warehouse(session)
    with _failures("the run could not begin"):
        warehouse.prepare()
        tables = warehouse.tables()
    _check_tables(models, tables)
    with _failures("what an earlier run left could not be removed"):
        for model in models:
            if (model.schema, model.candidate) in tables:
                warehouse.drop_candidate(model)
    return Run(warehouse, audit, run_id, tables, set(closed_sources))


@dataclass
class Run:
    """One run through the models; `closed` grows by every model that is not published."""

    warehouse: Warehouse
    audit: Audit
    run_id: str
    tables: set[tuple[str, str]]
    closed: set[str]

    def build(self, model: Model) -> ModelOutcome:
        """Bring one model to its end, and write it down; its upstreams come first.

        Raises:
            BuildError: the warehouse failed; what is published stands.
        """
        started_at = now()
        with _failures(f"model {model.name} could not be built"):
            self.warehouse.tag(model, self.run_id)
            outcome, row_count, reason = self._attempt(model)
            if outcome != "published":
                self.closed.add(model.name)
            self.warehouse.record(self.run_id, model, outcome, row_count, started_at)
        return ModelOutcome(model, outcome, row_count, reason, started_at, now())

    def _attempt(self, model: Model) -> tuple[Outcome, int | None, str]:
        missing = [upstream for upstream in model.upstreams if upstream in self.closed]
        if missing:
            return "upstream closed", None, f"not built, because {', '.join(missing)} did not pass"
        has_published = (model.schema, model.table) in self.tables
        try:
            result = model(**{upstream: self._frame(upstream) for upstream in model.upstreams})
            check_columns(model, result)
            self.warehouse.build(model, result, has_published)
            row_count = check_rows(model, self.warehouse)
        except ContractError as error:
            return "contract broken", None, str(error)
        if not self.audit(model.layer, model.table, model.candidate):
            kept = f"{model.schema}.{model.candidate} shows what was refused"
            return "gate closed", row_count, f"a critical expectation failed; {kept}"
        self.warehouse.publish(model, has_published)
        self.tables.add((model.schema, model.table))
        return "published", row_count, ""

    def _frame(self, upstream: str) -> DataFrame:
        schema, table = _location(upstream, self.tables)
        return self.warehouse.table(schema, table)


def _location(upstream: str, tables: Collection[tuple[str, str]]) -> tuple[str, str]:
    """Where a parameter's published table lies; model names are unique over all layers.

    Raises:
        MissingTableError: there is no such table.
    """
    if upstream in SOURCES:
        wanted = [(RAW, SOURCES[upstream])]
        remedy = "let the flow replicate make the mirror first"
    else:
        wanted = [(layer.upper(), upstream.upper()) for layer in LAYERS]
        remedy = f"build the model {upstream} first, or select it too"
    for place in wanted:
        if place in tables:
            return place
    raise MissingTableError(f"{upstream} has no table yet: {remedy}")


def _check_tables(models: Sequence[Model], tables: Collection[tuple[str, str]]) -> None:
    """Hold that all that the models read is there, or made before it is read."""
    made: set[str] = set()
    for model in models:
        for upstream in model.upstreams:
            if upstream not in made:
                try:
                    _location(upstream, tables)
                except MissingTableError as error:
                    raise MissingTableError(f"model {model.name}: {error}") from None
        made.add(model.name)


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """Turn the warehouse's errors into one that says what failed, and what stands."""
    try:
        yield
    except (SnowparkClientException, SnowflakeError) as error:
        raise BuildError(f"{what}: {error}. Published tables are as they were.") from error
