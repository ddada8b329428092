"""Prepared statements of a session: handles for sp_prepare and its kin, run as sp_executesql.

What these procedures share is a protocol matter: the engine needs to know sp_executesql only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from sandbox.sqlserver.results import EngineSession, OutputValue, Parameter, Result, SqlServerError, SqlType
from sandbox.sqlserver.tds.errors import not_modelled
from sandbox.sqlserver.tds.requests import ProcedureCall


class PreparedStatements:
    """Calls procedures of an engine session; knows the handles that were given out."""

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self._handles = count(1)
        self._statements: dict[int, tuple[Parameter, Parameter]] = {}
        """By handle: the statement and the declaration of its parameters."""

    def call(self, call: ProcedureCall) -> Iterator[Result]:
        """Run a procedure. Raises SqlServerError."""
        name = call.procedure.lower().removeprefix("sys.")
        parameters = call.parameters
        if name == "sp_prepare":
            return iter((self._prepare(*_arguments(name, parameters, 3)),))
        if name == "sp_prepexec":
            handle, declaration, statement = _arguments(name, parameters, 3)
            return self._prepare_and_run(handle, declaration, statement, parameters[3:])
        if name == "sp_execute":
            (handle,) = _arguments(name, parameters, 1)
            return self._run(self._known(name, handle), parameters[1:])
        if name == "sp_unprepare":
            (handle,) = _arguments(name, parameters, 1)
            self._known(name, handle)
            del self._statements[handle.value]
            return iter(())
        if name.startswith("sp_cursor") or name == "sp_prepexecrpc":
            raise not_modelled(f"the procedure {name}")
        return self._session.call(call.procedure, parameters)

    def _prepare(self, handle: Parameter, declaration: Parameter, statement: Parameter) -> OutputValue:
        number = next(self._handles)
        self._statements[number] = statement, declaration
        return OutputValue(handle.name, SqlType("int"), number)

    def _prepare_and_run(
        self, handle: Parameter, declaration: Parameter, statement: Parameter, values: list[Parameter]
    ) -> Iterator[Result]:
        yield self._prepare(handle, declaration, statement)
        yield from self._run((statement, declaration), values)

    def _run(self, prepared: tuple[Parameter, Parameter], values: list[Parameter]) -> Iterator[Result]:
        statement, declaration = prepared
        head = [statement] if not declaration.value else [statement, declaration]
        return self._session.call("sp_executesql", head + values)

    def _known(self, procedure: str, handle: Parameter) -> tuple[Parameter, Parameter]:
        if handle.value not in self._statements:
            number = 8179 if procedure == "sp_execute" else 8182
            raise SqlServerError(number, f"Could not find prepared statement with handle {handle.value}.")
        return self._statements[handle.value]


def _arguments(procedure: str, parameters: list[Parameter], count_: int) -> list[Parameter]:
    if len(parameters) < count_:
        raise SqlServerError(
            201, f"Procedure or function '{procedure}' expects a parameter, which was not supplied."
        )
    return parameters[:count_]
