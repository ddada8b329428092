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
    is_the_same: bool = False
    is_probed: bool = field(default=True, init=False)

    @property
    def audited(self) -> str:
        """The candidate."""
        return self.job.tables.candidate

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
        job, tables = self.job, self.job.tables
        job.ledger.begin_swap(job.model, job.state)
        with job.in_place_of(but="BASE TABLE"):
            self._put(tables.candidate, tables.published, is_taken=self._replaces_table)
        log_from = None
        if job.routes is not None:
            self._begin_change_log()
            log_from = job.state.version + 2
        job.set_replaced(log_from, is_probed=self.is_probed)
        return None

    def _begin_change_log(self) -> None:
        """An empty one, in the contract's columns, takes the place of what is there."""
        job, tables = self.job, self.job.tables
        is_taken = job.locations.has_change_log(job.model)
        if is_taken:
            job.warehouse.run(sql.create_like(tables.log, tables.change_log))
        job.warehouse.run(changes_sql.create_change_log(job.model, tables.log))
        self._put(tables.log, tables.change_log, is_taken=is_taken)

    def _put(self, table: str, place: str, *, is_taken: bool) -> None:
        """Fails where another run, which has begun to build the model since, has cleared the table away."""
        warehouse = self.job.warehouse
        if is_taken:
            warehouse.run(sql.swap(place, table))
            warehouse.run(sql.drop_table(table))
        else:
            warehouse.run(sql.rename("BASE TABLE", table, place))

    @property
    def _replaces_table(self) -> bool:
        return self.job.locations.kind(self.job.model) == "BASE TABLE"
