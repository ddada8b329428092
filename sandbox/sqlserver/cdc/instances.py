"""Capture instances: made and dropped as a whole, in the transaction of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sandbox.sqlserver.cdc.lsn as lsn
from sandbox.sqlserver.cdc.functions import create_instance_functions, drop_instance_functions
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.tables import BINARY10
from sandbox.sqlserver.engine.model import ColumnDef, TableDef
from sandbox.sqlserver.engine.procedures import ProcedureContext
from sandbox.sqlserver.engine.types import FIXED, LOB, MAX
from sandbox.sqlserver.results import Column, SqlType

_BEFORE_THE_COLUMNS = (
    Column("__$start_lsn", BINARY10, nullable=False),
    Column("__$end_lsn", BINARY10),
    Column("__$seqval", BINARY10, nullable=False),
    Column("__$operation", FIXED["int"], nullable=False),
    Column("__$update_mask", SqlType("varbinary", length=128)),
)
_AFTER_THE_COLUMNS = (Column("__$command_id", FIXED["int"]),)


@dataclass(frozen=True)
class NewInstance:
    """What to capture: checked already."""

    source: TableDef
    name: str
    columns: tuple[ColumnDef, ...]
    supports_net_changes: bool
    role: str | None
    index: str | None
    """Name of the key that tells rows apart, and its columns."""
    index_columns: tuple[str, ...]


def create_instance(context: ProcedureContext, new: NewInstance) -> None:
    """Make the change table, its query functions and its metadata, and start logging the source table."""
    captured = tuple(Column(c.name, captured_type(c.type)) for c in new.columns)
    object_id = context.create_system_table(
        "cdc", f"{new.name}_CT", (*_BEFORE_THE_COLUMNS, *captured, *_AFTER_THE_COLUMNS)
    )
    _insert_metadata(context, new, object_id)
    _track(context, new.source)
    key = new.index_columns if new.supports_net_changes else ()
    # Declared after tracking: the catalog reads anew, with every declared object, what is tracked.
    create_instance_functions(
        context.connection, context.database, new.name, [c.name for c in new.columns], key
    )
    start, _, sequence, operation, mask = _BEFORE_THE_COLUMNS
    context.declare_function(
        "cdc", f"fn_cdc_get_all_changes_{new.name}", (start, sequence, operation, mask, *captured)
    )
    if key:
        context.declare_function(
            "cdc", f"fn_cdc_get_net_changes_{new.name}", (start, operation, mask, *captured)
        )


def drop_instance(context: ProcedureContext, name: str) -> None:
    """Drop the change table with its unread rows, functions and metadata; log no more if it was the last."""
    db = identifier(context.database)
    row = context.connection.execute(
        f"SELECT object_id, source_object_id FROM {db}.cdc.change_tables WHERE capture_instance = ?", [name]
    ).fetchone()
    if row is None:
        raise LookupError(f"no capture instance {name} in {context.database}")
    object_id, source = row
    for table in ("change_tables", "captured_columns", "index_columns", "ddl_history"):
        context.connection.execute(f"DELETE FROM {db}.cdc.{table} WHERE object_id = ?", [object_id])
    context.connection.execute(f"DELETE FROM {db}.log.image_columns WHERE change_table_id = ?", [object_id])
    if not instances_of(context, source):
        for table in ("tracked_objects", "primary_keys"):
            context.connection.execute(f"DELETE FROM {db}.log.{table} WHERE object_id = ?", [source])
    _drop_objects(context, name, object_id)


def _drop_objects(context: ProcedureContext, name: str, change_table_id: int) -> None:
    """Last of all: the catalog reads anew, with every dropped object, what is tracked."""
    drop_instance_functions(context.connection, context.database, name)
    for kind in ("all", "net"):
        declared = context.catalog.find("cdc", f"fn_cdc_get_{kind}_changes_{name}")
        if declared is not None:
            context.drop_object(declared.object_id)
    context.drop_object(change_table_id)


def all_instances(context: ProcedureContext) -> list[str]:
    """Names of the database's capture instances."""
    rows = context.connection.execute(
        f"SELECT capture_instance FROM {identifier(context.database)}.cdc.change_tables ORDER BY object_id"
    ).fetchall()
    return [name for (name,) in rows]


