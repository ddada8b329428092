"""What a database consists of: tables, their columns, keys and constraints, free of any storage."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sandbox.sqlserver.results import SqlType

DEFAULT_COLLATION = "SQL_Latin1_General_CP1_CI_AS"
ROW_ID = "__rid"
"""The hidden identity of a row of a user table: never seen by clients, kept through updates."""


@dataclass(frozen=True)
class ColumnDef:
    """A column as declared. `default` and `computed` hold their T-SQL text."""

    column_id: int
    name: str
    type: SqlType
    nullable: bool = True
    identity: tuple[int, int] | None = None
    """Seed and increment."""
    default: str | None = None
    default_name: str | None = None
    default_id: int = 0
    computed: str | None = None
    collation: str | None = None

    @property
    def is_rowversion(self) -> bool:
        """True when the database writes the value by itself on every change of the row."""
        return self.type.name in ("rowversion", "timestamp")


@dataclass(frozen=True)
class KeyDef:
    """A primary key, unique constraint or index. `kind` is `PK`, `UQ` or `` for a plain index."""

    name: str
    columns: tuple[str, ...]
    kind: str = ""
    unique: bool = True
    clustered: bool = False
    index_id: int = 1
    object_id: int = 0
    """Of the constraint; 0 for an index, which is no object."""
    descending: tuple[bool, ...] = ()


@dataclass(frozen=True)
class CheckDef:
    """A CHECK constraint: its T-SQL condition."""

    name: str
    condition: str
    object_id: int = 0


@dataclass(frozen=True)
class ForeignKeyDef:
    """A foreign key (NO ACTION): `columns` refer to `parent_columns` of the table `parent_id`."""

    name: str
    columns: tuple[str, ...]
    parent_id: int
    parent_columns: tuple[str, ...]
    object_id: int = 0


@dataclass(frozen=True)
class TableDef:
    """A table (`U`), a system table such as a change table (`S`) or a table function (`IF`).

    Columns are in stored order, which is also the order of row images.
    """

    object_id: int
    schema: str
    name: str
    columns: tuple[ColumnDef, ...]
    kind: str = "U"
    keys: tuple[KeyDef, ...] = ()
    checks: tuple[CheckDef, ...] = ()
    foreign_keys: tuple[ForeignKeyDef, ...] = ()
    created: datetime = field(default_factory=datetime.now)
    modified: datetime = field(default_factory=datetime.now)
    last_column_id: int = 0
    last_index_id: int = 1

    def column(self, name: str) -> ColumnDef | None:
        """The column of that name, in any letter case."""
        wanted = name.lower()
        return next((column for column in self.columns if column.name.lower() == wanted), None)

    @property
    def primary_key(self) -> KeyDef | None:
        """The primary key, if there is one."""
        return next((key for key in self.keys if key.kind == "PK"), None)

    @property
    def identity_column(self) -> ColumnDef | None:
        """The IDENTITY column, if there is one."""
        return next((column for column in self.columns if column.identity), None)

    def changed(self, **changes: object) -> TableDef:
        """A copy with `changes` and a new modification time."""
        return replace(self, modified=datetime.now(), **changes)  # type: ignore[arg-type]
