"""What becomes of a model in a run, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from snowpark_models.model import Model
from snowpark_models.runner.decision import Decision

Outcome = Literal["published", "unchanged", "contract broken", "gate closed", "upstream closed"]


@dataclass(frozen=True)
class Candidate:
    """A table that a run would have its readers see.

    Attributes:
        layer: `staging`, `marts` or `features`.
        table: name under which it is published, such as STG_ORDERS.
        location: under which it can be read now, such as STAGING.STG_ORDERS__CANDIDATE_0123ABCD.
        batch: where the rows lie that are new in it, when all others are published; None when any may be.
        is_published: readers see it already, and the run leaves it as it is.
    """

    layer: str
    table: str
    location: str
    batch: str | None = None
    is_published: bool = False


class Audit(Protocol):
    """The gate: judges what was built before anybody else sees it, and what stays as it is."""

    def __call__(self, candidate: Candidate, /) -> bool:
        """Whether it may be published, or goes on being read by what is downstream."""
        ...


@dataclass(frozen=True)
class ModelOutcome:
    """What became of one model in a run.

    Attributes:
        row_count: rows of what was built; None where nothing was finished.
        rows_changed: rows that an incremental run took away or brought; None where all were written.
        reason: why it was not published, or why it was built; for people.
        rows_set_aside: rows of it that are in quarantine now; None where it has none of those.
        limit_lifted: why its gate would have closed, had any number of rows not been allowed to be set aside.
    """

    model: Model
    outcome: Outcome
    decision: Decision
    row_count: int | None
    rows_changed: int | None
    reason: str
    started_at: datetime
    ended_at: datetime
    rows_set_aside: int | None = None
    limit_lifted: str = ""

    @property
    def is_published(self) -> bool:
        """True when readers see what the model is now: this run's result, or an earlier one's like it."""
        return self.outcome in ("published", "unchanged")


class Progress(Protocol):
    """Hears how a run gets on: what to know of its sources, then before and after each model."""

    def warned(self, message: str) -> None:
        """Something is to be known before any model is built."""
        ...

    def started(self, model: Model, number: int, total: int) -> None:
        """Model `number` of `total`, counted from 1, is about to be built."""
        ...

    def ended(self, outcome: ModelOutcome) -> None:
        """A model is done with, one way or another."""
        ...


class Silence:
    """Progress that nobody listens to."""

    def warned(self, message: str) -> None:
        """Say nothing."""

    def started(self, model: Model, number: int, total: int) -> None:
        """Say nothing."""

    def ended(self, outcome: ModelOutcome) -> None:
        """Say nothing."""
