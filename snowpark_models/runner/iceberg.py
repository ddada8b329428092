"""An Iceberg table: built aside as an ordinary table, and published by one statement."""

from __future__ import annotations

from dataclasses import dataclass

from snowpark_models.runner.sql import stored as stored_sql
from snowpark_models.runner.sql import tables as sql
from snowpark_models.runner.whole import WholeTable
from snowpark_models.storage import IcebergTable


@dataclass
class Iceberg(WholeTable):
    """A model as an Iceberg table."""

    def publish(self) -> int | None:
        """Write what has passed; readers see the one before until all of it is there."""
        job = self.job
        storage = job.model.storage
        assert isinstance(storage, IcebergTable)  # noqa: S101 - held by check_storage
        job.ledger.begin_swap(job.model, job.state)
        location = storage.base_location or job.locations.written(job.model).replace(".", "/").lower()
        with job.quarantine.away(), job.in_place_of(but="ICEBERG TABLE"):
            tag = job.warehouse.personal_tag
            job.warehouse.run(stored_sql.create_iceberg(job.model, storage, location, job.tables, tag))
        job.warehouse.run(sql.drop_table(job.tables.candidate))
        job.set_replaced()
        return None
