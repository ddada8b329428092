"""A dynamic table: gated as a view of its query is, and refreshed only then."""

from __future__ import annotations

from dataclasses import dataclass

from snowpark_models.runner.sql import stored as stored_sql
from snowpark_models.runner.sql import tables as sql
from snowpark_models.runner.view import View
from snowpark_models.storage import DynamicTable


@dataclass(frozen=True)
class Dynamic(View):
    """A model as a dynamic table."""

    def publish(self) -> int | None:
        """Refresh it; make it where it is not there yet or is made otherwise today."""
        job = self.job
        storage = job.model.storage
        assert isinstance(storage, DynamicTable)  # noqa: S101 - held by check_storage
        job.ledger.begin_swap(job.model, job.state)
        job.quarantine.drop()
        is_there = job.locations.kind(job.model) == "DYNAMIC TABLE"
        reads_the_same = job.state.inputs.keys() == job.inputs.keys()
        is_as_declared = is_there and job.state.code == job.code and reads_the_same
        if is_as_declared and not job.state.is_rebuilding:
            job.warehouse.run(stored_sql.refresh(job.tables.published))
        else:
            table, tag = job.tables.published, job.warehouse.personal_tag
            made = stored_sql.create_dynamic(job.model, storage, table, self.query(), tag)
            with job.in_place_of(but="DYNAMIC TABLE"):
                job.warehouse.run(made)
        job.warehouse.run(sql.drop_view(job.tables.audit))
        job.set_replaced()
        return None
