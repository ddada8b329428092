"""Change logs and mirrors follow their source's columns: what has to be altered, and where a column is kept.

A column that is added is added; a type that grows is widened; a type that becomes another one takes the
column's name, and the older values stay in `<COLUMN>__V1`. A column that is dropped stays, with what it had.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flows.ingest.tables.captured import CapturedTable, Column, change_log_name
from flows.ingest.tables.columns import PLATFORM_COLUMNS
from flows.ingest.warehouse import raw_sql
from flows.ingest.warehouse.raw_types import RawType
from flows.ingest.warehouse.session import WarehouseSession

_PLATFORM = {name for name, _, _ in PLATFORM_COLUMNS} | {"_DELETED"}
_KEPT_VERSION = re.compile(r"(.+)__V(\d+)")


@dataclass(frozen=True)
class RawTable:
    """A table of RAW as it is: the types of its columns, and which of them are NOT NULL."""

    columns: dict[str, RawType] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


RawTables = Mapping[str, RawTable]


@dataclass
class Evolution:
    """How a change log and a mirror become what the source's table is.

    Attributes:
        log, mirror: as they are when it is done.
        statements: DDL, in its order; it commits by itself.
        changes: what is different, in words; empty for a table that is only created.
        is_read_anew: the mirror then lacks values that only the source's table has.
    """

    log: RawTable
    mirror: RawTable
    statements: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    is_read_anew: bool = False

    def alter(self, raw: RawTable, column: str, new: RawType, *statements: str) -> None:
        """A column has a type from here on."""
        raw.columns[column] = new
        self.statements += statements


def read_raw(warehouse: WarehouseSession) -> dict[str, RawTable]:
    """The tables of RAW by name."""
    tables: dict[str, RawTable] = {}
    for table, column, nullable, *catalog_type in warehouse.rows(raw_sql.RAW_COLUMNS):
        raw = tables.setdefault(table, RawTable())
        raw.columns[column] = RawType.of_catalog(*catalog_type)
        if nullable == "NO":
            raw.required.add(column)
    return tables


def plan(table: CapturedTable, raw: RawTables) -> Evolution:
    """What has to be done for a table; nothing where its change log and mirror are as its columns are."""
    log, mirror = (raw.get(name) for name in (change_log_name(table.name), table.name))
    created = RawTable(
        {column.name: RawType.parse(column.mapping.snowflake) for column in table.columns},
        {column.name for column in table.key},
    )
    evolution = Evolution(copy.deepcopy(log or created), copy.deepcopy(mirror or created))
    if log is None:
        evolution.statements.append(raw_sql.create_change_log(table))
    if mirror is None:
        evolution.statements.append(raw_sql.create_mirror(table))
    elif _has_another_key(table, mirror):
        key = ", ".join(table.key_names)
        evolution.changes.append(f"its key is now ({key})" if key else "it has no key any more")
        evolution.statements.append(raw_sql.create_mirror(table, replacing=True))
        evolution.mirror, evolution.is_read_anew = copy.deepcopy(created), True
    for column in table.columns:
        _evolve_column(evolution, table, column)
    return evolution


def undone(table: CapturedTable, raw: RawTables) -> list[str]:
    """The columns of a mirror that its source's table has no more."""
    mirror = raw.get(table.name)
    if mirror is None:
        return []
    names = _PLATFORM | {column.name for column in table.columns}
    return [
        name
        for name in mirror.columns
        if name not in names and not ((kept := _KEPT_VERSION.fullmatch(name)) and kept[1] in mirror.columns)
    ]


def fitted(table: CapturedTable, log: RawTable | None, mirror: RawTable | None) -> CapturedTable:
    """The table with each column under the name where change log and mirror can keep it, or left out."""
    if log is None or mirror is None:
        return table.with_columns(lambda column: None if column.is_dropped else column)

    def place(column: Column) -> Column | None:
        wanted = RawType.parse(column.mapping.snowflake)
        own = column.source_name.upper()
        for name in (own, *reversed(_versions(own, log, mirror))):
            if all(name in raw.columns and raw.columns[name].holds(wanted) for raw in (log, mirror)):
                return replace(column, kept_as=None if name == own else name)
        return None

    return table.with_columns(place)


def unfit(table: CapturedTable, evolution: Evolution) -> list[Column]:
    """The columns of the source's table of which the change tables still have values of another type."""
    kept = fitted(table, evolution.log, evolution.mirror)
    parts = [(table.columns, kept.columns), (table.logged, kept.logged)]
    if table.older is not None and kept.older is not None:
        parts.append((table.older.logged, kept.older.logged))
    return [
        column
        for all_columns, kept_columns in parts
        for column in all_columns or ()
        if not column.is_dropped and column not in (kept_columns or ())
    ]


def _has_another_key(table: CapturedTable, mirror: RawTable) -> bool:
    if {column.name for column in table.key} != mirror.required - _PLATFORM:
        return True
    for column in table.key:
        have, wanted = mirror.columns[column.name], RawType.parse(column.mapping.snowflake)
        if not have.holds(wanted) and have.widened_to(wanted) is None:
            return True
    return False


def _evolve_column(evolution: Evolution, table: CapturedTable, column: Column) -> None:
    """A column in the change log and in the mirror."""
    wanted = RawType.parse(column.mapping.snowflake)
    change = None
    kept_as = f"{column.name}__V{len(_versions(column.name, evolution.log, evolution.mirror)) + 1}"
    for name, raw in ((change_log_name(table.name), evolution.log), (table.name, evolution.mirror)):
        have = raw.columns.get(column.name)
        if have is not None and have.holds(wanted):
            continue
        if have is None:
            evolution.alter(raw, column.name, wanted, raw_sql.add_column(name, column))
            evolution.is_read_anew = True
            change = f"column {column.source_name} ({column.sql_type.declaration}) was added"
        elif (wider := have.widened_to(wanted)) is not None:
            widen = raw_sql.widen_column(name, column, wider.declaration)
            evolution.alter(raw, column.name, wider, widen)
            change = f"column {column.source_name} was widened to {column.sql_type.declaration}"
        else:
            evolution.alter(raw, kept_as, have, raw_sql.rename_column(name, column.name, kept_as))
            evolution.alter(raw, column.name, wanted, raw_sql.add_column(name, column))
            evolution.is_read_anew = True
            change = f"column {column.source_name} is now {column.sql_type.declaration}"
            change += f" (what it was is kept in {kept_as})"
    if change is not None:
        evolution.changes.append(change)


def _versions(name: str, *tables: RawTable) -> list[str]:
    """The names under which earlier columns of a name are kept, oldest first."""
    found = {
        int(kept[2])
        for raw in tables
        for column in raw.columns
        if (kept := _KEPT_VERSION.fullmatch(column)) and kept[1] == name
    }
    return [f"{name}__V{number}" for number in range(1, max(found, default=0) + 1)]
