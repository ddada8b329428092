"""Rows that break rules of their model's suite: left out of what is published, kept beside it with reasons.

What is published and what is in quarantine are together what the model's function returned, and no row is in
both: they change in one transaction. Where a table has to be exchanged by DDL, which is none, its quarantine
is away meanwhile: who asks for it is refused, and not told something wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from snowpark_models.errors import BuildError, ContractError
from snowpark_models.model import Model
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.names import Tables, qualified
from snowpark_models.runner.sieve import Sieve
from snowpark_models.runner.sql import changes as changes_sql
from snowpark_models.runner.sql import quarantine as sql
from snowpark_models.runner.sql import tables as tables_sql
from snowpark_models.runner.state import ModelState
from snowpark_models.runner.warehouse import Warehouse


@dataclass
class Quarantine:
    """The rows of one model that are set aside, in one run.

    Attributes:
        sieve: which rows that are.
        state: what is published.
        is_replayed: all parts that have rows here are to be computed again.
        too_many: why so many rows cannot be set aside; empty where they can.
        limit_lifted: why they could not, had their number not been left open.
        is_alike: the quarantine has the columns of what is aside.
        changes: there will be other rows here when the model is published.
    """

    warehouse: Warehouse
    locations: Locations
    model: Model
    tables: Tables
    sieve: Sieve
    state: ModelState
    run_id: str
    is_replayed: bool = False
    too_many: str = field(default="", init=False)
    limit_lifted: str = field(default="", init=False)
    changes: bool = field(default=False, init=False)
    is_alike: bool = field(default=False, init=False)
    is_aside: bool = field(default=False, init=False)

    @property
    def is_there(self) -> bool:
        """True when the model has a table of rows that are set aside."""
        return self.locations.quarantine(self.model) in self.locations.kinds

    def wanted_parts(self) -> list[str]:
        """Queries of the parts to compute, because somebody wants them again or the rules are others now."""
        has_other_rules = self.sieve.fingerprint != self.state.sieve
        queries = []
        if self.is_there and (self.is_replayed or has_other_rules):
            queries.append(sql.parts_set_aside(self.tables.quarantine, self.model.parts))
        if has_other_rules:
            queries.append(sql.parts_that_break(self.model, self.sieve, self.tables.published))
        return queries

    def sift(self, built: str, *, of_parts: bool) -> None:
        """Move the rows of what was built that break a rule aside; leave them there where they are too many.

        Args:
            built: the candidate, or the batch, quoted.
            of_parts: it is the batch of some parts, which their table holds.

        Raises:
            ContractError: a row belongs to no part, so that it could never be found again.
        """
        if not self.sieve.rules and not self.is_there:
            return
        self.is_alike = self._prepare(of_parts=of_parts)
        broken = sql.broken_rows(self.model, self.sieve, built)
        rows = (
            sql.since_first(self.model, broken, self.tables.quarantine, self.run_id)
            if self.is_alike
            else sql.since_now(self.model, broken, self.run_id)
        )
        self.warehouse.run(sql.fill(self.model, self.tables.aside, rows))
        self.is_aside = True
        found = self.warehouse.number(tables_sql.count_rows(self.tables.aside))
        self._judge(found, built, of_parts=of_parts)
        if self.too_many:
            self.changes = True
            return
        if found:
            self._take_out(found, built)
        differing = sql.count_differing(self.model, self.tables, is_of_parts=of_parts)
        self.changes = not self.is_alike or self.warehouse.number(differing) > 0

    def publish_parts(self) -> None:
        """Put what is aside in the place of the rows of the parts; needs a transaction."""
        self.warehouse.run(sql.delete_parts(self.tables.quarantine, self.tables.parts, self.model.parts))
        self.warehouse.run(sql.insert_aside(self.model, self.tables))

    def publish_all(self) -> None:
        """Put what is aside in the place of all rows; needs a transaction."""
        self.warehouse.run(sql.delete_all(self.tables.quarantine))
        self.warehouse.run(sql.insert_aside(self.model, self.tables))

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody can read the quarantine while the table is exchanged; then it has what was aside."""
        if not self.changes:
            yield
            self.clean()
            return
        self.warehouse.run(tables_sql.drop_table(self.tables.quarantine))
        self.locations.kinds.pop(self.locations.quarantine(self.model), None)
        yield
        self.warehouse.run(tables_sql.rename("BASE TABLE", self.tables.aside, self.tables.quarantine))
        self._is_made()

    def has_rows(self) -> bool:
        """True when rows are set aside now, or will be."""
        tables = [self.tables.quarantine] if self.is_there else []
        tables += [self.tables.aside] if self.is_aside else []
        return any(self.warehouse.number(tables_sql.count_rows(table)) for table in tables)

    def drop(self) -> None:
        """It goes, if it is there."""
        if self.is_there:
            self.warehouse.run(tables_sql.drop_table(self.tables.quarantine))
            self.locations.kinds.pop(self.locations.quarantine(self.model))

    def clean(self) -> None:
        """Drop what was put aside."""
        if self.is_aside:
            self.warehouse.run(tables_sql.drop_table(self.tables.aside))

    def _prepare(self, *, of_parts: bool) -> bool:
        """Make what is missing; True where the quarantine has the columns of what is aside.

        A quarantine that a dead run has taken away comes back with the table that this one publishes.
        """
        if not self.is_there:
            self.warehouse.run(tables_sql.create_schema(self.locations.quarantine(self.model)[0]))
            if self.state.is_rebuilding:
                return False
            self.warehouse.run(sql.create(self.model, self.tables.quarantine))
            self._is_made()
            return True
        if of_parts:
            return True
        self.warehouse.run(tables_sql.create_like(self.tables.aside, self.tables.quarantine))
        differ = sql.columns_that_differ(self.tables.quarantine, self.tables.candidate)
        return not self.warehouse.rows(differ)

    def _judge(self, found: int, built: str, *, of_parts: bool) -> None:
        set_aside, all_rows = found, self.warehouse.number(tables_sql.count_rows(built)) if found else 0
        if of_parts:
            others = (
                self.warehouse.number(sql.count_outside(table, self.tables.parts, self.model.parts))
                for table in (self.tables.quarantine, self.tables.published)
            )
            kept = next(others)
            if found or kept:
                set_aside += kept
                all_rows = self.warehouse.number(tables_sql.count_rows(built)) + kept + next(others)
        excess = self.sieve.excess(set_aside, all_rows)
        if self.sieve.is_limited:
            self.too_many = excess
        else:
            self.limit_lifted = excess

    def _take_out(self, found: int, built: str) -> None:
        parts = self.model.parts
        if self.model.is_incremental and self.warehouse.number(
            changes_sql.count_without_part(self.tables.aside, parts)
        ):
            raise ContractError(
                f"{self.model.schema}.{self.model.table} breaks its contract: a row to be set aside has no "
                f"{' or no '.join(parts)}, by which it would be found again"
            )
        taken = self.warehouse.run(sql.take_out(self.model, built, self.tables.aside))
        if taken != found:
            raise BuildError(
                f"model {self.model.name}: {found} rows were to be set aside, and {taken} were found by "
                "their values. Published tables are as they were."
            )

    def _is_made(self) -> None:
        self.locations.kinds[self.locations.quarantine(self.model)] = "BASE TABLE"


def rows_set_aside(warehouse: Warehouse, locations: Locations, model: Model) -> int | None:
    """How many rows of a model are in quarantine now; None where it has none."""
    place = locations.quarantine(model)
    if place not in locations.kinds:
        return None
    return warehouse.number(tables_sql.count_rows(qualified(*place)))
