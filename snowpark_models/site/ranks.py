"""In which column of the drawing a node stands, and in which order the nodes of a column do.

The order is that of Sugiyama's layered drawings: each node goes to the mean place of its neighbours, back and
forth, and the order with the fewest crossings is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from snowpark_models.site.lineage import LANES, Lineage

SWEEPS = 12


@dataclass(frozen=True, order=True)
class Place:
    """A node in its own column, or the place in a later column where its wires pass."""

    name: str
    rank: int


@dataclass(frozen=True)
class Ranking:
    """The columns from left to right, each from top to bottom, and what is wired to what.

    Attributes:
        own: the column of each node.
        wires: pairs of places in columns next to each other.
    """

    columns: Sequence[Sequence[Place]]
    own: Mapping[str, int]
    wires: frozenset[tuple[Place, Place]]

    def is_node(self, place: Place) -> bool:
        """A box, and no place where wires pass."""
        return self.own[place.name] == place.rank

    def neighbours(self, place: Place, rank: int) -> list[Place]:
        """The places in the column `rank` that are wired to this one."""
        before = [left for left, right in self.wires if right == place and left.rank == rank]
        return before + [right for left, right in self.wires if left == place and right.rank == rank]


def ranked(lineage: Lineage) -> Ranking:
    """The columns of a lineage, ordered so that few wires cross."""
    own = _ranks(lineage)
    wires = frozenset(
        step
        for reader in lineage.names
        for upstream in lineage.upstreams[reader]
        for step in way(upstream, reader, own)
    )
    places = {Place(name, rank) for name, rank in own.items()} | {left for left, _ in wires}
    ranks = range(max(own.values(), default=-1) + 1)
    columns = [sorted(place for place in places if place.rank == rank) for rank in ranks]
    return _with_few_crossings(Ranking(columns, own, wires))


def way(upstream: str, reader: str, own: Mapping[str, int]) -> list[tuple[Place, Place]]:
    """The steps from a node to its reader; all wires of a node go the same way as long as they can."""
    through = [Place(upstream, rank) for rank in range(own[upstream], own[reader])]
    return list(zip(through, [*through[1:], Place(reader, own[reader])], strict=True))


def _ranks(lineage: Lineage) -> dict[str, int]:
    """A column for each lane, and for each step within one."""
    steps = {name: (LANES.index(lineage.lanes[name]), _step(name, lineage)) for name in lineage.names}
    columns = sorted(set(steps.values()))
    return {name: columns.index(step) for name, step in steps.items()}


def _step(name: str, lineage: Lineage) -> int:
    """Longest way up to where the data came into this lane."""
    above = [up for up in lineage.upstreams[name] if lineage.lanes[up] == lineage.lanes[name]]
    return 1 + max((_step(upstream, lineage) for upstream in above), default=-1)


def _with_few_crossings(ranking: Ranking) -> Ranking:
    best = ranking
    for sweep in range(SWEEPS):
        ranking = _swept(ranking, forward=sweep % 2 == 0)
        if _crossings(ranking) < _crossings(best):
            best = ranking
    return best


def _swept(ranking: Ranking, *, forward: bool) -> Ranking:
    columns = [list(column) for column in ranking.columns]
    ranks = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
    for rank in ranks:
        beside = rank - 1 if forward else rank + 1
        heights = {place: number for number, place in enumerate(columns[beside])}
        now = {place: number for number, place in enumerate(columns[rank])}
        wanted = {
            place: fmean([heights[n] for n in ranking.neighbours(place, beside)] or [now[place]])
            for place in columns[rank]
        }
        columns[rank].sort(key=wanted.__getitem__)
    return Ranking(columns, ranking.own, ranking.wires)


def _crossings(ranking: Ranking) -> int:
    height = {place: number for column in ranking.columns for number, place in enumerate(column)}
    return sum(
        (height[a] - height[c]) * (height[b] - height[d]) < 0
        for (a, b), (c, d) in combinations(ranking.wires, 2)
        if a.rank == c.rank
    )
