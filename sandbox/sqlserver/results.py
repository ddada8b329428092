"""What the engine hands to the wire: results, messages and errors of SQL Server, free of any protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa


@dataclass(frozen=True)
class SqlType:
    """A SQL Server type. `name` is its lower-case system name, e.g. `nvarchar`.

    `length` counts characters for n(var)char, bytes for (var)char and (var)binary; -1 means (max).
    `scale` is also the number of fractional digits of time, datetime2 and datetimeoffset.
    """

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True)
class Column:
    """A column of a result set."""

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False


OFFSET_MOMENT = pa.struct([("utc", pa.int64()), ("offset_minutes", pa.int16())])
"""A datetimeoffset: the moment in UTC, and how far its own clock is ahead."""
VARIANT = pa.struct(
    [
        ("name", pa.string()),
        ("length", pa.int16()),
        ("precision", pa.int8()),
        ("scale", pa.int8()),
        ("text", pa.string()),
    ]
)
"""A sql_variant: its base type as `SqlType` has it, and the value's text (`variants.py`)."""
_ARROW = {
    "bit": pa.bool_(),
    "tinyint": pa.uint8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "float": pa.float64(),
    "money": pa.decimal128(19, 4),
    "smallmoney": pa.decimal128(10, 4),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "text", "ntext", "xml"), pa.string()),
    **dict.fromkeys(("binary", "varbinary", "image", "rowversion"), pa.binary()),
    "uniqueidentifier": pa.string(),
    "date": pa.date32(),
    "time": pa.time64("ns"),
    "smalldatetime": pa.timestamp("us"),
    "datetime": pa.timestamp("us"),
    "datetimeoffset": OFFSET_MOMENT,
    "sql_variant": VARIANT,
}


def arrow_type(sql_type: SqlType) -> pa.DataType:
    """The Arrow type in which a column's values are handed over; `ResultSet` says what they mean."""
    if sql_type.name in ("decimal", "numeric"):
        return pa.decimal128(sql_type.precision, sql_type.scale)
    if sql_type.name == "datetime2":
        return pa.int64() if sql_type.scale == 7 else pa.timestamp("us")
    return _ARROW[sql_type.name]


@dataclass(frozen=True)
class ResultSet:
    """Rows of one SELECT, read lazily. The Arrow type of each column is that of `arrow_type`.

    uniqueidentifier is text, canonical and in upper case. Arrow's timestamps of nanoseconds end in 2262, so
    datetime2(7) is a number of ticks (`ticks.py`), and datetimeoffset(n) a pair of ticks in UTC and minutes.
    """

    columns: tuple[Column, ...]
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Done:
    """A statement ended. `rows` is None when it counts nothing (SET, DDL) or NOCOUNT is on."""

    rows: int | None
    command: int = 0
    """[MS-TDS] DONE CurCmd: 0xC1 select, 0xC3 insert, 0xC4 delete, 0xC5 update, 0 otherwise."""
    in_procedure: bool = False
    """A statement of a procedure or string that the batch's EXEC runs."""


@dataclass(frozen=True)
class Message:
    """PRINT, RAISERROR below 11, and messages such as 5701 and 5703."""

    number: int
    text: str
    severity: int = 0
    state: int = 1
    line: int = 1


@dataclass(frozen=True)
class DatabaseChanged:
    """USE: the wire tells the client by ENVCHANGE."""

    old: str
    new: str


@dataclass(frozen=True)
class TransactionChanged:
    """A transaction began (`began`), or ended by commit or rollback; `descriptor` is 8 bytes."""

    kind: str
    """`begin`, `commit` or `rollback`."""
    descriptor: int


@dataclass(frozen=True)
class ReturnStatus:
    """The RETURN value of a procedure."""

    value: int


@dataclass(frozen=True)
class OutputValue:
    """An output parameter of a procedure, sent as RETURNVALUE; `value` as `Parameter` lists them."""

    name: str
    type: SqlType
    value: Any


class SqlServerError(Exception):
    """An error as SQL Server reports it, with its number and severity."""

    def __init__(
        self,
        number: int,
        text: str,
        *,
        severity: int = 16,
        state: int = 1,
        line: int = 1,
        procedure: str = "",
    ) -> None:
        super().__init__(f"{number}: {text}")
        self.number = number
        self.text = text
        self.severity = severity
        self.state = state
        self.line = line
        self.procedure = procedure


@dataclass(frozen=True)
class ErrorRaised:
    """A statement ended with an error, and the batch goes on."""

    error: SqlServerError
    terminated: bool = False
    """Message 3621 tells that the statement was terminated."""
    in_procedure: bool = False
    """As of `Done`."""


Result = (
    ResultSet
    | Done
    | Message
    | DatabaseChanged
    | TransactionChanged
    | ReturnStatus
    | OutputValue
    | ErrorRaised
)


@dataclass(frozen=True)
class Parameter:
    """A parameter of an RPC: a Python value (None, bool, int, float, Decimal, str, bytes, date, datetime).

    smalldatetime and datetime come as datetime; time, datetime2 and datetimeoffset as text the way SQL
    Server prints it, because Python has no 100 ns; uniqueidentifier as text in upper case; sql_variant as
    `variants.Variant`.
    """

    name: str
    type: SqlType
    value: Any
    output: bool = False


@dataclass
class LoginRequest:
    """What LOGIN7 carries."""

    user: str
    password: str
    database: str
    application: str = ""
    host: str = ""
    packet_size: int = 4096
    tds_version: int = 0x74000004
    """The version that the session speaks: 7.4, or 8.0 (0x08000000)."""
    options: dict[str, str] = field(default_factory=dict)


class EngineSession(Protocol):
    """One logged-in session. Its calls come from one thread, `cancel` from any."""

    @property
    def database(self) -> str:
        """Name of the current database."""

    def batch(self, sql: str) -> Iterator[Result]:
        """Run a T-SQL batch. Raises SqlServerError, after which the session goes on."""

    def call(self, procedure: str, parameters: list[Parameter]) -> Iterator[Result]:
        """Run a procedure by name (RPC), `sp_executesql` among them."""

    def transaction(self, request: str, name: str, isolation: int) -> Iterator[Result]:
        """A transaction manager request (TDS 0x0E): `begin`, `commit`, `rollback` or `save`."""

    def cancel(self) -> None:
        """Stop the running statement: attention from the client."""

    def close(self) -> None:
        """End the session; an open transaction is rolled back."""


class Engine(Protocol):
    """The database engine behind the wire."""

    def login(self, request: LoginRequest) -> EngineSession:
        """Open a session. Raises SqlServerError 18456 (login failed) or 4060 (cannot open database)."""
