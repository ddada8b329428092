"""Take in what is new in the mirrors, all of one moment, so that the models of a run agree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

from snowpark_models.runner.names import OPS
from snowpark_models.runner.sql import intake as sql
from snowpark_models.runner.sql.tables import drop_table
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.sources import SCHEMA as RAW
from snowpark_models.sources import SOURCES, Source

Admit = Callable[[Mapping[str, int | None]], Collection[str]]
"""Asked for the sources whose gate is closed, by the newest arrival of those that are to be taken in.

The mirrors are held meanwhile: what is gated then is what is taken in.
"""


@dataclass(frozen=True)
class Intake:
    """What a run took in.

    Attributes:
        arrivals: the newest arrival of each source, by parameter; None where nobody numbers them.
        unfinished: sources whose mirrors are not what their tables are, with the state that says why.
        taken: the table that each source was taken into.
        whole: those of which all was taken.
        closed: sources whose gate is closed.
    """

    arrivals: Mapping[str, int | None] = field(default_factory=dict)
    unfinished: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()


def newest_arrivals(
    warehouse: Warehouse, kinds: Collection[tuple[str, str]], sources: Mapping[str, Source]
) -> dict[str, int | None]:
    """The newest arrival of each source, by parameter; None where nobody numbers them.

    `kinds` has the tables there are, by schema and name.
    """
    if (OPS, "ARRIVALS") not in kinds:
        return dict.fromkeys(sources)
    newest = {row["TABLE_NAME"]: int(row["ARRIVAL"]) for row in warehouse.rows(sql.NEWEST_ARRIVALS)}
    return {name: newest.get(source.table) for name, source in sources.items()}


def take_in(
    warehouse: Warehouse,
    kinds: Collection[tuple[str, str]],
    arrivals: Mapping[str, int | None],
    wanted: Mapping[str, int | None],
    admit: Admit,
) -> Intake:
    """Copy mirrors, or what arrived in them since a number, in one transaction in which no mirror changes.

    Whoever replicates waits meanwhile: no longer than the copying takes, which for what is new is seconds,
    and than the gates that are passed again because something has arrived since they were.
    A developer's run does not make it wait; its mirrors may be of different moments.

    Args:
        warehouse: where the mirrors are.
        kinds: the tables there are, by schema and name.
        arrivals: the newest arrival of each source that the run reads, as it was decided by.
        wanted: for each source the arrival since which its rows are wanted; None for all of them.
        admit: the gates.
    """
    sources = {name: SOURCES[name] for name in wanted}
    ops = warehouse.namespace.ops
    present = {name: source for name, source in sources.items() if (RAW, source.relation) in kinds}
    for source in present.values():
        warehouse.run(sql.create_intake(ops, source))
    is_replicated = (OPS, "ARRIVALS") in kinds
    with warehouse.transaction() if is_replicated else nullcontext():
        if is_replicated and warehouse.namespace.is_production:
            warehouse.run(sql.HOLD_MIRRORS)
        now = newest_arrivals(warehouse, kinds, sources)
        read = {name: SOURCES[name] for name in arrivals}
        unfinished = _unfinished(warehouse, read) if is_replicated else {}
        closed = frozenset(admit(now))
        for name, source in present.items():
            after, up_to = wanted[name], now[name]
            if after is None or up_to is None:
                warehouse.run(sql.take_all(ops, source))
            else:
                warehouse.run(sql.take_changed(ops, source, after, up_to))
    taken = {name: sql.intake(ops, source) for name, source in present.items()}
    whole = frozenset(name for name, after in wanted.items() if after is None)
    return Intake({**arrivals, **now}, unfinished, taken, whole, closed)


def forget(warehouse: Warehouse, intake: Intake) -> None:
    """Drop what was taken in: the mirrors have it."""
    for table in intake.taken.values():
        warehouse.run(drop_table(table))


def _unfinished(warehouse: Warehouse, sources: Mapping[str, Source]) -> dict[str, str]:
    states = {row["TABLE_NAME"]: row["STATE"] for row in warehouse.rows(sql.UNFINISHED_MIRRORS)}
    return {name: states[source.table] for name, source in sources.items() if source.table in states}
