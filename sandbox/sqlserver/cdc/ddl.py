"""What the engine asks and tells when DDL meets a captured table, in the transaction of the DDL.

Rules: "Tracked tables and DDL" in Microsoft's page "About change data capture". An added column is not
captured by the instances that are there; a dropped one stays in the change table and is NULL from then on;
a changed type changes the change table.
"""

from __future__ import annotations

from datetime import datetime

from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.instances import captured_type, drop_instance, instances_of, lob_kind, next_marker
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.tables import is_cdc_enabled
from sandbox.sqlserver.engine.model import ColumnDef, TableDef
from sandbox.sqlserver.engine.procedures import ProcedureContext


def is_captured(context: ProcedureContext, object_id: int) -> bool:
    """Whether a capture instance of the table exists."""
    return is_cdc_enabled(context.connection, context.database) and bool(instances_of(context, object_id))


def before_truncate(context: ProcedureContext, table: TableDef) -> None:
    """Raises 4711 when the table is captured: TRUNCATE writes no rows to the log."""
    if is_captured(context, table.object_id):
        raise error(4711, table.name)


def before_drop(context: ProcedureContext, table: TableDef) -> None:
    """Drop the table's capture instances with it."""
    if is_captured(context, table.object_id):
        context.begin_write()
        for name in instances_of(context, table.object_id):
            drop_instance(context, name)


def after_alter(context: ProcedureContext, before: TableDef, after: TableDef, command: str) -> None:
    """Note the statement in `cdc.ddl_history`, once for each instance, and follow changed types.

    "If an existing column undergoes a change in its data type, the change is propagated to the change
    table to ensure that the capture mechanism does not introduce data loss to tracked columns"
    (Microsoft's page "About change data capture"); `required_column_update` tells so.
    """
    if not is_captured(context, before.object_id):
        return
    context.begin_write()
    db = identifier(context.database)
    old = {column.name: column.type for column in before.columns}
    retyped = [c for c in after.columns if c.name in old and c.type != old[c.name]]
    instances = context.connection.execute(
        f"SELECT object_id, capture_instance FROM {db}.cdc.change_tables WHERE source_object_id = ?",
        [before.object_id],
    ).fetchall()
    marker = next_marker(context)
    for object_id, instance in instances:
        followed = [column for column in retyped if _follow(context, object_id, instance, column)]
        context.connection.execute(
            f"INSERT INTO {db}.cdc.ddl_history VALUES (?, ?, ?, ?, ?, ?)",
            [before.object_id, object_id, bool(followed), command, marker, datetime.now()],
        )


def _follow(context: ProcedureContext, object_id: int, instance: str, column: ColumnDef) -> bool:
    """Give a captured column its new type; False where the instance does not capture it."""
    db = identifier(context.database)
    captured = context.connection.execute(
        f"SELECT 1 FROM {db}.cdc.captured_columns WHERE object_id = ? AND column_name = ?",
        [object_id, column.name],
    ).fetchone()
    if captured is None:
        return False
    for name in (f"{instance}_CT", *(f"fn_cdc_get_{kind}_changes_{instance}" for kind in ("all", "net"))):
        context.change_column_type("cdc", name, column.name, captured_type(column.type))
    context.connection.execute(
        f"UPDATE {db}.cdc.captured_columns SET column_type = ? WHERE object_id = ? AND column_name = ?",
        [column.type.name, object_id, column.name],
    )
    context.connection.execute(
        f"UPDATE {db}.log.image_columns SET lob = ? WHERE change_table_id = ? AND column_name = ?",
        [lob_kind(column.type), object_id, column.name],
    )
    return True
