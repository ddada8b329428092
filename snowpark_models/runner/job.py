"""All that building one model needs to know, and what every way of building it can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from snowpark_models.errors import ConcurrentRunError
from snowpark_models.model import Model
from snowpark_models.runner.frames import Frames
from snowpark_models.runner.ledger import Ledger
from snowpark_models.runner.locality import Route
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.names import Tables
from snowpark_models.runner.quarantine import Quarantine
from snowpark_models.runner.sql.tables import drop, rename
from snowpark_models.runner.state import ModelState, Versions
from snowpark_models.runner.warehouse import Warehouse

RENAMED: Final = ("BASE TABLE", "VIEW")


@dataclass(frozen=True)
class Job:
    """One model in one run.

    Attributes:
        state: what is published; of version 0 where nothing is.
        code: hash of the model's code today.
        inputs: the version of each table that it is made of now.
        quarantine: its rows that are set aside.
        routes: from its upstreams' changes to its parts; None for a model that is not incremental.
    """

    warehouse: Warehouse
    ledger: Ledger
    locations: Locations
    model: Model
    tables: Tables
    frames: Frames
    state: ModelState
    code: str
    inputs: Versions
    quarantine: Quarantine
    routes: Sequence[Route] | None

    @contextmanager
    def in_place_of(self, *, but: str) -> Iterator[None]:
        """Put what is published aside, where it is of another kind; and back, where its successor fails.

        A dynamic or an Iceberg table goes before its successor comes: not each account lets them be renamed.
        """
        found = self.locations.kind(self.model)
        published, earlier = self.tables.published, self.tables.earlier
        if found not in (None, but, *RENAMED):
            self.warehouse.run(drop(str(found), published))
        if found == but or found not in RENAMED:
            yield
            return
        self.warehouse.run(rename(found, published, earlier))
        try:
            yield
        except BaseException:
            self.warehouse.run(rename(found, earlier, published))
            raise
        self.warehouse.run(drop(found, earlier))

    def set_published(self, version: int, log_from: int | None, *, is_probed: bool = True) -> None:
        """Compare and set what is published."""
        published = ModelState(
            self.model.name,
            version,
            log_from,
            self.code,
            self.inputs,
            is_probed=is_probed,
            sieve=self.quarantine.sieve.fingerprint,
        )
        self.ledger.set_published(self.model, self.state, published)

    def set_replaced(self, log_from: int | None = None, *, is_probed: bool = True) -> None:
        """The same after a rebuild, which statements outside a transaction have put in its place."""
        try:
            self.set_published(self.state.version + 1, log_from, is_probed=is_probed)
        except ConcurrentRunError:
            self.ledger.distrust(self.model)
            raise


class Building(Protocol):
    """A way to build a model: aside first, where the gate can look at it, then for all readers at once."""

    @property
    def audited(self) -> str:
        """What the gate looks at, quoted."""
        ...

    @property
    def batch(self) -> str | None:
        """Where the rows lie that are new in it, quoted; None where any row may be."""
        ...

    def build(self) -> int:
        """Build it aside and hold it to its contract; returns its rows."""
        ...

    @property
    def is_the_same(self) -> bool:
        """True when readers would see what they see already."""
        ...

    def publish(self) -> int | None:
        """Let readers see it; returns how many rows went or came, where that is known."""
        ...
