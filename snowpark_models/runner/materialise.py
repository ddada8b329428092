"""Write, audit, publish: every model is built aside, judged there, and becomes visible in one step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from snowflake.snowpark import Session

from snowpark_models.model import Model
from snowpark_models.runner.backfill import Backfill
from snowpark_models.runner.forecast import Forecast, forecast
from snowpark_models.runner.freshness import Stale, stale_sources
from snowpark_models.runner.intake import Admit, newest_arrivals, take_in
from snowpark_models.runner.ledger import Ledger, read_known_states
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.outcome import Audit, ModelOutcome, Progress, Silence
from snowpark_models.runner.run import Run, failures
from snowpark_models.runner.sieve import Sieves, check_sieves
from snowpark_models.runner.state import ModelState
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.sources import SOURCES


@dataclass(frozen=True)
class Options:
    """What a run is asked for beside its models.

    Attributes:
        namespace: where it writes.
        closed_sources: sources whose own gate is closed, such as raw_orders.
        rebuilt: names of models to rebuild, whatever the ledger says.
        backfill: what to compute again of each model, beside what is new.
        known: all models there are, where not all of them are built.
        refused: models that may not be built, by name, with the reason.
        admit: tells the closed sources while mirrors are held; None: they are `closed_sources`.
        sieves: which rows are set aside, by name of the model; of others all rows are published. None: nobody
            knows, so none is, and what is built is not taken for old because of that.
        replayed: names of models of which what is set aside is computed again.
    """

    namespace: Namespace = field(default_factory=Namespace)
    closed_sources: Collection[str] = ()
    rebuilt: Collection[str] = ()
    backfill: Backfill | None = None
    known: Sequence[Model] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    admit: Admit | None = None
    sieves: Sieves = None
    replayed: Collection[str] = ()


def materialise(
    session: Session,
    models: Sequence[Model],
    audit: Audit,
    run_id: str,
    progress: Progress | None = None,
    options: Options | None = None,
) -> list[ModelOutcome]:
    """Bring the models up to date, in order, and publish those that keep their contract and pass the gate.

    A model to which nothing is new stays as it is. One that is refused keeps its last good table; what reads
    it, directly or not, is not built. What was refused stays until it is built again, to be looked at.

    Args:
        session: in the database that holds RAW; needs the right to create schemas and tables.
        models: as `plan` orders them; what they read is among them or published earlier.
        audit: the gate.
        run_id: names the run in OPS.MODEL_RUNS and in the QUERY_TAG.
        progress: hears of stale sources and of each model.
        options: what else is asked for.

    Raises:
        BackfillError: a model cannot be backfilled as it is asked for; nothing has been built.
        MissingTableError: a table that the models read is not there; nothing has been built.
        QuarantineError: rows of a model cannot be set aside, or be replayed; nothing has been built.
        BuildError: the warehouse failed on a model; what is published, before it or in earlier runs, stands.
        ConcurrentRunError: another run builds the same model.
    """
    progress = progress or Silence()
    run = begin(session, models, audit, run_id, options)
    for stale in run.stale:
        progress.warned(str(stale))
    outcomes = []
    for number, model in enumerate(models, start=1):
        progress.started(model, number, len(models))
        outcomes.append(run.build(model))
        progress.ended(outcomes[-1])
    run.end()
    return outcomes


def begin(
    session: Session, models: Sequence[Model], audit: Audit, run_id: str, options: Options | None = None
) -> Run:
    """Take in what is new in the mirrors: `materialise` for whoever steps through the models.

    Arguments and errors are those of `materialise`; `Run.end` comes last.
    """
    options = options or Options()
    warehouse = Warehouse(session, options.namespace)
    ledger = Ledger(warehouse, run_id)
    with failures("the run could not begin"):
        warehouse.make_schemas()
        ledger.prepare()
        looked = look(warehouse, models, options)
        admit = options.admit or (lambda _arrivals: options.closed_sources)
        wanted = _wanted(looked)
        intake = take_in(warehouse, looked.locations.kinds, looked.arrivals, wanted, admit)
    run = Run(
        warehouse,
        ledger,
        looked.locations,
        audit,
        looked.states,
        intake,
        options.rebuilt,
        options.refused,
        options.backfill,
        looked.stale,
        sieves=options.sieves,
        replayed=options.replayed,
    )
    run.close_sources(intake.closed)
    return run


@dataclass(frozen=True)
class Look:
    """What a run finds, and what it would do."""

    locations: Locations
    states: dict[str, ModelState]
    arrivals: dict[str, int | None]
    forecasts: list[Forecast]
    stale: list[Stale]


def look(warehouse: Warehouse, models: Sequence[Model], options: Options) -> Look:
    """Read the ledger and decide what each model needs; nothing is written.

    Raises:
        BackfillError: a model cannot be backfilled as it is asked for.
        MissingTableError: a table that the models read is not there.
        QuarantineError: rows of a model cannot be set aside, or be replayed.
    """
    check_sieves(models, options.sieves, options.replayed)
    if options.backfill:
        options.backfill.check(warehouse, models)
    known = {model.name: model for model in (*options.known, *models)}
    locations = Locations(options.namespace, warehouse.kinds(), known)
    locations.check(models)
    states = read_known_states(warehouse, locations.kinds)
    read = {name: SOURCES[name] for model in models for name in model.upstreams if name in SOURCES}
    arrivals = newest_arrivals(warehouse, locations.kinds, read)
    backfill = options.backfill.reason if options.backfill else ""
    forecasts = forecast(
        models, locations, states, arrivals, options.rebuilt, backfill, options.sieves, options.replayed
    )
    stale = stale_sources(warehouse, locations.kinds, models)
    return Look(locations, states, arrivals, forecasts, stale)


def _wanted(looked: Look) -> dict[str, int | None]:
    """For each source that has to be read the arrival since which it is wanted; None for all of it."""
    wanted: dict[str, int | None] = {}
    for each in looked.forecasts:
        if each.decision.mode == "nothing":
            continue
        state = looked.states.get(looked.locations.written(each.model))
        for name in each.model.upstreams:
            if name in SOURCES:
                before = state.inputs.get(looked.locations.read(name)) if state else None
                is_new_enough = each.decision.mode == "incremental" and not each.decision.reads_all
                since = before if is_new_enough else None
                earlier = wanted.get(name, since)
                wanted[name] = None if since is None or earlier is None else min(since, earlier)
    return wanted
