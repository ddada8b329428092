"""The models' tables in Snowflake: build aside, publish at once, keep the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from snowflake.snowpark import DataFrame, Row, Session

from snowpark_models.model import LAYERS, Model
from snowpark_models.runner import statements


class Warehouse:
    """The database that a session is in, as the runner sees it. One thread at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def prepare(self) -> None:
        """Make the schemas and the ledger that the runner writes, where they are missing."""
        for schema in (*(layer.upper() for layer in LAYERS), statements.OPS):
            self._run(statements.create_schema(schema))
        self._run(statements.create_ledger())

    def tag(self, model: Model, run_id: str) -> None:
        """Name flow, model and run in the QUERY_TAG of all that follows."""
        self._session.query_tag = json.dumps({"flow": "transform", "model": model.name, "run": run_id})

    def tables(self) -> set[tuple[str, str]]:
        """Schema and name of every table in RAW and in the layers."""
        rows = self._run(statements.list_tables())
        return {(row["SCHEMA_NAME"], row["TABLE_NAME"]) for row in rows}

    def table(self, schema: str, table: str) -> DataFrame:
        """A table as its readers see it."""
        return self._session.table(statements.qualified(schema, table))

    def build(self, model: Model, result: DataFrame, has_published: bool) -> None:
        """Write a result into the model's candidate, in the types of its contract.

        The swap that publishes trades grants too, so the candidate first takes those of the published table.
        """
        self._run(statements.drop(model.schema, model.candidate))
        if has_published:
            self._run(statements.create_like(model.schema, model.candidate, model.table))
        self._run(statements.create_by_contract(model))
        columns = [statements.identifier(column.name) for column in model.contract]
        result.select(columns).write.save_as_table(
            [statements.identifier(model.schema), statements.identifier(model.candidate)],
            mode="append",
            column_order="name",
        )

    def publish(self, model: Model, has_published: bool) -> None:
        """Put the candidate in the place of the published table, in one step for every reader."""
        if has_published:
            self._run(statements.swap(model.schema, model.table, model.candidate))
            self._run(statements.drop(model.schema, model.candidate))
        else:
            self._run(statements.rename(model.schema, model.candidate, model.table))

    def drop_candidate(self, model: Model) -> None:
        """Remove the candidate, if there is one."""
        self._run(statements.drop(model.schema, model.candidate))

    def row_and_null_counts(self, model: Model) -> tuple[int, dict[str, int]]:
        """Rows of the candidate, and how many of them are NULL in each column that must not be."""
        required = [column for column in model.contract if not column.nullable]
        row = self._run(statements.count_rows_and_nulls(model.schema, model.candidate, required))[0]
        nulls = {column.name: int(row[f"NULLS_{position}"]) for position, column in enumerate(required)}
        return int(row["ROW_COUNT"]), nulls

    def duplicated_keys(self, model: Model, limit: int) -> tuple[int, list[tuple[object, ...]]]:
        """How many keys more than one row of the candidate has, and the first of them."""
        rows = self._run(statements.duplicated_keys(model.schema, model.candidate, model.key, limit))
        count = int(rows[0]["DUPLICATED"]) if rows else 0
        return count, [tuple(row[name.upper()] for name in model.key) for row in rows]

    def record(
        self, run_id: str, model: Model, outcome: str, row_count: int | None, started_at: datetime
    ) -> None:
        """Write what became of a model into OPS.MODEL_RUNS, ended now."""
        times = (moment.astimezone(UTC).replace(tzinfo=None).isoformat() for moment in (started_at, now()))
        self._run(statements.insert_into_ledger(run_id, model, outcome, row_count, *times))

    def _run(self, statement: str) -> list[Row]:
        rows: list[Row] = self._session.sql(statement).collect()
        return rows


def now() -> datetime:
    """The present, for the ledger only: models know no clock but the data's."""
    return datetime.now(UTC)
