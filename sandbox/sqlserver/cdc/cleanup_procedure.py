"""`sys.sp_cdc_cleanup_change_table`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.cdc.checks import require_owner, required
from sandbox.sqlserver.cdc.cleanup import clean_up
from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.cdc.tables import BINARY10, BIT, SYSNAME, is_cdc_enabled
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.types import FIXED
from sandbox.sqlserver.results import OutputValue, Result

_NAME = "sp_cdc_cleanup_change_table"


@procedure(
    f"sys.{_NAME}",
    ProcedureParameter("capture_instance", SYSNAME),
    ProcedureParameter("low_water_mark", BINARY10),
    ProcedureParameter("threshold", FIXED["bigint"], 5000),
    ProcedureParameter("fcleanupfailed", BIT, None, output=True),
)
def cleanup_change_table(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Raise the low water mark of one instance to the LSN of a commit, and delete what is below it."""
    require_owner(context, _NAME)
    if not is_cdc_enabled(context.connection, context.database):
        raise error(22910, context.database, procedure=_NAME)
    if arguments["threshold"] is not None and arguments["threshold"] <= 0:
        raise error(22850, procedure=_NAME)
    wanted = required(arguments, "capture_instance")
    _checked(context, wanted, arguments["low_water_mark"])  # a refusal leaves the transaction usable
    context.begin_write()
    name, low = _checked(context, wanted, arguments["low_water_mark"])
    clean_up(context.connection, context.database, [name], low)
    yield OutputValue("@fCleanupFailed", BIT, value=False)


def _checked(context: ProcedureContext, wanted: str, mark: bytes | None) -> tuple[str, bytes | None]:
    """The instance's name, and the smallest LSN of the mark's commit time.

    "If the @low_water_mark parameter is NULL or the current low watermark is greater than the new low
    watermark, the start_lsn value for the capture instance is left unchanged" (Microsoft's page).
    """
    db = identifier(context.database)
    instance = context.connection.execute(
        f"SELECT capture_instance, start_lsn FROM {db}.cdc.change_tables "
        "WHERE lower(capture_instance) = lower(?)",
        [wanted],
    ).fetchone()
    if instance is None:
        raise error(22981, procedure=_NAME)
    if mark is None:
        return instance[0], None
    row = context.connection.execute(
        f"""
        SELECT min(start_lsn)
        FROM {db}.cdc.lsn_time_mapping
        WHERE tran_end_time = (SELECT tran_end_time FROM {db}.cdc.lsn_time_mapping WHERE start_lsn = ?)
        """,
        [mark],
    ).fetchone()
    low = row[0] if row else None
    if low is None:
        raise error(22964, _hex(mark), procedure=_NAME)
    return instance[0], max(low, instance[1])


def _hex(lsn: bytes) -> str:
    return "0x" + lsn.hex().upper()
