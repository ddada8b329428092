"""Catalog procedures that exist in SQL Server and are not modelled: refused with their name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.catalog_procedures.lookup import NAME
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureDef, ProcedureParameter
from sandbox.sqlserver.results import Result

_NAMES = (
    "sp_stored_procedures",
    "sp_sproc_columns",
    "sp_sproc_columns_100",
    "sp_table_privileges",
    "sp_column_privileges",
    "sp_server_info",
)
_MOST_ARGUMENTS = 8


def _refuse(name: str) -> ProcedureDef:
    def run(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
        del context, arguments
        raise not_modelled(f"the procedure {name}")

    parameters = tuple(ProcedureParameter(f"p{at}", NAME, None) for at in range(_MOST_ARGUMENTS))
    return ProcedureDef(f"sys.{name}", parameters, run)


PROCEDURES = tuple(_refuse(name) for name in _NAMES)
