"""What the engine asks and tells when DDL meets a captured table, in the transaction of the DDL.

Rules: "Tracked tables and DDL" in Microsoft's page "About change data capture". An added column is not
captured by the instances that are there; a dropped one stays in the change table and is NULL from then on.
"""

from __future__ import annotations

from datetime import datetime

from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.instances import drop_instance, instances_of, next_marker
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.tables import is_cdc_enabled
from sandbox.sqlserver.engine.model import TableDef
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


def after_alter(context: ProcedureContext, table: TableDef, command: str) -> None:
    """Note the statement that altered the table in `cdc.ddl_history`, once for each of its instances.

    `required_column_update` is 0: a change table keeps the types of its making here, and a value that does
    not fit stops the scan with an entry in `sys.dm_cdc_errors`.
    """
    if not is_captured(context, table.object_id):
        return
    context.begin_write()
    context.connection.execute(
        f"""
        INSERT INTO {identifier(context.database)}.cdc.ddl_history
        SELECT source_object_id, object_id, FALSE, ?, ?, ?
        FROM {identifier(context.database)}.cdc.change_tables
        WHERE source_object_id = ?
        """,
        [command, next_marker(context), datetime.now(), table.object_id],
    )
