"""The tokens of a response ([MS-TDS] 2.2.7) but for rows, as bytes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, IntFlag

import pyarrow as pa

from sandbox.sqlserver import ticks
from sandbox.sqlserver.results import (
    Column,
    Message,
    OutputValue,
    SqlServerError,
    TransactionChanged,
    arrow_type,
)
from sandbox.sqlserver.tds.cursor import UNICODE
from sandbox.sqlserver.tds.prelogin import SERVER_VERSION
from sandbox.sqlserver.tds.rows import encoded_value
from sandbox.sqlserver.tds.typeinfo import COLLATION, WireType, wire_type
from sandbox.sqlserver.variants import Variant

SERVER_NAME = "stand-in"
LONGEST_MESSAGE = 4000
"""Characters; a token counts its bytes with 16 bits."""
NULLABLE, IDENTITY = 0x01, 0x10
OUTPUT_PARAMETER = 0x01


class Done(IntEnum):
    """The three tokens that end something."""

    STATEMENT = 0xFD
    PROCEDURE = 0xFE
    IN_PROCEDURE = 0xFF


class DoneStatus(IntFlag):
    """Status bits of a DONE token."""

    FINAL = 0x00
    MORE = 0x01
    ERROR = 0x02
    COUNT = 0x10
    ATTENTION = 0x20


class Change(IntEnum):
    """Kinds of ENVCHANGE."""

    DATABASE = 1
    LANGUAGE = 2
    PACKET_SIZE = 4
    COLLATION = 7
    BEGIN_TRANSACTION = 8
    COMMIT_TRANSACTION = 9
    ROLLBACK_TRANSACTION = 10
    RESET_ACKNOWLEDGED = 18


def b_varchar(text: str) -> bytes:
    """Text with a one-byte count of its units."""
    encoded = text.encode(UNICODE)[: 2 * 255]
    return bytes((len(encoded) // 2,)) + encoded


def us_varchar(text: str) -> bytes:
    """Text with a two-byte count of its units."""
    encoded = text.encode(UNICODE)[: 2 * 0xFFFF]
    return (len(encoded) // 2).to_bytes(2, "little") + encoded


def _counted(token: int, body: bytes) -> bytes:
    return bytes((token,)) + len(body).to_bytes(2, "little") + body


def environment_change(kind: Change, new: bytes, old: bytes) -> bytes:
    """ENVCHANGE with values that carry their own lengths."""
    return _counted(0xE3, bytes((kind,)) + new + old)


def text_change(kind: Change, new: str, old: str) -> bytes:
    """ENVCHANGE of a database, a language or a packet size."""
    return environment_change(kind, b_varchar(new), b_varchar(old))


def collation_change() -> bytes:
    """ENVCHANGE that announces the database's collation."""
    return environment_change(Change.COLLATION, bytes((len(COLLATION),)) + COLLATION, bytes(1))


def reset_acknowledged() -> bytes:
    """ENVCHANGE that answers RESETCONNECTION."""
    return environment_change(Change.RESET_ACKNOWLEDGED, bytes(1), bytes(1))


def transaction_change(change: TransactionChanged) -> bytes:
    """ENVCHANGE of a transaction that began, or ended."""
    descriptor = b"\x08" + change.descriptor.to_bytes(8, "little")
    if change.kind == "begin":
        return environment_change(Change.BEGIN_TRANSACTION, descriptor, bytes(1))
    kind = Change.COMMIT_TRANSACTION if change.kind == "commit" else Change.ROLLBACK_TRANSACTION
    return environment_change(kind, bytes(1), descriptor)


def login_acknowledged(tds_version: int) -> bytes:
    """LOGINACK: T-SQL, and the version of TDS that the session speaks."""
    version = tds_version.to_bytes(4, "big")
    return _counted(0xAD, b"\x01" + version + b_varchar("Microsoft SQL Server") + SERVER_VERSION)


def information(message: Message) -> bytes:
    """INFO."""
    return _message(0xAB, message.number, message.state, message.severity, message.text, "", message.line)


def error(problem: SqlServerError) -> bytes:
    """ERROR."""
    return _message(
        0xAA, problem.number, problem.state, problem.severity, problem.text, problem.procedure, problem.line
    )


def _message(
    token: int, number: int, state: int, severity: int, text: str, procedure: str, line: int
) -> bytes:
    return _counted(
        token,
        number.to_bytes(4, "little", signed=True)
        + bytes((state & 0xFF, severity & 0xFF))
        + us_varchar(text[:LONGEST_MESSAGE])
        + b_varchar(SERVER_NAME)
        + b_varchar(procedure)
        + line.to_bytes(4, "little"),
    )


def column_metadata(columns: Iterable[Column], wire_types: Iterable[WireType]) -> bytes:
    """COLMETADATA."""
    described = [_described(column, wire) for column, wire in zip(columns, wire_types, strict=True)]
    return b"\x81" + len(described).to_bytes(2, "little") + b"".join(described)


def _described(column: Column, wire: WireType) -> bytes:
    flags = (NULLABLE if column.nullable else 0) | (IDENTITY if column.identity else 0)
    # The table's name is unknown here: one empty part.
    table = b"\x01\x00\x00" if wire.has_table_name else b""
    return (
        wire.user_type.to_bytes(4, "little")
        + flags.to_bytes(2, "little")
        + wire.info
        + table
        + b_varchar(column.name)
    )


def return_status(value: int) -> bytes:
    """RETURNSTATUS."""
    return b"\x79" + value.to_bytes(4, "little", signed=True)


def return_value(output: OutputValue, ordinal: int) -> bytes:
    """RETURNVALUE of the parameter number `ordinal` of its call."""
    wire = wire_type(output.type)
    value = encoded_value(_arrow(output), wire)
    return (
        b"\xac"
        + ordinal.to_bytes(2, "little")
        + b_varchar(output.name)
        + bytes((OUTPUT_PARAMETER,))
        + wire.user_type.to_bytes(4, "little")
        + NULLABLE.to_bytes(2, "little")
        + wire.info
        + value
    )


def _arrow(output: OutputValue) -> pa.Array:
    """The value as an array of length 1; time, datetime2 and datetimeoffset are text in Python."""
    value, kind = output.value, output.type
    if isinstance(value, str) and kind.name == "time":
        value = ticks.from_text(value) * 100
    elif isinstance(value, str) and kind.name == "datetime2":
        count = ticks.from_text(value)
        value = count if kind.scale == 7 else (count - ticks.UNIX) // 10
    elif isinstance(value, str) and kind.name == "datetimeoffset":
        utc, minutes = ticks.from_offset_text(value)
        value = {"utc": utc, "offset_minutes": minutes}
    elif isinstance(value, Variant):
        value = value.fields()
    return pa.array([value], arrow_type(kind))


def done(token: Done, status: DoneStatus, command: int = 0, rows: int = 0) -> bytes:
    """DONE, DONEPROC or DONEINPROC."""
    return (
        bytes((token,))
        + status.to_bytes(2, "little")
        + command.to_bytes(2, "little")
        + rows.to_bytes(8, "little")
    )
