"""The session of a run: statements, transactions, the QUERY_TAG, and which tables there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from snowflake.snowpark import DataFrame, Row, Session

from snowpark_models.model import LAYERS, Model
from snowpark_models.runner.names import OPS, QUALITY, Namespace, literal, qualified
from snowpark_models.runner.sql import tables as sql
from snowpark_models.sources import SCHEMA as RAW


@dataclass(frozen=True)
class Warehouse:
    """The database that a session is in, and the namespace that the run writes. One thread at a time."""

    session: Session
    namespace: Namespace

    def rows(self, statement: str) -> list[Row]:
        """Run a statement; returns its rows."""
        rows: list[Row] = self.session.sql(statement).collect()
        return rows

    def run(self, statement: str) -> int:
        """Run a statement; returns how many rows it changed, where it is one that does."""
        rows = self.rows(statement)
        counts = tuple(rows[0]) if rows else ()
        return sum(value for value in counts if isinstance(value, int))

    def number(self, statement: str) -> int:
        """The one number that a query returns."""
        return int(self.rows(statement)[0][0])

    def frame(self, query: str) -> DataFrame:
        """The rows of a query, not yet run."""
        return self.session.sql(query)

    @cached_property
    def personal_tag(self) -> str | None:
        """The tag that says which columns are personal; None where there is none that this role may set."""
        schemas = {row["schema_name"] for row in self.rows(sql.list_personal_tags())}
        return qualified(OPS, sql.PERSONAL_TAG) if OPS in schemas else None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Only DML belongs inside: Snowflake commits an open transaction at every DDL."""
        self.run("BEGIN")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK")
            raise
        self.run("COMMIT")

    def tag(self, model: Model, run_id: str) -> None:
        """Name flow, model and run in the QUERY_TAG of all that follows."""
        self.session.query_tag = json.dumps({"flow": "transform", "model": model.name, "run": run_id})

    def make_schemas(self) -> None:
        """Make the schemas that the run writes, where they are missing."""
        for schema in (*(self.namespace.schema(layer) for layer in LAYERS), self.namespace.ops):
            self.run(sql.create_schema(schema))

    def kinds(self) -> dict[tuple[str, str], str]:
        """`BASE TABLE` or `VIEW` of every table in RAW, OPS, and the schemas of production and of the run."""
        schemas = {RAW, OPS, QUALITY, self.namespace.ops, *(layer.upper() for layer in LAYERS)}
        schemas |= {self.namespace.schema(layer) for layer in (*LAYERS, QUALITY)}
        rows = self.rows(sql.list_tables(sorted(schemas)))
        return {(row["SCHEMA_NAME"], row["TABLE_NAME"]): row["TABLE_TYPE"] for row in rows}


def text_or_null(value: str | int | None, kind: str) -> str:
    """A literal of a type."""
    return f"NULL::{kind}" if value is None else f"{literal(str(value))}::{kind}"
