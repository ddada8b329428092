"""Where the tables are: a developer's run reads its own ones, and production's for what it has not built."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from snowpark_models.errors import MissingTableError
from snowpark_models.model import LAYERS, Model
from snowpark_models.runner.names import Namespace, is_beside, qualified
from snowpark_models.sources import CHANGE_LOG_SUFFIX, SOURCES
from snowpark_models.sources import SCHEMA as RAW

KINDS: Final = {"view": "VIEW", "dynamic_table": "DYNAMIC TABLE", "iceberg_table": "ICEBERG TABLE"}
"""What the warehouse calls what a model is materialised as, where that is no ordinary table."""


@dataclass
class Locations:
    """Which tables there are, by schema and name, and of which kind; grows as models are published."""

    namespace: Namespace
    kinds: dict[tuple[str, str], str]
    models: Mapping[str, Model]

    def written(self, model: Model) -> str:
        """SCHEMA.TABLE that a model is published as."""
        return self.namespace.location(model)

    def exists(self, model: Model) -> bool:
        """True when the model is published where the run writes."""
        return self._place(model) in self.kinds

    def kind(self, model: Model) -> str | None:
        """What is published there: BASE TABLE, VIEW, DYNAMIC TABLE or ICEBERG TABLE; None: nothing is."""
        return self.kinds.get(self._place(model))

    def quarantine(self, model: Model) -> tuple[str, str]:
        """Schema and table of the rows of a model that are set aside, where the run writes."""
        return self.namespace.quarantine(model)

    def published(self, model: Model) -> None:
        """The model is there from now on."""
        self.kinds[self._place(model)] = KINDS.get(model.materialized, "BASE TABLE")

    def read(self, upstream: str) -> str:
        """SCHEMA.TABLE that a parameter stands for.

        Raises:
            MissingTableError: there is no such table yet.
        """
        places = self._places(upstream)
        found = next((place for place in places if place in self.kinds), None)
        if found is None:
            raise MissingTableError(f"{upstream} has no table yet: {_remedy(upstream)}")
        return ".".join(found)

    def quoted(self, upstream: str) -> str:
        """The same, quoted."""
        return qualified(*self.read(upstream).split(".", 1))

    def change_log(self, upstream: str) -> str:
        """The quoted change log of the model that a parameter stands for."""
        schema, name = self.read(upstream).split(".", 1)
        return qualified(schema, f"{name}{CHANGE_LOG_SUFFIX}")

    def has_change_log(self, model: Model) -> bool:
        """Whether there is one where the run writes."""
        return has_change_log(self.written(model), self.kinds)

    def beside(self, model: Model) -> list[tuple[str, str]]:
        """What runs made beside a model's own tables, and left."""
        own = (self._place(model), self.quarantine(model))
        return [
            (schema, name)
            for schema, name in self.kinds
            if any(schema == place and is_beside(table, name) for place, table in own)
        ]

    def check(self, models: Sequence[Model]) -> None:
        """Hold that all that the models read is there, or made before it is read.

        Raises:
            MissingTableError: names the model and what it lacks.
        """
        made: set[str] = set()
        for model in models:
            for upstream in model.upstreams:
                if upstream not in made:
                    try:
                        self.read(upstream)
                    except MissingTableError as error:
                        raise MissingTableError(f"model {model.name}: {error}") from None
            made.add(model.name)

    def _place(self, model: Model) -> tuple[str, str]:
        return self.namespace.schema(model.layer), model.table

    def _places(self, upstream: str) -> list[tuple[str, str]]:
        if upstream in SOURCES:
            return [(RAW, SOURCES[upstream].relation)]
        layers = [self.models[upstream].layer] if upstream in self.models else LAYERS
        namespaces = dict.fromkeys((self.namespace, Namespace()))
        return [(each.schema(layer), upstream.upper()) for each in namespaces for layer in layers]


def has_change_log(location: str, kinds: Collection[tuple[str, str]]) -> bool:
    """Whether SCHEMA.TABLE has one, among the tables that there are by schema and name."""
    schema, name = location.split(".", 1)
    return (schema, f"{name}{CHANGE_LOG_SUFFIX}") in kinds


def _remedy(upstream: str) -> str:
    if upstream not in SOURCES:
        return f"build the model {upstream} first, or select it too"
    if SOURCES[upstream].is_history:
        return "set history = true for its table in replication.toml, and let the flow replicate run"
    return "let the flow replicate make the mirror first"
