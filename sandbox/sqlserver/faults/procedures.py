"""The procedures that arm faults. Their schema, `sandbox`, is one that no real server has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from sandbox.sqlserver.engine.patterns import regular_expression
from sandbox.sqlserver.engine.procedures import (
    ProcedureContext,
    ProcedureDef,
    ProcedureParameter,
    procedure,
)
from sandbox.sqlserver.engine.types import BIGINT, INT, SYSNAME
from sandbox.sqlserver.faults.registry import Cut, Deadlock, Delay, Faults
from sandbox.sqlserver.results import Column, Done, Result, ResultSet, SqlServerError, SqlType

_LOGIN = ProcedureParameter("login", SYSNAME)
_TIMES = ProcedureParameter("times", INT, 1)
_PATTERN = SqlType("nvarchar", length=4000)


def fault_procedures(faults: Faults) -> list[ProcedureDef]:
    """The procedures, for `engine.register`. All are refused (229) to everybody but sysadmin."""

    def define(
        name: str, *parameters: ProcedureParameter
    ) -> Callable[[Callable[[dict[str, Any]], None]], ProcedureDef]:
        def decorate(arm: Callable[[dict[str, Any]], None]) -> ProcedureDef:
            def run(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
                _require_administrator(context, name)
                _require_values(name, arguments)
                arm(arguments)
                return iter(())

            return procedure(f"sandbox.{name}", *parameters)(run)

        return decorate

    @define("cut_connection", _LOGIN, ProcedureParameter("after_bytes", BIGINT), _TIMES)
    def cut_connection(arguments: dict[str, Any]) -> None:
        faults.add(Cut(arguments["login"].lower(), arguments["after_bytes"], arguments["times"]))

    @define("delay", _LOGIN, ProcedureParameter("milliseconds", INT))
    def delay(arguments: dict[str, Any]) -> None:
        faults.add(Delay(arguments["login"].lower(), arguments["milliseconds"] / 1000))

    @define("deadlock", _LOGIN, ProcedureParameter("statement_like", _PATTERN, "%"), _TIMES)
    def deadlock(arguments: dict[str, Any]) -> None:
        pattern = re.compile(regular_expression(arguments["statement_like"], None), re.I | re.S)
        faults.add(Deadlock(arguments["login"].lower(), pattern, arguments["times"]))

    @define("clear_faults")
    def clear_faults(_: dict[str, Any]) -> None:
        faults.clear()

    @procedure("sandbox.help_faults")
    def help_faults(context: ProcedureContext, _: dict[str, Any]) -> Iterator[Result]:
        _require_administrator(context, "help_faults")
        return _listed(faults)

    return [cut_connection, delay, deadlock, clear_faults, help_faults]


def _listed(faults: Faults) -> Iterator[Result]:
    """One row a fault that is still to come; a delay has no number of times."""
    armed = faults.armed()
    arrays = [
        pa.array([type(fault).__name__.lower() for fault in armed], pa.string()),
        pa.array([fault.login for fault in armed], pa.string()),
        pa.array([None if isinstance(fault, Delay) else fault.times for fault in armed], pa.int32()),
    ]
    columns = Column("fault", SYSNAME), Column("login", SYSNAME), Column("times", INT)
    batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
    yield ResultSet(columns, iter([batch]))
    yield Done(len(armed), 0xC1)


def _require_administrator(context: ProcedureContext, name: str) -> None:
    if not context.is_sysadmin:
        raise SqlServerError(
            229,
            f"The EXECUTE permission was denied on the object '{name}', database '{context.database}', "
            "schema 'sandbox'.",
            severity=14,
            state=5,
        )


def _require_values(name: str, arguments: dict[str, Any]) -> None:
    """Nothing may be NULL or negative, and `@times` at least 1."""
    for key, value in arguments.items():
        if value is None or (isinstance(value, int) and value < (1 if key == "times" else 0)):
            raise SqlServerError(50000, f"sandbox.{name}: @{key} = {value} means nothing.")
