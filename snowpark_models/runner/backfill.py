"""A range of an incremental model that somebody wants computed again, part by part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from snowpark_models.contract import Column
from snowpark_models.errors import BackfillError
from snowpark_models.model import Model
from snowpark_models.runner.job import Job
from snowpark_models.runner.sql import changes as sql
from snowpark_models.runner.warehouse import Warehouse

FORM = "COLUMN=BEGIN..END"
_FORM = re.compile(r"(?P<column>\w+)=(?P<begin>.+)\.\.(?P<end>.+)")


@dataclass(frozen=True)
class Backfill:
    """The rows whose column is in [begin, end), and all other rows of their parts.

    `begin` and `end` are texts that the warehouse casts to the column's type.
    """

    column: str
    begin: str
    end: str

    @classmethod
    def parsed(cls, text: str) -> Backfill:
        """Read `placed_on=2026-01-01..2026-02-01`.

        Raises:
            BackfillError: it is written otherwise.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise BackfillError(
                f"{text!r} is no range: write {FORM}, such as placed_on=2026-01-01..2026-02-01"
            )
        return cls(found["column"], found["begin"], found["end"])

    @property
    def reason(self) -> str:
        """Why parts are computed again, for people."""
        return f"a backfill of {self.column} from {self.begin} to before {self.end} was asked for"

    def check(self, warehouse: Warehouse, models: Sequence[Model]) -> None:
        """Hold that each of the models can be backfilled by this column, and that the range is one.

        Raises:
            BackfillError: names the model, and what to do instead.
        """
        for model in models:
            if model.materialized == "scd2":
                raise BackfillError(
                    f"model {model.name} cannot be backfilled: its past is what runs have seen (scd2)"
                )
            if not model.is_incremental:
                raise BackfillError(
                    f"model {model.name} cannot be backfilled: it is a {model.materialized}, which is "
                    "made as a whole; --full-refresh does"
                )
            if self.column.upper() not in model.columns:
                names = ", ".join(column.name for column in model.contract)
                raise BackfillError(f"model {model.name} has no column {self.column}; there are {names}")
            is_range = sql.is_before(self.begin, self.end, self._column(model).type)
            if not warehouse.rows(is_range)[0][0]:
                raise BackfillError(f"nothing lies in {self.begin}..{self.end}: write the earlier first")

    def parts(self, job: Job) -> list[str]:
        """Queries of the parts in range: of what is published, and of what the upstreams have of them."""
        column = self._column(job.model)
        needed = {name.upper() for name in (*job.model.parts, column.name)}
        upstreams = [
            table
            for table in job.frames.tables.values()
            if needed <= set(job.warehouse.session.table(table).columns)
        ]
        tables = [job.tables.published, *upstreams]
        return [sql.parts_in_range(each, job.model.parts, column, self.begin, self.end) for each in tables]

    def _column(self, model: Model) -> Column:
        (column,) = (each for each in model.contract if each.name.upper() == self.column.upper())
        return column
