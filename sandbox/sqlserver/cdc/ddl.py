"""What the engine asks when TRUNCATE or DROP meets a captured table, in the transaction of the DDL.

ALTER TABLE goes into the log (`schema_change.py`).
"""

from __future__ import annotations

from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.instances import drop_instance, instances_of
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
