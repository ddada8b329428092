"""The incremental way: the parts that changed upstream, computed alone and merged into the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from snowflake.snowpark.functions import col

from snowpark_models.errors import ContractError, LocalityError
from snowpark_models.runner.backfill import Backfill
from snowpark_models.runner.enforcement import check_columns, check_rows
from snowpark_models.runner.job import Job
from snowpark_models.runner.ledger import KEPT_VERSIONS
from snowpark_models.runner.locality import Route
from snowpark_models.runner.sql import changes as sql
from snowpark_models.runner.sql import intake as intake_sql
from snowpark_models.runner.sql.tables import count_rows, drop_table, drop_view
from snowpark_models.runner.writing import fill
from snowpark_models.sources import SOURCES

TRIM_EVERY = 100


@dataclass
class Batch:
    """The parts of a model that changes upstream concern."""

    job: Job
    routes: list[Route]
    backfill: Backfill | None = None
    images: int = field(default=0, init=False)

    @property
    def audited(self) -> str:
        """The view of what the table would be."""
        return self.job.tables.audit

    @property
    def batch(self) -> str:
        """The rows of the parts."""
        return self.job.tables.batch

    def build(self) -> int:
        """Find the parts, compute them alone, and make the view of what the table would be with them."""
        job, tables, warehouse = self.job, self.job.tables, self.job.warehouse
        queries = [query for route in self.routes for query in self._changed_parts(route)]
        queries += self.backfill.parts(job) if self.backfill else []
        queries += job.quarantine.wanted_parts()
        warehouse.run(sql.create_parts(tables.parts, job.model.parts, queries))
        self._check_rows_without_part()
        result = job.frames.of_parts(job.model, self.routes, tables.parts)
        check_columns(job.model, result)
        fill(warehouse, job.model, tables.batch, result)
        self._check_parts()
        job.quarantine.sift(tables.batch, of_parts=True)
        check_rows(job.model, warehouse, tables.batch)
        warehouse.run(sql.create_images(job.model, tables))
        gone, come = warehouse.rows(sql.count_images(tables))[0]
        self.images = gone + come
        if self.is_the_same:
            self._clean()
        else:
            is_refused = bool(job.quarantine.too_many)
            warehouse.run(sql.create_audit(job.model, tables, with_quarantine=is_refused))
        return warehouse.number(count_rows(tables.published)) - int(gone) + int(come)

    @property
    def is_the_same(self) -> bool:
        """True when the changed parts came out as they were."""
        return not self.images and not self.job.quarantine.changes

    def publish(self) -> int:
        """Change log, table, quarantine and ledger in one transaction."""
        job, tables, warehouse = self.job, self.job.tables, self.job.warehouse
        version = job.state.version + 1
        log_from = job.state.log_from or version
        is_trimmed = version % TRIM_EVERY == 0
        if is_trimmed:
            log_from = max(log_from, version - KEPT_VERSIONS + 1)
        with warehouse.transaction():
            job.set_published(version, log_from)
            if self.images:
                self._merge(version)
            if job.quarantine.changes:
                job.quarantine.publish_parts()
            if is_trimmed:
                warehouse.run(sql.trim_change_log(tables.change_log, log_from))
        self._clean()
        return self.images

    def _merge(self, version: int) -> None:
        job, tables, warehouse = self.job, self.job.tables, self.job.warehouse
        low, high = warehouse.rows(sql.bounds(job.model, tables))[0]
        warehouse.run(sql.log_images(job.model, tables, version))
        warehouse.run(sql.merge_images(job.model, tables, low, high))

    def _changed_parts(self, route: Route) -> list[str]:
        """The query that leads from what is new in an upstream to parts of this model, if anything is."""
        job = self.job
        location = job.locations.read(route.upstream)
        before, now = job.state.inputs.get(location), job.inputs[location]
        if before is None or now is None or before == now:
            return []
        if route.upstream in SOURCES:
            return [intake_sql.arrived_keys(SOURCES[route.upstream], job.model.parts, before, now)]
        log = job.locations.change_log(route.upstream)
        changed = sql.changed_rows(log, route.columns, before, now)
        if route.through is None:
            return [changed]
        bridge = job.frames.tables[route.through]
        return [sql.through(bridge, job.model.parts, route.columns, changed)]

    def _check_rows_without_part(self) -> None:
        """Hold that no row of no part would be missed, though a rebuild makes it: it could never be found."""
        job, parts = self.job, self.job.model.parts
        if not job.warehouse.number(sql.count_without_part(job.tables.parts, parts)):
            return
        result = job.frames.without_part(job.model, self.routes)
        unknown = reduce(or_, (col(name.upper()).is_null() for name in parts))
        found = result.filter(unknown).count()
        if found:
            raise ContractError(
                f"{job.model.schema}.{job.model.table} breaks its contract: {' or '.join(parts)}, by which "
                f"it is incremental, is NULL in {found} rows. Let its function fill it, or leave them out."
            )

    def _check_parts(self) -> None:
        job = self.job
        foreign = job.warehouse.number(
            sql.count_foreign_rows(job.tables.batch, job.tables.parts, job.model.parts)
        )
        if foreign:
            raise LocalityError(
                f"model {job.model.name} cannot be incremental: computed for some "
                f"{' and '.join(job.model.parts)} alone, it made {foreign} rows of others. Let it make rows "
                'of the parts that it is given, or make it materialized="table".'
            )

    def _clean(self) -> None:
        tables, warehouse = self.job.tables, self.job.warehouse
        warehouse.run(drop_view(tables.audit))
        for table in (tables.batch, tables.parts, tables.images):
            warehouse.run(drop_table(table))
        self.job.quarantine.clean()
