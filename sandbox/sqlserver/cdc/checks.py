"""What CDC's procedures check first."""

from __future__ import annotations

from typing import Any

from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.tables import is_cdc_enabled
from sandbox.sqlserver.engine.procedures import ProcedureContext


def require_cdc(context: ProcedureContext, procedure_name: str) -> None:
    """Raises 22901 when the database is not enabled for CDC."""
    if not is_cdc_enabled(context.connection, context.database):
        raise error(22901, context.database, procedure=procedure_name)


def require_owner(context: ProcedureContext, procedure_name: str) -> None:
    """Raises 22904 for a login that is no member of db_owner."""
    if not context.is_owner:
        raise error(22904, procedure=procedure_name)


def required(arguments: dict[str, Any], name: str) -> str:
    """The value of a parameter that may be neither null nor empty; raises 22963."""
    value = arguments[name]
    if not value:
        raise error(22963, f"@{name}")
    return str(value)
