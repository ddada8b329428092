"""Prepared statements of a session: handles for sp_prepare and its kin, run as sp_executesql.

What these procedures share is a protocol matter: the engine needs to know sp_executesql only.
sp_prepexecrpc, which the ODBC driver sends for `{CALL …}`, prepares the call of a procedure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from sandbox.sqlserver.results import EngineSession, OutputValue, Parameter, Result, SqlServerError, SqlType
from sandbox.sqlserver.tds.errors import not_modelled
from sandbox.sqlserver.tds.requests import ProcedureCall


@dataclass(frozen=True)
class Prepared:
    """What a handle stands for: a procedure, and the arguments that come before those of each execution."""

    procedure: str
    head: list[Parameter]


class PreparedStatements:
    """Calls procedures of an engine session; knows the handles that were given out."""

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self._handles = count(1)
        self._by_handle: dict[int, Prepared] = {}

    def call(self, call: ProcedureCall) -> Iterator[Result]:
        """Run a procedure. Raises SqlServerError."""
        name = call.procedure.lower().removeprefix("sys.")
        parameters = call.parameters
        if name == "sp_prepare":
            handle, *text = _arguments(name, parameters, 3)
            return iter((self._prepare(handle, _statement(*text)),))
        if name == "sp_prepexec":
            handle, *text = _arguments(name, parameters, 3)
            return self._prepare_and_run(handle, _statement(*text), parameters[3:])
        if name == "sp_prepexecrpc":
            handle, procedure = _arguments(name, parameters, 2)
            return self._prepare_and_run(handle, Prepared(str(procedure.value), []), parameters[2:])
        if name == "sp_execute":
            (handle,) = _arguments(name, parameters, 1)
            return self._run(self._known(name, handle), parameters[1:])
        if name == "sp_unprepare":
            (handle,) = _arguments(name, parameters, 1)
            self._known(name, handle)
            del self._by_handle[handle.value]
            return iter(())
        if name.startswith("sp_cursor"):
            raise not_modelled(f"the procedure {name}")
        return self._session.call(call.procedure, parameters)

    def _prepare(self, handle: Parameter, prepared: Prepared) -> OutputValue:
        number = next(self._handles)
        self._by_handle[number] = prepared
        return OutputValue(handle.name, SqlType("int"), number)

    def _prepare_and_run(
        self, handle: Parameter, prepared: Prepared, values: list[Parameter]
    ) -> Iterator[Result]:
        yield self._prepare(handle, prepared)
        yield from self._run(prepared, values)

    def _run(self, prepared: Prepared, values: list[Parameter]) -> Iterator[Result]:
        return self._session.call(prepared.procedure, prepared.head + values)

    def _known(self, procedure: str, handle: Parameter) -> Prepared:
        if handle.value not in self._by_handle:
            number = 8179 if procedure == "sp_execute" else 8182
            raise SqlServerError(number, f"Could not find prepared statement with handle {handle.value}.")
        return self._by_handle[handle.value]


def _statement(declaration: Parameter, statement: Parameter) -> Prepared:
    """A statement runs as sp_executesql, which has its arguments the other way round."""
    return Prepared("sp_executesql", [statement, declaration] if declaration.value else [statement])


def _arguments(procedure: str, parameters: list[Parameter], count_: int) -> list[Parameter]:
    if len(parameters) < count_:
        raise SqlServerError(
            201, f"Procedure or function '{procedure}' expects a parameter, which was not supplied."
        )
    return parameters[:count_]
