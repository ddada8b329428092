"""What SQL Server's catalog says of the captured tables: their columns of today, keys and instances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from flows.ingest.lsn import Lsn
from flows.ingest.source import statements
from flows.ingest.source.reader import Row, SourceReader
from flows.ingest.tables.captured import mirror_name
from flows.ingest.tables.types import SqlType

T = TypeVar("T")

MOST_INSTANCES = 2
"""SQL Server keeps at most two capture instances a table (error 22962)."""


@dataclass(frozen=True)
class SourceColumn:
    """A column of a source table as it is today. `sql_type` is None for CLR types."""

    column_id: int
    name: str
    sql_type: SqlType | None
    is_computed: bool


@dataclass(frozen=True)
class LoggedColumn:
    """A column as a change table has it. `column_id` is that of the source's column, which may be gone."""

    column_id: int
    name: str
    ordinal: int
    sql_type: SqlType | None


@dataclass(frozen=True)
class Instance:
    """A capture instance. `key` has the columns of the index that it was made with, which may be none."""

    name: str
    start_lsn: Lsn
    columns: tuple[LoggedColumn, ...]
    key: tuple[str, ...]
    index: str | None
    supports_net_changes: bool
    role: str | None


@dataclass(frozen=True)
class SourceTable:
    """A captured table with its capture instances, in the order in which they were made.

    `schema` and `table` are None where the login may not see the table.
    """

    schema: str | None
    table: str | None
    columns: tuple[SourceColumn, ...]
    primary_key: tuple[str, ...]
    instances: tuple[Instance, ...]

    @property
    def label(self) -> str:
        """Its name, as people write it."""
        return f"{self.schema}.{self.table}"

    @property
    def name(self) -> str:
        """Its name in RAW."""
        return mirror_name(self.schema or "", self.table or "")


def read_catalog(session: SourceReader) -> list[SourceTable]:
    """All captured tables, in the order in which their first instances were made."""
    logged = _grouped(session.rows(statements.CAPTURED_COLUMNS), _logged_column)
    columns = _grouped(session.rows(statements.SOURCE_COLUMNS), _source_column)
    instance_keys = _grouped(session.rows(statements.INSTANCE_KEYS), _name)
    primary_keys = _grouped(session.rows(statements.PRIMARY_KEYS), _name)
    names: dict[int, tuple[str | None, str | None]] = {}
    instances: dict[int, list[Instance]] = defaultdict(list)
    for object_id, instance, start_lsn, source_id, schema, table, *made_with in session.rows(
        statements.CAPTURE_INSTANCES
    ):
        if start_lsn is None:
            continue  # made a moment ago; seen on SQL Server while the log reader has not begun with it
        names[source_id] = schema, table
        key, start = tuple(instance_keys[object_id]), Lsn.from_bytes(start_lsn)
        instances[source_id].append(Instance(instance, start, tuple(logged[object_id]), key, *made_with))
    return [
        SourceTable(schema, table, tuple(columns[i]), tuple(primary_keys[i]), tuple(instances[i]))
        for i, (schema, table) in names.items()
    ]


def _grouped(rows: Iterable[Row], build: Callable[..., T]) -> dict[int, list[T]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for owner, *rest in rows:
        groups[owner].append(build(*rest))
    return groups


def _name(name: str) -> str:
    return name


def _source_column(
    column_id: int,
    name: str,
    is_computed: bool,
    type_name: str | None,
    length: int,
    precision: int,
    scale: int,
) -> SourceColumn:
    return SourceColumn(column_id, name, _sql_type(type_name, length, precision, scale), bool(is_computed))


def _logged_column(
    column_id: int, name: str, ordinal: int, type_name: str | None, length: int, precision: int, scale: int
) -> LoggedColumn:
    return LoggedColumn(column_id, name, ordinal, _sql_type(type_name, length, precision, scale))


def _sql_type(name: str | None, max_length: int, precision: int, scale: int) -> SqlType | None:
    return None if name is None else SqlType(name, max_length, precision, scale)
