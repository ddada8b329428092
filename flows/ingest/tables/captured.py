"""A captured table as replication sees it: its columns, key and capture instance, and its names in RAW."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from deployments.quoting import snowflake_name, tsql_name
from flows.ingest.lsn import Lsn
from flows.ingest.policies.pseudonyms import Hasher
from flows.ingest.tables.types import Mapping, SqlType, map_type

DEFAULT_SCHEMA = "dbo"
RAW = "RAW"
OPS = "OPS"
CHANGE_LOG_SUFFIX = "__CHANGES"
HISTORY_SUFFIX = "__HISTORY"

BATCH_BYTES = 16 * 2**20
FEWEST_BATCH_ROWS = 250
_LOB_BYTES = 64 * 1024
"""What a large value is taken for: SQL Server's own limit for captured ones (`max text repl size`)."""


def mirror_name(schema: str, table: str) -> str:
    """The table's name in RAW: `dbo.order_lines` → `ORDER_LINES`, `sales.orders` → `SALES_ORDERS`."""
    return (table if schema.lower() == DEFAULT_SCHEMA else f"{schema}_{table}").upper()


def change_log_name(mirror: str) -> str:
    """The name of a mirror's change log in RAW."""
    return f"{mirror}{CHANGE_LOG_SUFFIX}"


@dataclass(frozen=True)
class Column:
    """A captured column. `ordinal` counts from 1 in the change table and names its bit in the update mask.

    `kept_as` is its name in the mirror where that is not its own: a later column took the name. `is_dropped`
    is true where only the change table still has it. Where it has a `hasher`, it is read as `travels_as`
    says, and `mapping` is that of its hash.
    """

    source_name: str
    ordinal: int
    sql_type: SqlType
    mapping: Mapping
    kept_as: str | None = None
    is_dropped: bool = False
    travels_as: Mapping | None = None
    hasher: Hasher | None = None

    @classmethod
    def of(cls, source_name: str, ordinal: int, sql_type: SqlType, owner: str) -> Column:
        """A column with the mapping of its type; `owner` names the table in errors."""
        return cls(source_name, ordinal, sql_type, map_type(sql_type, f"Column {owner}.{source_name}"))

    @property
    def name(self) -> str:
        """Its name in the mirror."""
        return self.kept_as or self.source_name.upper()

    @property
    def quoted(self) -> str:
        """Its quoted name in Snowflake."""
        return snowflake_name(self.name)

    @property
    def read_mapping(self) -> Mapping:
        """How its value is read and travels, before it may be hashed."""
        return self.travels_as or self.mapping

    @property
    def read_expression(self) -> str:
        """The T-SQL expression that brings its value across without loss."""
        return self.read_mapping.read.format(tsql_name(self.source_name))

    @property
    def compare_expression(self) -> str:
        """The Snowflake expression of the mirrored value in the form in which it travelled."""
        return self.mapping.compare.format(self.quoted)


@dataclass(frozen=True)
class CapturedTable:
    """A source table as it can be read today, and the capture instances that its changes come from.

    Attributes:
        capture_instance: has the changes after `start_lsn`.
        columns: those that the instance captures and the table still has, in their types of today.
        key_names: empty for a table without a key.
        logged: the columns as the instance's change table has them, dropped ones too; None: the same.
        older: the instance that has the changes up to `start_lsn`; None where there is none, or no need.
    """

    schema: str
    table: str
    capture_instance: str
    start_lsn: Lsn
    columns: tuple[Column, ...]
    key_names: tuple[str, ...]
    logged: tuple[Column, ...] | None = None
    older: CapturedTable | None = None

    @property
    def name(self) -> str:
        """Its name in RAW."""
        return mirror_name(self.schema, self.table)

    @property
    def source_label(self) -> str:
        """Its name in SQL Server, as people write it."""
        return f"{self.schema}.{self.table}"

    @cached_property
    def key(self) -> tuple[Column, ...]:
        """The columns of its key, in the order of the key."""
        by_name = {column.source_name: column for column in self.columns}
        return tuple(by_name[name] for name in self.key_names)

    @cached_property
    def values(self) -> tuple[Column, ...]:
        """The columns that are not of its key."""
        return tuple(column for column in self.columns if column.source_name not in self.key_names)

    @cached_property
    def lobs(self) -> tuple[Column, ...]:
        """The columns of which an update may carry no value."""
        return tuple(column for column in self.values if column.sql_type.is_lob)

    @property
    def batch_rows(self) -> int:
        """How many rows are read at a time at most, so that a batch stays small, however wide they are."""
        width = sum(
            _LOB_BYTES if column.sql_type.is_lob else column.sql_type.max_length for column in self.columns
        )
        return max(FEWEST_BATCH_ROWS, BATCH_BYTES // max(width, 1))

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of its own columns as they are read."""
        return pa.schema([pa.field(column.name, column.read_mapping.arrow) for column in self.columns])

    @property
    def landed_schema(self) -> pa.Schema:
        """The schema of its own columns in a landed file: those that are hashed carry their hash."""
        return data_schema(self.columns)

    def segments(self, after: Lsn, up_to: Lsn) -> Iterator[Segment]:
        """Where the changes in (after, up_to] are: in an older instance up to the start of the newer one."""
        if self.older is not None and after < self.start_lsn:
            yield from self.older.segments(after, min(up_to, self.start_lsn))
            after = self.start_lsn
        if after < up_to:
            yield Segment(replace(self, columns=self.logged or self.columns, older=None), after, up_to)

    def with_columns(self, change: Callable[[Column], Column | None]) -> CapturedTable:
        """The same table with each column changed, or left out (None), wherever it is read from."""

        def changed(columns: tuple[Column, ...]) -> tuple[Column, ...]:
            return tuple(new for column in columns if (new := change(column)) is not None)

        return replace(
            self,
            columns=changed(self.columns),
            logged=None if self.logged is None else changed(self.logged),
            older=None if self.older is None else self.older.with_columns(change),
        )


@dataclass(frozen=True)
class Segment:
    """A table's changes in (after, up_to], all of one capture instance: that of `table`."""

    table: CapturedTable
    after: Lsn
    up_to: Lsn


def data_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of columns, under their mirror names."""
    return pa.schema([pa.field(column.name, column.mapping.arrow) for column in columns])
