"""All procedures of CDC, as the engine registers them."""

from __future__ import annotations

import sandbox.sqlserver.cdc.enabling as enabling
from sandbox.sqlserver.engine.procedures import ProcedureDef

PROCEDURES: tuple[ProcedureDef, ...] = (
    enabling.enable_db,
    enabling.disable_db,
    enabling.enable_table,
    enabling.disable_table,
)