def instances_of(context: ProcedureContext, source_object_id: int) -> list[str]:
    """Names of a table's capture instances, the oldest first."""
    rows = context.connection.execute(
        f"""
        SELECT capture_instance
        FROM {identifier(context.database)}.cdc.change_tables
        WHERE source_object_id = ?
        ORDER BY create_date, object_id
        """,
        [source_object_id],
    ).fetchall()
    return [name for (name,) in rows]


def next_marker(context: ProcedureContext) -> bytes:
    """An LSN after everything that has happened in the database, for something that is no commit."""
    db = identifier(context.database)
    row = context.connection.execute(
        f"""
        SELECT
            greatest(
                (SELECT commit_number FROM {db}.log.harvested),
                (SELECT coalesce(max(commit_number), 0) FROM {db}.log.commits)
            ),
            greatest(
                (SELECT max(start_lsn) FROM {db}.cdc.lsn_time_mapping),
                (SELECT max(start_lsn) FROM {db}.cdc.change_tables),
                (SELECT max(ddl_lsn) FROM {db}.cdc.ddl_history)
            )
        """
    ).fetchone()
    assert row is not None, "a select without FROM gives one row"  # noqa: S101
    return lsn.marker_after(row[0], row[1])


def captured_type(source: SqlType) -> SqlType:
    """A rowversion is captured as plain bytes."""
    return SqlType("binary", length=8) if source.name in ("rowversion", "timestamp") else source


def _insert_metadata(context: ProcedureContext, new: NewInstance, object_id: int) -> None:
    db = identifier(context.database)
    context.connection.execute(
        f"INSERT INTO {db}.cdc.change_tables VALUES (?, 0, ?, ?, ?, NULL, ?, FALSE, ?, ?, NULL, ?, FALSE)",
        [
            object_id,
            new.source.object_id,
            new.name,
            next_marker(context),
            new.supports_net_changes,
            new.role,
            new.index,
            datetime.now(),
        ],
    )
    for ordinal, column in enumerate(new.columns, start=1):
        computed = column.computed is not None
        context.connection.execute(
            f"INSERT INTO {db}.cdc.captured_columns VALUES (?, ?, ?, ?, ?, ?, NULL)",
            [object_id, column.name, column.column_id, column.type.name, ordinal, computed],
        )
        context.connection.execute(
            f"INSERT INTO {db}.log.image_columns VALUES (?, ?, ?, ?, ?)",
            [object_id, ordinal, column.name, lob_kind(column.type), computed],
        )
    for ordinal, name in enumerate(new.index_columns, start=1):
        indexed = new.source.column(name)
        if indexed is None:
            raise LookupError(f"index {new.index} names {name}, which is no column of {new.source.name}")
        context.connection.execute(
            f"INSERT INTO {db}.cdc.index_columns VALUES (?, ?, ?, ?)",
            [object_id, indexed.name, ordinal, indexed.column_id],
        )


def lob_kind(source: SqlType) -> str:
    """How changes show a LOB of that type: `text`, `max`, or empty for what is none."""
    if source.name in ("text", "ntext", "image"):
        return "text"
    return "max" if source.name in LOB or source.length == MAX else ""


def _track(context: ProcedureContext, source: TableDef) -> None:
    db = identifier(context.database)
    context.connection.execute(
        f"INSERT INTO {db}.log.tracked_objects SELECT ? WHERE ? NOT IN (FROM {db}.log.tracked_objects)",
        [source.object_id, source.object_id],
    )
    context.connection.execute(f"DELETE FROM {db}.log.primary_keys WHERE object_id = ?", [source.object_id])
    key = source.primary_key.columns if source.primary_key else ()
    for ordinal, name in enumerate(key, start=1):
        context.connection.execute(
            f"INSERT INTO {db}.log.primary_keys VALUES (?, ?, ?)", [source.object_id, ordinal, name]
        )
