"""A table built as a whole: written aside, then put in the place of the published one."""

from __future__ import annotations

from dataclasses import dataclass, field

from snowpark_models.runner.enforcement import check_columns, check_rows
from snowpark_models.runner.job import Job
from snowpark_models.runner.probing import probe
from snowpark_models.runner.sql import changes as changes_sql
from snowpark_models.runner.sql import tables as sql
from snowpark_models.runner.writing import fill


@dataclass
class WholeTable:
    """All rows of a model, anew."""

    job: Job
    audited: str = "__CANDIDATE"
    is_the_same: bool = False
    is_probed: bool = field(default=True, init=False)

    def build(self) -> int:
        """Write the candidate, with the published table's grants: the swap that publishes trades them."""
        job = self.job
        result = job.frames.whole(job.model)
        check_columns(job.model, result)
        if self._replaces_table:
            job.warehouse.run(sql.create_like(job.tables.candidate, job.tables.published))
        fill(job.warehouse, job.model, job.tables.candidate, result)
        rows = check_rows(job.model, job.warehouse, job.tables.candidate)
        if job.routes is not None:
            self.is_probed = probe(job.warehouse, job.model, job.tables, job.frames, job.routes)
        return rows

    def publish(self) -> int | None:
        """Swap; what reads an incremental model by its changes reads it as a whole once."""
        job, tables, warehouse = self.job, self.job.tables, self.job.warehouse
        job.ledger.begin_swap(job.model, job.state)
        if self._replaces_table:
            warehouse.run(sql.swap(tables.published, tables.candidate))
            warehouse.run(sql.drop_table(tables.candidate))
        else:
            job.make_way(None)
            warehouse.run(sql.rename(tables.candidate, tables.published))
        log_from = None
        if job.routes is not None:
            warehouse.run(changes_sql.create_change_log(job.model, tables.change_log))
            log_from = job.state.version + 2
        job.set_published(job.state.version + 1, log_from, is_probed=self.is_probed)
        return None

    @property
    def _replaces_table(self) -> bool:
        return self.job.locations.kind(self.job.model) == "BASE TABLE"
