"""EXEC: procedures by name, strings of T-SQL, and sp_executesql."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sandbox.sqlserver.engine import script, variables
from sandbox.sqlserver.engine.batch import parse_batch
from sandbox.sqlserver.engine.bound import Bound
from sandbox.sqlserver.engine.context import SessionContext
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.engine.describing.parameters import describe_parameters
from sandbox.sqlserver.engine.describing.results import describe_first_result
from sandbox.sqlserver.engine.endings import LeftScopeError, is_compiling
from sandbox.sqlserver.engine.lexer import unquote
from sandbox.sqlserver.engine.literals import literal, plain_value, value_type
from sandbox.sqlserver.engine.procedures import ProcedureDef, bind_arguments
from sandbox.sqlserver.engine.security.system_objects import system_object
from sandbox.sqlserver.results import (
    DatabaseChanged,
    OutputValue,
    Parameter,
    Result,
    ReturnStatus,
    SqlServerError,
    SqlType,
)

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

Variables = dict[str, tuple[SqlType, Any]]
_TEXT = SqlType("nvarchar", length=4000)
_INT = SqlType("int", precision=10)
MOST_NESTED = 32


def execute(session: Session, known: Variables, statement: script.Execute) -> Iterator[Result]:
    """Run EXEC of a procedure or of a string; output arguments and the status go into variables."""
    if statement.code is not None:
        code = variables.evaluate(session, known, statement.code, SqlType("nvarchar", length=-1))[1]
        yield from run_text(session, str(code or ""), {})
        return
    parameters = []
    for argument in statement.arguments:
        sql_type, value = _argument_value(session, known, argument.value)
        parameters.append(Parameter(argument.name or "", sql_type, value, argument.output))
    names = _parameter_names(session, statement.name, parameters)
    outputs = {
        (argument.name or names[at]).lstrip("@").lower(): argument.value[1:].lower()
        for at, argument in enumerate(statement.arguments)
        if argument.output and (argument.name or at < len(names))
    }
    status = ReturnStatus(0)
    for result in _call(session, statement.name, parameters):
        if isinstance(result, ReturnStatus):
            status = result
            if statement.status is not None:
                known[statement.status] = (_INT, result.value)
        elif isinstance(result, OutputValue):
            variable = outputs.get(result.name.lstrip("@").lower())
            if variable is not None:
                sql_type = known[variable][0]
                value = convert(literal(plain_value(result.value), result.type), sql_type)
                known[variable] = (sql_type, variables.compute(session, value)[1])
        else:
            yield result
    yield status


def call(session: Session, procedure: str, parameters: list[Parameter]) -> Iterator[Result]:
    """An RPC: the same, and its status and outputs go to the client."""
    parser = DdlParser(procedure)
    try:
        yield from _call(session, parser.qualified_name(), parameters)
        session.end_statement()
    except BaseException:
        session.undo_statement()
        raise


def _argument_value(session: Session, known: Variables, text: str) -> tuple[SqlType, Any]:
    """A bare word is a string, as in `EXEC sp_help customers`."""
    if text[0].isalpha() and not text.endswith("'") and text.upper() not in ("NULL", "DEFAULT"):
        return _TEXT, unquote(text)
    if text.startswith("["):
        return _TEXT, unquote(text)
    if text.upper() == "DEFAULT":
        raise SqlServerError(
            40517, "not modelled by the stand-in: DEFAULT as an argument; leave the parameter out"
        )
    return variables.evaluate(session, known, text)


def _parameter_names(session: Session, name: tuple[str, ...], parameters: list[Parameter]) -> list[str]:
    """The names of a procedure's parameters in their order, for arguments that are given by place."""
    if name[-1].lower() == "sp_executesql":
        declaration = str(parameters[1].value or "") if len(parameters) > 1 else ""
        return ["stmt", "params", *(declared for declared, _, _ in _declared(declaration))]
    definition = _definition(session, name)
    return [] if definition is None else [parameter.name for parameter in definition.parameters]


def _definition(session: Session, name: tuple[str, ...]) -> ProcedureDef | None:
    database = name[-3] if len(name) > 2 and name[-3] else session.database
    schema = name[-2].lower() if len(name) > 1 and name[-2] else "sys"
    return session.server.procedure(schema, name[-1].lower(), database)


def _call(session: Session, name: tuple[str, ...], parameters: list[Parameter]) -> Iterator[Result]:
    database = name[-3] if len(name) > 2 and name[-3] else session.database
    plain = name[-1].lower()
    if plain == "sp_executesql":
        yield from _executesql(session, parameters)
        return
    if plain in _DESCRIBE:
        yield from _describe(session, plain, parameters)
        return
    definition = _definition(session, name)
    if definition is None:
        raise SqlServerError(
            2812, f"Could not find stored procedure '{'.'.join(part for part in name if part)}'.", state=62
        )
    if session.nest_level >= MOST_NESTED:
        raise SqlServerError(
            217, "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32)."
        )
    access = session.access(database)
    if definition.name.startswith("msdb."):
        access.require("EXECUTE", system_object("dbo", plain))
    arguments = _arguments(session, definition, parameters)
    status = 0
    session.nest_level += 1
    try:
        for result in definition.run(SessionContext(session, database), arguments):
            if isinstance(result, ReturnStatus):
                status = result.value
            else:
                yield result
        session.end_statement()
    finally:
        session.nest_level -= 1
    yield ReturnStatus(status)


