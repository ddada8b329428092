"""How old the newest change of each source is, held against what `sources.py` allows.

Only where replication numbers arrivals: mirrors that somebody filled by hand are not waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from snowpark_models.model import Model
from snowpark_models.runner.names import OPS
from snowpark_models.runner.sql import intake as sql
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.sources import SCHEMA as RAW
from snowpark_models.sources import SOURCES, Source


@dataclass(frozen=True)
class Stale:
    """A source whose newest change is older than it may be.

    Attributes:
        is_error: what reads it is not built.
    """

    source: Source
    age: timedelta
    allowed: timedelta
    is_error: bool

    def __str__(self) -> str:
        return f"{self.source.name} {self.reason}"

    @property
    def reason(self) -> str:
        """What is wrong with it, for people."""
        return f"is stale: its newest change is {_words(self.age)} old, {_words(self.allowed)} at most"


def stale_sources(
    warehouse: Warehouse, kinds: Collection[tuple[str, str]], models: Sequence[Model]
) -> list[Stale]:
    """Those that the models read and that are older than they may be; an empty mirror is not.

    Args:
        warehouse: where the mirrors are.
        kinds: the tables there are, by schema and name.
        models: those that are to be built.
    """
    read = {name for model in models for name in model.upstreams}
    mirrors = [s for name, s in SOURCES.items() if name in read and not s.is_history]
    present = [source for source in mirrors if (RAW, source.table) in kinds]
    if (OPS, "ARRIVALS") not in kinds or not present:
        return []
    ages = {row["SOURCE"]: row["AGE"] for row in warehouse.rows(sql.ages(present))}
    judged = (_judged(s, timedelta(seconds=ages[s.name])) for s in present if ages[s.name] is not None)
    return [stale for stale in judged if stale is not None]


def _judged(source: Source, age: timedelta) -> Stale | None:
    freshness = source.freshness
    if freshness.error_after is not None and age > freshness.error_after:
        return Stale(source, age, freshness.error_after, is_error=True)
    if freshness.warn_after is not None and age > freshness.warn_after:
        return Stale(source, age, freshness.warn_after, is_error=False)
    return None


def _words(age: timedelta) -> str:
    """Whole days from two on, else whole hours."""
    number, unit = (age.days, "day") if age >= timedelta(days=2) else (age // timedelta(hours=1), "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"
