"""A table built as a whole: written aside, then put in the place of the published one."""

from __future__ import annotations

from dataclasses import dataclass, field

from snowpark_models.errors import ConcurrentRunError, ContractError
from snowpark_models.runner.enforcement import check_columns, check_rows
from snowpark_models.runner.job import Job
from snowpark_models.runner.probing import probe
from snowpark_models.runner.sql import changes as changes_sql
from snowpark_models.runner.sql import quarantine as quarantine_sql
from snowpark_models.runner.sql import tables as sql
from snowpark_models.runner.writing import fill


@dataclass
class WholeTable:
    """All rows of a model, anew."""

    job: Job
    batch: str | None = None
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
        if job.routes is not None:
            self.is_probed = probe(job.warehouse, job.model, job.tables, job.frames, job.routes)
        job.quarantine.sift(job.tables.candidate, of_parts=False)
        return check_rows(job.model, job.warehouse, job.tables.candidate)

    def publish(self) -> int | None:
        """Swap, or exchange rows; what reads an incremental model by its changes reads it as a whole once."""
        job = self.job
        is_exchanged = job.quarantine.changes and self._has_same_columns()
        if job.quarantine.changes and not is_exchanged:
            self._check_past()
        job.ledger.begin_swap(job.model, job.state)
        if is_exchanged:
            self._exchange()
        else:
            self._swap()
        return None

    def _swap(self) -> None:
        """All readers see the other table from one instant on."""
        job, tables = self.job, self.job.tables
        with job.quarantine.away(), job.in_place_of(but="BASE TABLE"):
            self._put(tables.candidate, tables.published, is_taken=self._replaces_table)
        job.set_replaced(self._begin_change_log(), is_probed=self.is_probed)

    def _exchange(self) -> None:
        """All readers see other rows of the table and of its quarantine from one instant on."""
        job, tables, warehouse = self.job, self.job.tables, self.job.warehouse
        log_from = self._begin_change_log()
        try:
            with warehouse.transaction():
                job.set_published(job.state.version + 1, log_from, is_probed=self.is_probed)
                warehouse.run(quarantine_sql.delete_all(tables.published))
                warehouse.run(quarantine_sql.insert_all(job.model, tables.published, tables.candidate))
                job.quarantine.publish_all()
        except ConcurrentRunError:
            job.ledger.distrust(job.model)
            raise
        comments = sql.set_comments(job.model, tables.published)
        tags = sql.set_tags(job.model, "TABLE", tables.published, warehouse.personal_tag)
        for statement in (*comments, *tags):
            warehouse.run(statement)
        warehouse.run(sql.drop_table(tables.candidate))
        job.quarantine.clean()

    def _begin_change_log(self) -> int | None:
        """An empty one, in the contract's columns, takes the place of what is there; its first version."""
        job, tables = self.job, self.job.tables
        if job.routes is None:
            return None
        is_taken = job.locations.has_change_log(job.model)
        if is_taken:
            job.warehouse.run(sql.create_like(tables.log, tables.change_log))
        job.warehouse.run(changes_sql.create_change_log(job.model, tables.log))
        self._put(tables.log, tables.change_log, is_taken=is_taken)
        return job.state.version + 2

    def _put(self, table: str, place: str, *, is_taken: bool) -> None:
        """Fails where another run, which has begun to build the model since, has cleared the table away."""
        warehouse = self.job.warehouse
        if is_taken:
            warehouse.run(sql.swap(place, table))
            warehouse.run(sql.drop_table(table))
        else:
            warehouse.run(sql.rename("BASE TABLE", table, place))

    def _check_past(self) -> None:
        """Hold that no past version is away while tables are exchanged: it is nowhere else."""
        job = self.job
        if job.model.materialized == "scd2" and self._replaces_table and job.quarantine.has_rows():
            raise ContractError(
                f"model {job.model.name}: columns of a table of versions cannot change while versions are "
                f"set aside. Repair what {job.tables.quarantine} has or its rules first, or delete it there."
            )

    def _has_same_columns(self) -> bool:
        """True when rows of the candidate can take the place of those that are published."""
        job = self.job
        if not self._replaces_table or not job.quarantine.is_alike:
            return False
        differ = quarantine_sql.columns_that_differ(job.tables.published, job.tables.candidate)
        return not job.warehouse.rows(differ)

    @property
    def _replaces_table(self) -> bool:
        return self.job.locations.kind(self.job.model) == "BASE TABLE"
