"""Change logs and mirrors follow their source's columns: what has to be altered, and where a column is kept.

A column that is added is added; a type that grows is widened; a type that becomes another one takes the
column's name, and the older values stay in `<COLUMN>__V1`. A column that is dropped stays, with what it had.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flows.ingest.columns import PLATFORM_COLUMNS
from flows.ingest.tables import CHANGE_LOG_SUFFIX, CapturedTable, Column
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
        statements: DDL, in its order; it commits by itself.
        changes: what is different, in words; empty for a table that is only created.
        is_read_anew: the mirror then lacks values that only the source's table has.
        is_rekeyed: the mirror is made anew, because its key is another one.
    """

    statements: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    is_read_anew: bool = False
    is_rekeyed: bool = False


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
    evolution = Evolution()
    log, mirror = raw.get(f"{table.name}{CHANGE_LOG_SUFFIX}"), raw.get(table.name)
    if log is None:
        evolution.statements.append(raw_sql.create_change_log(table))
    if mirror is None:
        evolution.statements.append(raw_sql.create_mirror(table))
    elif _has_another_key(table, mirror):
        evolution.is_rekeyed = evolution.is_read_anew = True
        evolution.statements.append(raw_sql.create_mirror(table, replacing=True))
        key = ", ".join(table.key_names)
        evolution.changes.append(f"its key is now ({key})" if key else "it has no key any more")
        mirror = None
    for column in table.columns:
        _evolve_column(evolution, table, column, log, mirror)
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


def fitted(table: CapturedTable, raw: RawTables) -> CapturedTable:
    """The table with each column under the name where change log and mirror can keep it, or left out."""
    log, mirror = raw.get(f"{table.name}{CHANGE_LOG_SUFFIX}"), raw.get(table.name)
    if log is None or mirror is None:
        return table.with_columns(lambda column: None if column.is_dropped else column)

    def place(column: Column) -> Column | None:
        wanted = RawType.parse(column.mapping.snowflake)
        own = column.source_name.upper()
        for name in (own, *reversed(_versions(own, log, mirror))):
            if all(name in t.columns and t.columns[name].holds(wanted) for t in (log, mirror)):
                return replace(column, kept_as=None if name == own else name)
        return None

    return table.with_columns(place)


def unfit(table: CapturedTable, raw: RawTables) -> list[Column]:
    """The columns that the source's table has and that change log and mirror cannot keep as they come."""
    kept = fitted(table, raw)
    places = {column.source_name for column in kept.columns if column.kept_as is None}
    missing = [column for column in table.columns if column.source_name not in places]
    for part, whole in _parts(kept, table):
        present = {column.source_name for column in part if column.kept_as is None}
        missing += [c for c in whole if not c.is_dropped and c.source_name not in present]
    return missing


def _parts(kept: CapturedTable, table: CapturedTable) -> list[tuple[tuple[Column, ...], tuple[Column, ...]]]:
    parts = [(kept.logged or (), table.logged or ())]
    if kept.older is not None and table.older is not None:
        parts.append((kept.older.logged or (), table.older.logged or ()))
    return parts


def _has_another_key(table: CapturedTable, mirror: RawTable) -> bool:
    if {column.name for column in table.key} != mirror.required - _PLATFORM:
        return True
    for column in table.key:
        have, wanted = mirror.columns[column.name], RawType.parse(column.mapping.snowflake)
        if not have.holds(wanted) and have.widened_to(wanted) is None:
            return True
    return False


def _evolve_column(
    evolution: Evolution, table: CapturedTable, column: Column, log: RawTable | None, mirror: RawTable | None
) -> None:
    """A column in the change log and in the mirror, where these are there already."""
    wanted = RawType.parse(column.mapping.snowflake)
    change = None
    kept_as = f"{column.name}__V{len(_versions(column.name, log, mirror)) + 1}"
    for name, raw in ((f"{table.name}{CHANGE_LOG_SUFFIX}", log), (table.name, mirror)):
        if raw is None:
            continue
        have = raw.columns.get(column.name)
        if have is None:
            evolution.statements.append(raw_sql.add_column(name, column))
            evolution.is_read_anew = True
            change = f"column {column.source_name} ({column.sql_type.declaration}) was added"
        elif have.holds(wanted):
            continue
        elif (wider := have.widened_to(wanted)) is not None:
            evolution.statements.append(raw_sql.widen_column(name, column, wider.declaration))
            change = f"column {column.source_name} was widened to {column.sql_type.declaration}"
        else:
            evolution.statements.append(raw_sql.rename_column(name, column.name, kept_as))
            evolution.statements.append(raw_sql.add_column(name, column))
            evolution.is_read_anew = True
            change = (
                f"column {column.source_name} is now {column.sql_type.declaration}: what it was is kept in "
                f"{kept_as}"
            )
    if change is not None:
        evolution.changes.append(change)


def _versions(name: str, *tables: RawTable | None) -> list[str]:
    """The names under which earlier columns of a name are kept, oldest first."""
    found = {
        int(kept[2])
        for raw in tables
        if raw is not None
        for column in raw.columns
        if (kept := _KEPT_VERSION.fullmatch(column)) and kept[1] == name
    }
    return [f"{name}__V{number}" for number in range(1, max(found, default=0) + 1)]
