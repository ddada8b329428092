"""Histories in RAW: the platform's own view over a change log."""

from __future__ import annotations

from flows.ingest.tables.captured import CapturedTable, Column
from flows.ingest.tables.columns import PLATFORM_COLUMNS
from flows.ingest.tables.types import SqlType
from flows.ingest.warehouse.history_sql import create_history
from snowpark_models.runner.names import identifier
from snowpark_models.sources import SOURCES, Source
from tests.models.given import PLATFORM_COLUMNS as MIRROR_COLUMNS
from tests.models.given import Types, raw_types

LARGE = -1
HISTORIES = [source for source in SOURCES.values() if source.is_history]


def captured(source: Source) -> CapturedTable:
    """A source's table as far as its history depends on it: names, key, and which columns are large."""
    types = raw_types(f"raw_{source.table.lower()}")
    columns = tuple(
        Column.of(name.lower(), ordinal, SqlType("nvarchar", LARGE if kind == "VARCHAR" else 100), "")
        for ordinal, (name, (kind, _)) in enumerate(types.items(), start=1)
        if name not in MIRROR_COLUMNS
    )
    return CapturedTable("dbo", source.table.lower(), "captured", None, columns, source.key)  # type: ignore[arg-type]


def log_types(source: Source) -> Types:
    """The columns of a source's change log."""
    types = raw_types(f"raw_{source.table.lower()}")
    own = {name: (kind, True) for name, (kind, _) in types.items() if name not in MIRROR_COLUMNS}
    return {**own, **{name: (kind, True) for name, kind, _ in PLATFORM_COLUMNS}}


def histories_of_mirrors() -> list[str]:
    """Statements that make the histories of mirrors that were filled by hand: one change a live row."""
    return [statement for source in HISTORIES for statement in _history_of_mirror(source)]


def _history_of_mirror(source: Source) -> list[str]:
    names = ", ".join(column.quoted for column in captured(source).columns)
    platform = "_POSITION, 2 AS _OPERATION, _COMMITTED_AT, NULL::VARCHAR AS _UNCHANGED, '' AS _BATCH"
    log = f"RAW.{identifier(source.change_log)}"
    live = f"SELECT {names}, {platform} FROM RAW.{identifier(source.table)} WHERE NOT _DELETED"
    return [f"CREATE OR REPLACE TABLE {log} AS {live}", create_history(captured(source))]
