"""What clients ask for: SQL batches, remote procedure calls, transaction requests."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sqlserver.results import Parameter
from sandbox.sqlserver.tds.cursor import UNICODE, Cursor, ProtocolError, decoded
from sandbox.sqlserver.tds.errors import not_modelled
from sandbox.sqlserver.tds.parameters import read_parameter_value

PROCEDURES = {
    1: "sp_cursor",
    2: "sp_cursoropen",
    3: "sp_cursorprepare",
    4: "sp_cursorexecute",
    5: "sp_cursorprepexec",
    6: "sp_cursorunprepare",
    7: "sp_cursorfetch",
    8: "sp_cursoroption",
    9: "sp_cursorclose",
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    14: "sp_prepexecrpc",
    15: "sp_unprepare",
}
"""Procedures that RPC names by number ([MS-TDS] 2.2.6.6)."""
BY_NUMBER = 0xFFFF
NEXT_CALL, NEXT_CALL_NOT_RUN = 0xFF, 0xFE
OUTPUT, DEFAULT = 0x01, 0x02

TRANSACTION_REQUESTS = {5: "begin", 7: "commit", 8: "rollback", 9: "save"}


@dataclass(frozen=True)
class ProcedureCall:
    """One call of an RPC message."""

    procedure: str
    parameters: list[Parameter]


@dataclass(frozen=True)
class TransactionRequest:
    """A step of a transaction manager request."""

    request: str
    name: str
    isolation: int


def after_headers(data: bytes) -> Cursor:
    """The message behind ALL_HEADERS."""
    cursor = Cursor(data)
    total = cursor.integer(4)
    if total < 4:
        raise ProtocolError(f"ALL_HEADERS of {total} bytes")
    cursor.skip(total - 4)
    return cursor


def parse_batch(data: bytes) -> str:
    """The text of a SQL batch."""
    cursor = after_headers(data)
    return decoded(data[cursor.position :], UNICODE)


def parse_calls(data: bytes) -> list[ProcedureCall]:
    """The calls of an RPC message.

    Raises:
        ProtocolError: the message is broken; SqlServerError: a type that cannot be taken.
    """
    cursor = after_headers(data)
    calls = []
    while not cursor.at_end:
        calls.append(_read_call(cursor))
    return calls


def _read_call(cursor: Cursor) -> ProcedureCall:
    length = cursor.integer(2)
    if length == BY_NUMBER:
        number = cursor.integer(2)
        if number not in PROCEDURES:
            raise ProtocolError(f"an RPC of procedure number {number}")
        name = PROCEDURES[number]
    else:
        name = cursor.text(length)
    cursor.skip(2)  # options: recompile, no metadata, reuse metadata
    parameters = []
    while not cursor.at_end:
        if cursor.peek() in (NEXT_CALL, NEXT_CALL_NOT_RUN):
            cursor.skip(1)
            break
        parameters.append(_read_parameter(cursor))
    return ProcedureCall(name, parameters)


def _read_parameter(cursor: Cursor) -> Parameter:
    name = cursor.b_varchar()
    status = cursor.integer(1)
    sql_type, value = read_parameter_value(cursor)
    return Parameter(name, sql_type, value, output=bool(status & OUTPUT))


def parse_transaction_request(data: bytes) -> list[TransactionRequest]:
    """The steps of a transaction manager request: COMMIT and ROLLBACK can begin the next one."""
    cursor = after_headers(data)
    number = cursor.integer(2)
    if number not in TRANSACTION_REQUESTS:
        raise not_modelled(f"transaction manager request {number}")
    request = TRANSACTION_REQUESTS[number]
    if request == "begin":
        return [_read_begin(cursor)]
    steps = [TransactionRequest(request, _read_name(cursor), 0)]
    if request != "save" and cursor.integer(1) & 0x01:
        steps.append(_read_begin(cursor))
    return steps


def _read_begin(cursor: Cursor) -> TransactionRequest:
    isolation = cursor.integer(1)
    return TransactionRequest("begin", _read_name(cursor), isolation)


def _read_name(cursor: Cursor) -> str:
    """Here the length counts bytes ([MS-TDS] 2.2.6.9)."""
    return decoded(cursor.take(cursor.integer(1)), UNICODE)
