"""Run the statements of a batch: control of flow, variables, errors."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import duckdb

from sandbox.sqlserver.engine import (
    create_table,
    datatypes,
    endings,
    execute,
    insert_execute,
    raising,
    script,
    set_options,
    statements,
    variables,
)
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.engine.dialect import parse_expression
from sandbox.sqlserver.engine.errors import translate
from sandbox.sqlserver.engine.lexer import first_word
from sandbox.sqlserver.engine.literals import read_moment
from sandbox.sqlserver.engine.temporary import TABLE
from sandbox.sqlserver.results import (
    DatabaseChanged,
    Done,
    ErrorRaised,
    Message,
    Result,
    SqlServerError,
    SqlType,
)

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_WRITES = {"INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "ALTER"}
_WITHOUT_ROWS = (script.Use, script.SetOption, script.Print, script.Raise, script.Transaction)
"""Statements that set @@ROWCOUNT to 0 [Microsoft: "@@ROWCOUNT"]."""


class Leave(Exception):  # noqa: N818 - control of flow
    """BREAK, CONTINUE or RETURN on its way out."""

    def __init__(self, kind: str, value: int = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


@dataclass
class Frame:
    """The variables of a batch or procedure: type and value by lower-case name."""

    variables: dict[str, tuple[SqlType, Any]] = field(default_factory=dict)


class Interpreter:
    """Runs statements one after the other, each a generator of results."""

    def __init__(self, session: Session, frame: Frame) -> None:
        self.session = session
        self.frame = frame

    def run(self, batch: Sequence[script.Statement]) -> Iterator[Result]:
        """Run a whole batch; RETURN ends it."""
        try:
            yield from self._body(batch)
        except Leave as leave:
            if leave.kind != "return":
                raise SqlServerError(
                    135,
                    "Cannot use a BREAK or CONTINUE statement outside the scope of a WHILE statement.",
                    severity=15,
                ) from None

    def _body(self, body: Sequence[script.Statement]) -> Iterator[Result]:
        for statement in body:
            if self.session.is_cancelled():
                raise SqlServerError(3617, "The statement was cancelled by its client.", severity=11)
            yield from self._statement(statement)

    def _statement(self, statement: script.Statement) -> Iterator[Result]:
        structured: dict[type, Callable[[Any], Iterator[Result]]] = {
            script.Block: lambda s: self._body(s.body),
            script.If: self._if,
            script.While: self._while,
            script.TryCatch: self._try,
            script.Flow: self._flow,
        }
        handler = structured.get(type(statement))
        if handler is not None:
            yield from handler(statement)
            return
        try:
            yield from self._simple(statement)
            self.session.state.error_number = 0
            if isinstance(statement, _WITHOUT_ROWS):
                self.session.state.row_count = 0
        except (SqlServerError, duckdb.Error) as problem:
            yield from self._failed(problem, statement)

    def _failed(
        self, problem: SqlServerError | duckdb.Error, statement: script.Statement
    ) -> Iterator[Result]:
        """Undo what the statement did; end or doom the transaction where SQL Server does.

        Raises:
            SqlServerError: the error, where it ends more than its statement or a TRY waits for it.
        """
        session, state = self.session, self.session.state
        error = translate(problem) if isinstance(problem, duckdb.Error) else problem
        error.line = error.line if error.line > 1 else statement.line
        state.error_number, state.row_count = error.number, 0
        session.undo_statement()
        if session.transaction_count and endings.ends_transaction(error, xact_abort=state.xact_abort):
            if session.try_depth and session.work is not None:
                session.work.is_doomed = session.work.ends_with_batch = True
            else:
                yield from session.abort_transaction()
        goes_on = endings.ending(error, xact_abort=state.xact_abort) is endings.Ending.STATEMENT
        if session.try_depth or not goes_on:
            raise error from problem
        is_write = isinstance(statement, script.Sql) and first_word(statement.text) in _WRITES
        yield ErrorRaised(error, terminated=is_write and endings.is_terminated(error))

    # --- control of flow

    def _if(self, statement: script.If) -> Iterator[Result]:
        holds = yield from self._condition(statement)
        if holds is not None:
            yield from self._body(statement.then if holds else statement.otherwise)

    def _while(self, statement: script.While) -> Iterator[Result]:
        while (yield from self._condition(statement)):
            if self.session.is_cancelled():
                raise SqlServerError(3617, "The statement was cancelled by its client.", severity=11)
            try:
                yield from self._body(statement.body)
            except Leave as leave:
                if leave.kind == "return":
                    raise
                if leave.kind == "break":
                    break

    def _try(self, statement: script.TryCatch) -> Iterator[Result]:
        state = self.session.state
        self.session.try_depth += 1
        try:
            try:
                yield from self._body(statement.body)
            finally:
                self.session.try_depth -= 1
        except SqlServerError as error:
            if error.severity >= 20 or error.number == 3617 or endings.is_compiling(error):
                raise
            before, state.caught = state.caught, error
            try:
                yield from self._body(statement.handler)
            finally:
                state.caught = before

    def _flow(self, statement: script.Flow) -> Iterator[Result]:
        value = 0
        if statement.value is not None:
            value = int(self._value(statement.value, SqlType("int", precision=10)) or 0)
        yield from ()
        raise Leave(statement.kind, value)

    def _condition(self, statement: script.If | script.While) -> Generator[Result, None, bool | None]:
        """Whether the condition holds; None where it is an error that the batch survives."""
        binder = self.session.binder(self.frame.variables)
        try:
            condition = binder.condition(parse_expression(statement.condition))
            row = self.session.connection.execute(f"SELECT coalesce({condition}, false)").fetchone()
        except (SqlServerError, duckdb.Error) as problem:
            yield from self._failed(problem, statement)
            return None
        self.session.state.row_count, self.session.state.error_number = 1, 0
        return bool(row and row[0])

    def _value(self, text: str, target: SqlType | None = None) -> Any:
        return variables.evaluate(self.session, self.frame.variables, text, target)[1]

    # --- simple statements

    def _simple(self, statement: script.Statement) -> Iterator[Result]:
        simple: dict[type, Callable[[Any], Iterator[Result]]] = {
            script.Sql: lambda s: statements.run_sql(self.session, self.frame.variables, s.text),
            script.Declare: self._declare,
            script.DeclareTable: self._declare_table,
            script.SetVariable: self._set_variable,
            script.SetOption: lambda s: set_options.set_option(self.session, s.words),
            script.Print: self._print,
            script.Raise: lambda s: raising.raise_error(self.session, self.frame.variables, s),
            script.WaitFor: self._wait,
            script.Transaction: self._transaction,
            script.Use: self._use,
            script.InsertExecute: lambda s: insert_execute.run(self.session, self.frame.variables, s),
            script.Execute: self._execute,
        }
        yield from simple[type(statement)](statement)

    def _execute(self, statement: script.Execute) -> Iterator[Result]:
        """What a procedure's statements give is told as theirs; a string's statements are the batch's own."""
        results = execute.execute(self.session, self.frame.variables, statement)
        if statement.code is not None:
            yield from results
            return
        for result in results:
            yield replace(result, in_procedure=True) if isinstance(result, Done | ErrorRaised) else result

    def _declare(self, statement: script.Declare) -> Iterator[Result]:
        sql_type = datatypes.declared_type(statement.type)
        value = None if statement.value is None else self._value(statement.value, sql_type)
        self.frame.variables[statement.name] = (sql_type, value)
        yield from ()

    def _declare_table(self, statement: script.DeclareTable) -> Iterator[Result]:
        elements = DdlParser(statement.definition).elements()
        table = create_table.temporary_definition(self.session, f"@{statement.name}", elements)
        held = self.session.temporary.declare(table, self.session.nest_level, self.session.connection)
        self.frame.variables[statement.name] = (TABLE, held)
        yield from ()

    def _set_variable(self, statement: script.SetVariable) -> Iterator[Result]:
        if statement.name not in self.frame.variables:
            raise SqlServerError(137, f'Must declare the scalar variable "@{statement.name}".', severity=15)
        sql_type = self.frame.variables[statement.name][0]
        self.frame.variables[statement.name] = (sql_type, self._value(statement.value, sql_type))
        self.session.state.row_count = 1
        yield from ()

    def _print(self, statement: script.Print) -> Iterator[Result]:
        text = self._value(statement.value, SqlType("nvarchar", length=4000))
        yield Message(0, "" if text is None else str(text), line=statement.line)

    def _wait(self, statement: script.WaitFor) -> Iterator[Result]:
        if statement.kind != "delay":
            raise SqlServerError(40517, "not modelled by the stand-in: WAITFOR TIME")
        text = self._value(statement.value, SqlType("nvarchar", length=100))
        ticks, _offset = read_moment(str(text), SqlType("time", scale=7))
        self.session.wait(ticks / 10_000_000)
        yield from ()

    def _transaction(self, statement: script.Transaction) -> Iterator[Result]:
        name = statement.name
        if name.startswith("@"):
            name = str(self.frame.variables[name[1:].lower()][1])
        yield from self.session.change_transaction(statement.kind, name)

    def _use(self, statement: script.Use) -> Iterator[Result]:
        old = self.session.use(statement.database)
        new = self.session.database
        yield DatabaseChanged(old, new)
        yield Message(5701, f"Changed database context to '{new}'.", state=2)
