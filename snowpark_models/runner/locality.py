"""How a change of an upstream finds the parts of an incremental model that depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snowpark_models.errors import LocalityError
from snowpark_models.model import Model
from snowpark_models.sources import SOURCES

HAVE_CHANGE_LOGS = ("incremental", "scd2")
"""The materialisations whose changes can be asked for."""


@dataclass(frozen=True)
class Route:
    """From an upstream's changed rows to parts of the model that reads it.

    Attributes:
        upstream: the parameter.
        through: None where the upstream's rows carry the part themselves; else the upstream whose rows do,
            and which carries `columns`, the key of this one, too.
    """

    upstream: str
    columns: tuple[str, ...]
    through: str | None = None


def is_by_parts(model: Model, models: Mapping[str, Model]) -> bool:
    """Whether a model is brought up to date by the parts that changed.

    Versions (scd2) are found too where changes cannot be followed: by comparing everything.
    """
    if model.materialized != "scd2":
        return model.is_incremental
    try:
        routes(model, models)
    except LocalityError:
        return False
    return True


def routes(model: Model, models: Mapping[str, Model]) -> list[Route]:
    """One route for each upstream of an incremental model.

    Columns of one name mean the same thing in all models: that is how an upstream without the model's own
    columns is found through another one. Where several could lead there, the model's `routes` says which.

    Raises:
        LocalityError: names the upstream whose changes cannot be followed, and what to do.
    """
    return [_route(model, upstream, models) for upstream in model.upstreams]


def _route(model: Model, upstream: str, models: Mapping[str, Model]) -> Route:
    if upstream in SOURCES:
        return _from_source(model, upstream)
    read = models[upstream]
    if read.materialized not in HAVE_CHANGE_LOGS:
        raise _refused(
            model, f"{upstream}, which is a {read.materialized}, keeps no log of what changed in it"
        )
    if _upper(model.parts) <= read.columns:
        return Route(upstream, model.parts)
    return Route(upstream, read.key, _bridge(model, read, models))


def _from_source(model: Model, upstream: str) -> Route:
    key = SOURCES[upstream].key
    if _upper(model.parts) != _upper(key):
        raise _refused(
            model,
            f"{upstream} has the key {', '.join(key)}, and what reads a mirror is incremental by its key",
        )
    return Route(upstream, model.parts)


def _bridge(model: Model, read: Model, models: Mapping[str, Model]) -> str:
    """The other upstream whose rows carry both the model's parts and the key of `read`."""
    needed = _upper((*model.parts, *read.key))
    bridges = [
        name
        for name in model.upstreams
        if name != read.name and name in models and needed <= models[name].columns
    ]
    declared = model.routes.get(read.name)
    if declared is not None and declared not in bridges:
        raise _refused(
            model,
            f"routes names {declared} for {read.name}, which does not carry {', '.join(sorted(needed))}",
        )
    if declared is None and len(bridges) != 1:
        found = f"{' and '.join(bridges)} could both lead there" if bridges else "no upstream leads there"
        raise _refused(
            model,
            f"{read.name} has no column {', '.join(model.parts)}, and {found}: say routes="
            f'{{"{read.name}": "…"}} with an upstream that has {", ".join(sorted(needed))}',
        )
    return declared or bridges[0]


def _upper(names: tuple[str, ...]) -> set[str]:
    return {name.upper() for name in names}


def _refused(model: Model, reason: str) -> LocalityError:
    return LocalityError(
        f'model {model.name} cannot be incremental: {reason}. Or make it materialized="table".'
    )
