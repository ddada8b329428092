"""The graph that the models' signatures make, and the order in which it can be built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from snowpark_models.errors import LineageError, perhaps
from snowpark_models.model import LAYERS, Model
from snowpark_models.runner.discovery import discover
from snowpark_models.runner.selection import select
from snowpark_models.sources import SOURCES


def plan(
    selection: Iterable[str] = (), models: Sequence[Model] | None = None, modified: Collection[str] = ()
) -> list[Model]:
    """The selected models, each after everything it reads.

    Args:
        selection: selectors, as selection.py explains them; nothing selects all.
        models: the models there are; those of this package unless given.
        modified: names of the models that state:modified selects (modified.py).

    Raises:
        LineageError: the models make no graph, or the selection names something that there is not.
    """
    models = discover() if models is None else models
    return select(selection, in_order(models), modified)


def in_order(models: Sequence[Model]) -> list[Model]:
    """All models, upstreams first; by layer and name where the lineage leaves it open.

    Raises:
        LineageError: two models of one name, a parameter that names nothing, a layer read against the
            data's way, or a cycle.
    """
    _check_names(models)
    by_name = {model.name: model for model in models}
    for model in models:
        for upstream in model.upstreams:
            _check_upstream(model, upstream, by_name)
    graph = {model.name: [up for up in model.upstreams if up in by_name] for model in models}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise LineageError(
            f"models read each other in a circle: {circle}; take one of the steps out"
        ) from None
    return sorted(models, key=lambda model: (LAYERS.index(model.layer), _depth(model, by_name), model.name))


def _depth(model: Model, by_name: dict[str, Model]) -> int:
    """Longest way from the model up to a source."""
    above = (by_name[up] for up in model.upstreams if up in by_name)
    return 1 + max((_depth(upstream, by_name) for upstream in above), default=0)


def _check_names(models: Sequence[Model]) -> None:
    for table, count in Counter(model.table for model in models).items():
        if count > 1:
            same = " and ".join(f"{model.layer}/{model.name}" for model in models if model.table == table)
            raise LineageError(f"{count} models would be the table {table}, {same}: rename one")
        if table.lower() in SOURCES:
            raise LineageError(f"model {table.lower()} is called like a source: rename it")


def _check_upstream(model: Model, upstream: str, by_name: dict[str, Model]) -> None:
    if upstream in SOURCES:
        if model.layer != LAYERS[0]:
            raise LineageError(
                f"model {model.name} of {model.layer} reads the source {upstream}: only {LAYERS[0]} does; "
                "read the staging model of that table"
            )
    elif upstream not in by_name:
        raise LineageError(
            f"model {model.name}: its parameter {upstream} names neither a model nor a source"
            f"{perhaps(upstream, [*by_name, *SOURCES])}"
        )
    elif LAYERS.index(by_name[upstream].layer) > LAYERS.index(model.layer):
        raise LineageError(
            f"model {model.name} of {model.layer} reads {upstream} of {by_name[upstream].layer}: "
            f"the data's way is {' → '.join(LAYERS)}"
        )
