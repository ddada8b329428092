"""A view: nothing is written, so what it shows is as new as what it reads."""

from __future__ import annotations

from dataclasses import dataclass

from snowpark_models.errors import ContractError
from snowpark_models.runner.enforcement import check_columns, check_rows, values_fit
from snowpark_models.runner.job import Job
from snowpark_models.runner.sql import tables as sql


@dataclass(frozen=True)
class View:
    """A model as a view."""

    job: Job
    batch: str | None = None
    is_the_same: bool = False

    @property
    def audited(self) -> str:
        """The view under another name."""
        return self.job.tables.audit

    def build(self) -> int:
        """Make the view under another name."""
        job = self.job
        result = job.frames.whole(job.model)
        check_columns(job.model, result)
        job.warehouse.run(sql.create_view(job.model, job.tables.audit, self.query()))
        with values_fit(job.model):
            job.warehouse.run(sql.read_all_columns(job.model, job.tables.audit))
            return check_rows(job.model, job.warehouse, job.tables.audit)

    def publish(self) -> int | None:
        """Make the view, in one step for every reader."""
        job = self.job
        job.ledger.begin_swap(job.model, job.state)
        job.quarantine.drop()
        with job.in_place_of(but="VIEW"):
            job.warehouse.run(sql.create_view(job.model, job.tables.published, self.query()))
        for statement in sql.set_tags(job.model, "VIEW", job.tables.published, job.warehouse.personal_tag):
            job.warehouse.run(statement)
        job.warehouse.run(sql.drop_view(job.tables.audit))
        job.set_replaced()
        return None

    def query(self) -> str:
        """What it shows.

        Raises:
            ContractError: that takes more than one statement.
        """
        statements = self.job.frames.whole(self.job.model).queries["queries"]
        if len(statements) != 1:
            raise ContractError(
                f"{self.job.tables.published} cannot be a {self.job.model.materialized}: its function takes "
                f'{len(statements)} statements; make it materialized="table"'
            )
        return str(statements[0])
