"""The flow `transform`: gate RAW, then build, gate and publish every model in the order of its signature.

`python -m flows.transform [--select SELECTOR …] [--replay MODEL …] [--override GATE … --because "…"]` runs it
in this process.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Failed
from snowflake.snowpark import Session

from deployments.connections import ConnectionFailed, connect_snowflake, snowpark_session
from deployments.settings import Settings, SettingsError, load_settings
from expectations.gate import SuiteMissing
from flows.assets import tell_of_model
from flows.gate_news import data_docs_address
from flows.going_on import go_on_with
from flows.overrides import OverrideRefused, Overrides, name_of
from flows.quarantine import sieves
from flows.raw_gates import RawGates
from flows.run import name_this_run, this_run_id
from flows.shown import ProgressBar
from flows.transform_verdict import final_state, name_by_outcome, publish_artifacts
from flows.transformation import Transformation, begin_transformation
from flows.untouched import untouched
from snowpark_models.errors import ModelError, RegistrationError
from snowpark_models.features._views import VIEWS
from snowpark_models.model import Model
from snowpark_models.pointintime import (
    FeatureView,
    changed_without_version,
    has_feature_store,
    record,
    register,
)
from snowpark_models.runner import ModelOutcome, Options, Run, begin, discover, plan
from snowpark_models.runner.modified import modified
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.selection import asks_for_state
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.sources import SOURCES


def called_by_its_parameters() -> str:
    """What a run is called while it goes on."""
    asked = runtime.flow_run.parameters
    return f"{' '.join(asked.get('select') or ['all models'])}, gated"


@flow(name="transform", flow_run_name=called_by_its_parameters)
def transform(
    select: Sequence[str] = (),
    replay: Sequence[str] = (),
    override: Sequence[str] = (),
    because: str = "",
    go_on: bool = False,
    run_id: str | None = None,
) -> State[Any]:
    """Gate RAW, build the models aside, gate and publish them.

    A closed gate keeps the last good table of its model and stops what is downstream; the flow then ends
    as failed. Warnings end it as `Warned`.

    Args:
        select: which models, and so which of the mirrors, such as `+customer_360` or `marts`; all when left
            out. Selectors are those of `python -m snowpark_models list`.
        replay: models of which what is set aside is computed again, as after a repair of their rules.
        override: gates that let through in this run what closes them, such as marts.order_facts.
        because: why gates are let through; recorded in QUALITY.OVERRIDES.
        go_on: whether the report follows, as a run of its own.
        run_id: the run that this is part of; its own without one.
    """
    run_id, started_at = run_id or this_run_id(), datetime.now(UTC)
    asked = Asked(select, replay, override, because)
    ended = publish_models(run_id, asked)
    if go_on:
        go_on_with("report", run_id, started_at, ended)
    return ended


@dataclass(frozen=True)
class Asked:
    """What a run is asked to do."""

    select: Sequence[str]
    replay: Sequence[str]
    override: Sequence[str]
    because: str


def publish_models(run_id: str, asked: Asked) -> State[Any]:
    """Gate, build and publish, and tell of it; how the flow ends."""
    try:
        settings = load_settings()
        models = selected(settings, asked.select)
        sources = sources_of(models) if asked.select else list(SOURCES)
        overrides = Overrides.asked_for(asked.override, asked.because, gates_of(models, sources))
        with begin_transformation(settings, run_id, overrides) as transformation:
            outcomes = build_models(transformation, settings, models, sources, run_id, asked.replay)
    except (ConnectionFailed, ModelError, OverrideRefused, SettingsError, SuiteMissing) as error:
        return Failed(message=str(error))
    publish_artifacts(transformation.verdicts, outcomes, data_docs_address(settings))
    name_this_run(name_by_outcome(transformation.verdicts, outcomes))
    return final_state(transformation, outcomes)


def selected(settings: Settings, select: Sequence[str]) -> list[Model]:
    """The selected models, upstreams first; asks the warehouse only for state:modified."""
    if not asks_for_state(select):
        return plan(select)
    with connect_snowflake(settings.snowflake, json.dumps({"flow": "transform"})) as connection:
        return plan(select, modified=modified(Warehouse(snowpark_session(connection), Namespace()), plan()))


def sources_of(models: Sequence[Model]) -> list[str]:
    """The sources that the models read, such as raw_orders."""
    read = {upstream for model in models for upstream in model.upstreams}
    return [name for name in SOURCES if name in read]


def gates_of(models: Sequence[Model], sources: Sequence[str]) -> list[str]:
    """The gates of a run, such as RAW.ORDERS and MARTS.ORDER_FACTS."""
    mirrors = dict.fromkeys(f"RAW.{SOURCES[name].table}" for name in sources)
    return [*mirrors, *map(name_of, models)]


def build_models(
    transformation: Transformation,
    settings: Settings,
    models: Sequence[Model],
    sources: Sequence[str],
    run_id: str,
    replayed: Sequence[str] = (),
) -> list[ModelOutcome]:
    """Gate the sources, then build every model, upstreams first, each as a task of its own."""
    tag = json.dumps({"flow": "transform", "run": run_id})
    with connect_snowflake(settings.snowflake, tag) as connection:
        session = snowpark_session(connection)
        raw = RawGates(transformation, Warehouse(session, Namespace()), sources)
        raw.check()
        refused = changed_without_version(session, VIEWS)
        options = Options(
            known=discover(),
            refused=refused,
            admit=raw.admit,
            sieves=sieves(models, transformation.overrides.names),
            replayed=replayed,
        )
        with transformation.alerts.kept():  # mirrors are held meanwhile
            run = transformation.run = begin(session, models, transformation.audit, run_id, options)
        for stale in run.stale:
            get_run_logger().warning(str(stale))
        transformation.stale.extend(run.stale)
        outcomes: list[ModelOutcome] = []
        bar = ProgressBar("models-done")
        for model in models:
            work = untouched(transformation), untouched(run), untouched(model)
            outcomes.append(build_model(*work, model.schema, model.table))
            tell_of_model(settings.snowflake, outcomes[-1], run_id)
            done = f"{len(outcomes)} of {len(models)} models, last {model.schema}.{model.table}."
            bar.move(len(outcomes), len(models), done)
        run.end()
        published = {outcome.model.name for outcome in outcomes if outcome.is_published}
        for view in VIEWS:
            if view.name in published:
                record_features(untouched(session), untouched(view), run_id, view.name)
    return outcomes


@task(task_run_name="{schema}.{table}", cache_policy=NO_CACHE)
def build_model(
    transformation: Transformation,
    run: Run,
    model: Model,
    schema: str,  # noqa: ARG001 - names the task run
    table: str,  # noqa: ARG001 - names the task run
) -> ModelOutcome:
    """Build, gate and publish one model."""
    outcome = run.build(model)
    transformation.built(outcome)
    rows = "" if outcome.row_count is None else f", {outcome.row_count:,} rows"
    rows += f", {outcome.rows_set_aside:,} rows set aside" if outcome.rows_set_aside else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    level = logging.INFO if outcome.is_published else logging.ERROR
    get_run_logger().log(level, f"{outcome.model.table}: {outcome.outcome}{rows}{reason}")
    return outcome


@task(task_run_name="record {name}", cache_policy=NO_CACHE)
def record_features(
    session: Session,
    view: FeatureView,
    run_id: str,
    name: str,  # noqa: ARG001 - names the task run
) -> None:
    """Keep what a feature view tells now, for training sets to come; show it in Snowflake's Feature Store."""
    log = get_run_logger()
    for recording in record(session, [view], run_id):
        log.info(
            f"{view.name}, version {view.version}: {recording.rows:,} rows recorded as of {recording.as_of}"
        )
    if not has_feature_store():
        log.info("Snowflake's Feature Store: nothing is registered, snowflake-ml-python is not installed")
        return
    try:
        log.info(f"Snowflake's Feature Store: {register(session, view)}")
    except RegistrationError as error:
        log.warning(str(error))


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run the flow; 1 when a gate is closed or it failed."""
    parser = argparse.ArgumentParser(prog="flows.transform", description=__doc__)
    parser.add_argument(
        "--select",
        nargs="+",
        metavar="SELECTOR",
        help="which models, as in `python -m snowpark_models list`; all when left out",
    )
    parser.add_argument(
        "--replay", nargs="+", metavar="MODEL", help="compute again what is set aside of these models"
    )
    parser.add_argument(
        "--override",
        nargs="+",
        metavar="GATE",
        help="let through in this run what closes these gates, such as marts.order_facts",
    )
    parser.add_argument("--because", default="", metavar="WHY", help="why; recorded with each override")
    chosen = parser.parse_args(arguments)
    state = transform(
        select=chosen.select or (),
        replay=chosen.replay or (),
        override=chosen.override or (),
        because=chosen.because,
        return_state=True,
    )
    print(state.message, file=sys.stderr)  # noqa: T201 - the one line of the verdict
    return 0 if state.is_completed() else 1


if __name__ == "__main__":
    sys.exit(main())
