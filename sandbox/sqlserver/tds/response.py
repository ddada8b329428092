"""The response to one request: results of the engine, written as tokens."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from sandbox.sqlserver import results
from sandbox.sqlserver.results import (
    DatabaseChanged,
    ErrorRaised,
    Message,
    OutputValue,
    Parameter,
    Result,
    ResultSet,
    ReturnStatus,
    SqlServerError,
    TransactionChanged,
)
from sandbox.sqlserver.tds import tokens
from sandbox.sqlserver.tds.packets import PacketWriter
from sandbox.sqlserver.tds.rows import RowEncoder
from sandbox.sqlserver.tds.tokens import DoneStatus

FATAL_SEVERITY = 20
_TERMINATED = Message(3621, "The statement has been terminated.", state=0)


class Cancelled(Exception):  # noqa: N818 - reads as what happened
    """The client sent an attention while the statement ran."""


class Response:
    """Tokens of one response. The last DONE waits until it is known whether more follows it."""

    def __init__(self, packets: PacketWriter, is_cancelled: Callable[[], bool]) -> None:
        self._packets = packets
        self._is_cancelled = is_cancelled
        self._held: tuple[tokens.Done, DoneStatus, int, int] | None = None
        self._attention_heard = False
        self.is_fatal = False
        """True after an error that ends the session."""

    def token(self, data: bytes | memoryview) -> None:
        """Write a token that does not end anything. Raises Cancelled after an attention."""
        if self._is_cancelled():
            raise Cancelled
        self._release(DoneStatus.MORE)
        self._packets.write(data)

    def done(
        self, kind: tokens.Done, rows: int | None = None, command: int = 0, *, error: bool = False
    ) -> None:
        """A statement or a procedure ended."""
        self._release(DoneStatus.MORE)
        status = DoneStatus.FINAL if rows is None else DoneStatus.COUNT
        self._held = (kind, status | (DoneStatus.ERROR if error else 0), command, rows or 0)

    def error(
        self, problem: SqlServerError, kind: tokens.Done = tokens.Done.STATEMENT, *, terminated: bool = False
    ) -> None:
        """An error, and the end of what raised it. After an attention nobody waits for it."""
        self.is_fatal = self.is_fatal or problem.severity >= FATAL_SEVERITY
        if self._is_cancelled():
            return
        self.token(tokens.error(problem))
        if terminated:
            self.token(tokens.information(_TERMINATED))
        self.done(kind, error=True)

    def attention(self) -> None:
        """The message tells that an attention was heard."""
        self._attention_heard = True

    def finish(self) -> None:
        """End the message: with what was done last, or by telling that the attention was heard."""
        if self._attention_heard or self._is_cancelled():
            self._release(DoneStatus.MORE)
            self._packets.write(tokens.done(tokens.Done.STATEMENT, DoneStatus.ATTENTION))
        elif self._held is None:
            self._packets.write(tokens.done(tokens.Done.STATEMENT, DoneStatus.FINAL))
        else:
            self._release(DoneStatus.FINAL)
        self._packets.end()

    def _release(self, more: DoneStatus) -> None:
        if self._held is not None:
            kind, status, command, rows = self._held
            self._packets.write(tokens.done(kind, status | more, command, rows))
            self._held = None


def write_batch(response: Response, batch: Iterable[Result]) -> None:
    """The results of a batch or of a transaction request."""
    try:
        for result in batch:
            if isinstance(result, results.Done):
                response.done(_kind(result), result.rows, result.command)
            elif isinstance(result, ErrorRaised):
                response.error(result.error, _kind(result), terminated=result.terminated)
            elif isinstance(result, ReturnStatus):
                response.token(tokens.return_status(result.value))
                response.done(tokens.Done.PROCEDURE)
            else:
                _write(response, result)
    except SqlServerError as problem:
        response.error(problem)
    finally:
        _close(batch)


def _kind(result: results.Done | ErrorRaised) -> tokens.Done:
    """DONE ends a statement of the batch itself, DONEINPROC one of what it executes."""
    return tokens.Done.IN_PROCEDURE if result.in_procedure else tokens.Done.STATEMENT


def write_call(response: Response, call: Iterable[Result], parameters: list[Parameter]) -> None:
    """The results of a procedure: those of its statements, then status and output parameters."""
    status, outputs = ReturnStatus(0), []
    try:
        for result in call:
            if isinstance(result, results.Done):
                response.done(tokens.Done.IN_PROCEDURE, result.rows, result.command)
            elif isinstance(result, ErrorRaised):
                response.error(result.error, tokens.Done.IN_PROCEDURE, terminated=result.terminated)
            elif isinstance(result, ReturnStatus):
                status = result
            elif isinstance(result, OutputValue):
                outputs.append(result)
            else:
                _write(response, result)
    except SqlServerError as problem:
        response.error(problem, tokens.Done.PROCEDURE)
        return
    finally:
        _close(call)
    response.token(tokens.return_status(status.value))
    for output, ordinal in zip(outputs, _ordinals(outputs, parameters), strict=True):
        response.token(tokens.return_value(output, ordinal))
    response.done(tokens.Done.PROCEDURE)


def _ordinals(outputs: list[OutputValue], parameters: list[Parameter]) -> list[int]:
    """Which parameter of the call each output is: by name, or else by its place among the outputs."""
    names = [p.name.lower() for p in parameters]
    places = [i for i, p in enumerate(parameters) if p.output] or list(range(len(outputs)))
    return [
        names.index(o.name.lower()) if o.name and o.name.lower() in names else places[min(i, len(places) - 1)]
        for i, o in enumerate(outputs)
    ]


def _write(response: Response, result: Result) -> None:
    if isinstance(result, ResultSet):
        _write_rows(response, result)
    elif isinstance(result, Message):
        response.token(tokens.information(result))
    elif isinstance(result, DatabaseChanged):
        response.token(tokens.text_change(tokens.Change.DATABASE, result.new, result.old))
    elif isinstance(result, TransactionChanged):
        response.token(tokens.transaction_change(result))
    elif isinstance(result, OutputValue):
        response.token(tokens.return_value(result, 0))


def _write_rows(response: Response, result: ResultSet) -> None:
    encoder = RowEncoder(result.columns)
    response.token(tokens.column_metadata(encoder.columns, encoder.wire_types))
    try:
        for batch in result.batches:
            for rows in encoder.encode(batch):
                response.token(rows)
    finally:
        _close(result.batches)


def _close(of_engine: Iterable[object]) -> None:
    """Let a generator of the engine clean up now, and not when its last reference goes."""
    if isinstance(of_engine, Generator):
        of_engine.close()
