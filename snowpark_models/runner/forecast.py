"""What a run would do with each model, before anything is built."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from snowpark_models.model import Model
from snowpark_models.runner.code import code_hash
from snowpark_models.runner.decision import Decision, Input, decide, wanted_parts
from snowpark_models.runner.locality import is_by_parts
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.sieve import Sieves, has_other_rules
from snowpark_models.runner.state import ModelState
from snowpark_models.sources import SOURCES


@dataclass(frozen=True)
class Forecast:
    """How a model would be built."""

    model: Model
    decision: Decision


def forecast(
    models: Sequence[Model],
    locations: Locations,
    states: Mapping[str, ModelState],
    arrivals: Mapping[str, int | None],
    rebuilt: Collection[str] = (),
    backfill: str = "",
    sieves: Sieves = None,
    replayed: Collection[str] = (),
) -> list[Forecast]:
    """Go through the models in their order; what one of them will do is new to those downstream.

    Args:
        models: those selected, upstreams first.
        locations: where tables are, and will be.
        states: of what is published, by SCHEMA.TABLE.
        arrivals: the newest arrival of each source.
        rebuilt: names of models for which a rebuild is wanted.
        backfill: why a range of them is computed again, if it is.
        sieves: which rows are set aside, by model.
        replayed: names of models of which what is set aside is wanted again.
    """
    forecasts: dict[str, Forecast] = {}
    for model in models:
        inputs = {name: _input(name, locations, states, arrivals, forecasts) for name in model.upstreams}
        state = published_state(model, locations, states)
        by_parts, wanted = is_by_parts(model, locations.models), model.name in rebuilt
        parts = wanted_parts(
            backfill,
            is_replayed=model.name in replayed,
            has_other_rules=has_other_rules(model, sieves, state),
        )
        decision = decide(
            state,
            code_hash(model),
            inputs,
            is_by_parts=by_parts,
            is_wanted=wanted,
            wanted_parts=parts,
        )
        forecasts[model.name] = Forecast(model, decision)
    return list(forecasts.values())


def published_state(
    model: Model, locations: Locations, states: Mapping[str, ModelState]
) -> ModelState | None:
    """What is published of a model where the run writes; None where nothing is."""
    state = states.get(locations.written(model))
    is_published = state is not None and (state.version > 0 or state.is_rebuilding)
    return state if is_published and locations.exists(model) else None


def current_input(
    name: str, locations: Locations, states: Mapping[str, ModelState], arrivals: Mapping[str, int | None]
) -> Input:
    """A table that a model reads, as the ledger knows it now."""
    location = locations.read(name)
    if name in SOURCES:
        arrival = arrivals.get(name)
        return Input(location, arrival, None if arrival is None else 0)
    state = states.get(location)
    if state is None or state.is_rebuilding:
        return Input(location, None, None)
    model = locations.models.get(name)
    if model is not None and model.shows_its_upstreams:
        read = (current_input(upstream, locations, states, arrivals) for upstream in model.upstreams)
        if any(each.version != state.inputs.get(each.location) for each in read):
            return Input(location, None, None)
    return Input(location, state.version, state.log_from)


def _input(
    name: str,
    locations: Locations,
    states: Mapping[str, ModelState],
    arrivals: Mapping[str, int | None],
    forecasts: Mapping[str, Forecast],
) -> Input:
    before = forecasts.get(name)
    if before is None or before.decision.mode == "nothing":
        return current_input(name, locations, states, arrivals)
    location = locations.written(before.model)
    state = states.get(location)
    has_log = before.decision.mode == "incremental" and state is not None
    return Input(location, None, state.log_from if has_log and state else None)
