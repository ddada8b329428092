"""What reads what, both ways, directly and all the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from snowpark_models.model import LAYERS, Model
from snowpark_models.sources import SOURCES

LANES = ("sources", *LAYERS)
"""What the drawing shows beside each other, in the order of the data's way."""


@dataclass(frozen=True)
class Lineage:
    """The graph of models and of the sources that they read.

    Attributes:
        lanes: the lane of each node, sources first.
        upstreams: what each node reads.
    """

    lanes: Mapping[str, str]
    upstreams: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """All nodes."""
        return tuple(self.lanes)

    def downstreams(self, name: str) -> tuple[str, ...]:
        """What reads a node."""
        return tuple(reader for reader in self.names if name in self.upstreams[reader])

    def around(self, name: str) -> Lineage:
        """The node with all it comes from and all that comes from it."""
        kept = {name} | self._above(name) | self._below(name)
        return Lineage(
            {node: lane for node, lane in self.lanes.items() if node in kept},
            {node: _among(self.upstreams[node], kept) for node in self.names if node in kept},
        )

    def _above(self, name: str) -> set[str]:
        direct = self.upstreams[name]
        return set(direct).union(*(self._above(upstream) for upstream in direct))

    def _below(self, name: str) -> set[str]:
        direct = self.downstreams(name)
        return set(direct).union(*(self._below(reader) for reader in direct))


def lineage_of(models: Sequence[Model]) -> Lineage:
    """The lineage of models that are given in the order of building."""
    read = sorted({upstream for model in models for upstream in model.upstreams if upstream in SOURCES})
    return Lineage(
        dict.fromkeys(read, LANES[0]) | {model.name: model.layer for model in models},
        dict.fromkeys(read, ()) | {model.name: model.upstreams for model in models},
    )


def _among(names: Iterable[str], kept: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in kept)
