"""A lineage as boxes and wires with coordinates, in pixels from the top left corner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean

from snowpark_models.site.lineage import LANES, Lineage
from snowpark_models.site.ranks import Place, Ranking, ranked, way

LETTER = 7.3
LONGEST_NAME = 30
PADDING = 12
BOX_HEIGHT = 32
BETWEEN_BOXES = 14
WIRE_ROOM = 16
BETWEEN_COLUMNS = 52
HEADING = 34
MARGIN = 10
SWEEPS = 16


@dataclass(frozen=True)
class Box:
    """A node; `x` and `y` are its top left corner, `label` is its name or the begin of a long one."""

    name: str
    label: str
    lane: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Wire:
    """From a node to one that reads it; `path` is the `d` of an SVG path."""

    upstream: str
    reader: str
    path: str


@dataclass(frozen=True)
class LaneBand:
    """The columns of one lane."""

    name: str
    x: float
    width: float


@dataclass(frozen=True)
class Span:
    """Where a column begins and ends from left to right; it is as wide as its longest name."""

    left: float
    right: float


@dataclass(frozen=True)
class Drawing:
    """All that the template has to put down."""

    width: float
    height: float
    box_height: float
    lanes: Sequence[LaneBand]
    boxes: Sequence[Box]
    wires: Sequence[Wire]


def drawing_of(lineage: Lineage) -> Drawing:
    """Draw a lineage from left to right: a column for each lane, and for each step within one."""
    ranking = ranked(lineage)
    spans = _spans(ranking)
    middle = _middles(ranking)
    return Drawing(
        width=max((span.right for span in spans), default=0.0) + MARGIN,
        height=max(middle.values(), default=0.0) + BOX_HEIGHT / 2 + BETWEEN_BOXES,
        box_height=BOX_HEIGHT,
        lanes=_bands(lineage, ranking, spans),
        boxes=[
            _box(place, lineage, spans[place.rank], middle[place])
            for place in (Place(name, rank) for name, rank in ranking.own.items())
        ],
        wires=[
            Wire(upstream, reader, _path(way(upstream, reader, ranking.own), spans, middle))
            for reader in lineage.names
            for upstream in lineage.upstreams[reader]
        ],
    )


def short(name: str) -> str:
    """A name as it fits into a box."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _spans(ranking: Ranking) -> list[Span]:
    spans: list[Span] = []
    for column in ranking.columns:
        longest = max(len(short(place.name)) for place in column if ranking.is_node(place))
        left = spans[-1].right + BETWEEN_COLUMNS if spans else MARGIN
        spans.append(Span(left, left + round(LETTER * longest) + 2 * PADDING))
    return spans


def _box(place: Place, lineage: Lineage, span: Span, middle: float) -> Box:
    top = middle - BOX_HEIGHT / 2
    return Box(
        place.name, short(place.name), lineage.lanes[place.name], span.left, top, span.right - span.left
    )


def _bands(lineage: Lineage, ranking: Ranking, spans: Sequence[Span]) -> Sequence[LaneBand]:
    bands = []
    for lane in LANES:
        ranks = [rank for name, rank in ranking.own.items() if lineage.lanes[name] == lane]
        if ranks:
            begin = spans[min(ranks)].left
            bands.append(LaneBand(lane, begin, spans[max(ranks)].right - begin))
    return bands


def _middles(ranking: Ranking) -> dict[Place, float]:
    """How far down the middle of each place is: near its neighbours, clear of the others in its column."""
    middle = {
        place: y
        for column in ranking.columns
        for place, y in zip(column, _settled([0.0] * len(column), _rooms(column, ranking)), strict=True)
    }
    last = len(ranking.columns) - 1
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for rank in range(1, last + 1) if forward else range(last - 1, -1, -1):
            column = ranking.columns[rank]
            wanted = [_wanted(place, rank - 1 if forward else rank + 1, ranking, middle) for place in column]
            middle.update(zip(column, _settled(wanted, _rooms(column, ranking)), strict=True))
    top = min((middle[place] for place in middle), default=0.0) - BOX_HEIGHT / 2
    return {place: y - top + HEADING for place, y in middle.items()}


def _wanted(place: Place, beside: int, ranking: Ranking, middle: Mapping[Place, float]) -> float:
    return fmean([middle[other] for other in ranking.neighbours(place, beside)] or [middle[place]])


def _rooms(column: Sequence[Place], ranking: Ranking) -> list[float]:
    return [BOX_HEIGHT + BETWEEN_BOXES if ranking.is_node(place) else WIRE_ROOM for place in column]


def _settled(wanted: Sequence[float], rooms: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones (least squares) that keep the order and overlap nowhere.

    What each place must lie below the first is taken off; what then has to be found is an isotonic
    regression, by pooling adjacent violators.
    """
    offsets = list(accumulate(((a + b) / 2 for a, b in pairwise(rooms)), initial=0.0))[: len(rooms)]
    pools: list[list[float]] = []
    for place, offset in zip(wanted, offsets, strict=True):
        pools.append([place - offset])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    levels = [fmean(pool) for pool in pools for _ in pool]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _path(
    steps: Sequence[tuple[Place, Place]],
    spans: Sequence[Span],
    middle: Mapping[Place, float],
) -> str:
    """Bends between columns, straight where it passes through one."""
    path = [f"M{spans[steps[0][0].rank].right:.0f} {middle[steps[0][0]]:.1f}"]
    for before, after in steps:
        begin, end = spans[before.rank].right, spans[after.rank].left
        bend = (begin + end) / 2
        y, y_after = middle[before], middle[after]
        path.append(f"L{begin:.0f} {y:.1f}")
        path.append(f"C{bend:.0f} {y:.1f} {bend:.0f} {y_after:.1f} {end:.0f} {y_after:.1f}")
    return "".join(path)