def _arguments(session: Session, definition: ProcedureDef, parameters: list[Parameter]) -> dict[str, Any]:
    positional = [(p.type, p.value) for p in parameters if not p.name]
    named = {p.name: (p.type, p.value) for p in parameters if p.name}
    bound = bind_arguments(definition, positional, named)
    values: dict[str, Any] = {}
    for parameter in definition.parameters:
        given = bound[parameter.name.lower()]
        if isinstance(given, tuple):
            sql_type, value = given
            converted = convert(_typed(sql_type, value), parameter.type)
            given = variables.compute(session, converted)[1]
        values[parameter.name.lower()] = given
    return values


def _typed(sql_type: SqlType, value: Any) -> Bound:
    value = plain_value(value)
    return literal(value, sql_type if value is None or sql_type.name else value_type(value))


def _executesql(session: Session, parameters: list[Parameter]) -> Iterator[Result]:
    """sp_executesql @stmt, @params, values: its parameters are variables of the batch it runs."""
    if not parameters:
        raise SqlServerError(
            201,
            "Procedure or function 'sp_executesql' expects parameter '@statement', which was not supplied.",
            state=4,
        )
    text = str(parameters[0].value)
    declared = _declared(str(parameters[1].value or "")) if len(parameters) > 1 else []
    frame: Variables = {}
    outputs: list[str] = []
    given = parameters[2:]
    for at, (name, sql_type, is_output) in enumerate(declared):
        parameter = next((p for p in given if p.name.lstrip("@").lower() == name), None)
        if parameter is None and at < len(given) and not given[at].name:
            parameter = given[at]
        if parameter is None:
            raise SqlServerError(
                8178, f"The parameterized query expects the parameter '@{name}', which was not supplied."
            )
        value = convert(_typed(parameter.type, parameter.value), sql_type)
        frame[name] = (sql_type, variables.compute(session, value)[1])
        if is_output and parameter.output:
            outputs.append(name)
    yield from run_text(session, text, frame)
    for name in outputs:
        sql_type, value = frame[name]
        yield OutputValue(f"@{name}", sql_type, value)
    yield ReturnStatus(session.state.error_number)


_DESCRIBE = {
    "sp_describe_first_result_set": describe_first_result,
    "sp_describe_undeclared_parameters": describe_parameters,
}


def _describe(session: Session, procedure: str, parameters: list[Parameter]) -> Iterator[Result]:
    """`@tsql [, @params]`: the declared parameters count as NULLs of their types."""
    named = {p.name.lstrip("@").lower(): p.value for p in parameters if p.name}
    given = [p.value for p in parameters if not p.name]
    text = named.get("tsql", given[0] if given else None)
    if text is None:
        raise SqlServerError(
            201,
            f"Procedure or function '{procedure}' expects parameter '@tsql', which was not supplied.",
            state=4,
        )
    declared = named.get("params", given[1] if len(given) > 1 else None)
    known = {name: (sql_type, None) for name, sql_type, _is_output in _declared(str(declared or ""))}
    yield from _DESCRIBE[procedure](session, str(text), known)
    yield ReturnStatus(0)


def _declared(text: str) -> list[tuple[str, SqlType, bool]]:
    """`@a int, @b nvarchar(20) OUTPUT` as names, types and whether they are outputs."""
    found: list[tuple[str, SqlType, bool]] = []
    if not text.strip():
        return found
    parser = DdlParser(text)
    while True:
        token = parser.take()
        if token.kind != "variable":
            raise SqlServerError(102, f"Incorrect syntax near '{token.text}'.", severity=15)
        parser.accept("AS")
        sql_type = parser.type()
        if parser.accept("="):
            raise SqlServerError(
                40517, "not modelled by the stand-in: defaults of sp_executesql's parameters"
            )
        is_output = parser.accept("OUTPUT") or parser.accept("OUT")
        parser.accept("READONLY")
        found.append((token.text[1:].lower(), sql_type, is_output))
        if parser.is_at_end:
            return found
        parser.take(",")


def run_text(session: Session, text: str, frame: Variables) -> Iterator[Result]:
    """Run T-SQL as a batch of its own: its variables are its own, USE ends with it."""
    from sandbox.sqlserver.engine.interpreter import Frame, Interpreter

    before = session.database
    session.nest_level += 1
    try:
        if session.nest_level > MOST_NESTED:
            raise SqlServerError(
                217, "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32)."
            )
        yield from Interpreter(session, Frame(frame)).run(parse_batch(text))
    except SqlServerError as error:
        if is_compiling(error):
            raise LeftScopeError(error) from error
        raise
    finally:
        session.nest_level -= 1
        session.temporary.leave(session.nest_level)
    if session.database != before:
        changed = session.database
        session.use(before)
        yield DatabaseChanged(changed, before)
