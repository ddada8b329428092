"""What a feature is of, when it could be known, and for how long it is good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from snowflake.snowpark import DataFrame

from snowpark_models.errors import ContractError
from snowpark_models.model import Model
from snowpark_models.runner.code import code_hash, hash_of, modules_hash

AS_OF: Final = "AS_OF"
"""The column of labels and points that says at which time the features are asked for, UTC."""

SourceClocks = Callable[[datetime, Mapping[str, DataFrame]], Mapping[str, DataFrame]]
"""Of a time and a model's upstreams: their rows as they were then, by the source's own clocks."""


STORED_TTL: Final = timedelta(days=7)


@dataclass(frozen=True)
class Entity:
    """What features describe: a customer, an order. Its keys are columns of labels and of feature views."""

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class FeatureView:
    """A model whose columns are features of an entity, at times.

    Attributes:
        model: its table holds rows of the entity's keys, both clocks and the features. A row is what was
            known of the entity from `available_ts` on, until a later row of it.
        version: grows when the features come to mean something else.
        ttl: how long after `available_ts` a row still counts, in whole seconds; None is for ever.
        at: computes the features at any points (keys and AS_OF) from the model's upstreams; None joins the
            rows that the model's table holds.
        event_ts: column of the time at which it happened.
        available_ts: column of the time from which on it could be known.
        source_clocks: how a backfill knows what was before replication began.
    """

    model: Model
    entity: Entity
    version: int
    ttl: timedelta | None = None
    at: Callable[..., DataFrame] | None = None
    event_ts: str = "EVENT_TS"
    available_ts: str = "AVAILABLE_TS"
    source_clocks: SourceClocks | None = None

    def __post_init__(self) -> None:
        missing = {*self.entity.keys, *self.clocks} - self.model.columns
        if missing:
            raise ContractError(
                f"feature view {self.model.name}: its contract has no column {', '.join(sorted(missing))}"
            )
        if self.ttl is not None and self.at is not None:
            raise ContractError(f"feature view {self.model.name}: what is computed at each point has no ttl")
        if self.ttl is not None and (self.ttl <= timedelta(0) or self.ttl % timedelta(seconds=1)):
            raise ContractError(f"feature view {self.model.name}: ttl is not a positive number of seconds")

    @property
    def name(self) -> str:
        """The name of its model."""
        return self.model.name

    @property
    def code(self) -> str:
        """The hash of its code, which its version stands for: of its model, `at` and the clocks."""
        beside = {each.__module__ for each in (self.at, self.source_clocks) if each is not None}
        return hash_of(code_hash(self.model), modules_hash(*sorted(beside)))

    @property
    def clocks(self) -> tuple[str, str]:
        """The columns of both clocks."""
        return self.event_ts, self.available_ts

    @property
    def features(self) -> tuple[str, ...]:
        """Its columns beside the keys and the times, in the order of the contract."""
        others = {*self.entity.keys, *self.clocks, AS_OF}
        names = (column.name.upper() for column in self.model.contract)
        return tuple(name for name in names if name not in others)

    @property
    def identity(self) -> str:
        """Name, version and hash of the code: to be kept with whatever was trained on it."""
        return f"{self.name}/{self.version}/{self.code}"

    def told_as(self, clock: str) -> str:
        """The name of a clock in a training set, which may hold several views."""
        return f"{self.model.table}__{clock}"

    def stored(self, *, ttl: timedelta | None = STORED_TTL, version: int | None = None) -> StoredView:
        """The view as runs have recorded it: nothing is computed anew.

        Args:
            ttl: how long after it was recorded a row still counts; None is for ever. An entity that was
                deleted has no new rows: its last one counts for so long.
            version: an earlier one than today's.
        """
        return StoredView(self, self.version if version is None else version, ttl)


@dataclass(frozen=True)
class StoredView:
    """A version of a feature view, as runs have recorded it (history.py).

    Attributes:
        columns: its features, where the ledger was asked; an earlier version has others than today's.
    """

    view: FeatureView
    version: int
    ttl: timedelta | None
    columns: tuple[str, ...] = ()
    event_ts: str = "EVENT_TS"
    available_ts: str = "AVAILABLE_TS"

    @property
    def name(self) -> str:
        """The name of its model."""
        return self.view.name

    @property
    def entity(self) -> Entity:
        """What it describes."""
        return self.view.entity

    @property
    def clocks(self) -> tuple[str, str]:
        """The columns of both clocks."""
        return self.event_ts, self.available_ts

    @property
    def features(self) -> tuple[str, ...]:
        """Its columns beside the keys and the times."""
        return self.columns or self.view.features

    @property
    def table(self) -> str:
        """The table that holds its rows, in the schema of its model."""
        return f"{self.view.model.table}__V{self.version}"

    def told_as(self, clock: str) -> str:
        """The name of a clock in a training set, which may hold several views."""
        return self.view.told_as(clock)


View = FeatureView | StoredView
