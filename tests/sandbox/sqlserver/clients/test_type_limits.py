"""Every type at its limits, and NULL: as literals and as parameters of each driver, read by all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, time
from typing import Any, Protocol

import pymssql
import pytest

from sandbox.process import Service
from tests.sandbox.sqlserver.clients.drivers import with_mssql_python, with_pymssql
from tests.sandbox.sqlserver.clients.jdbc import BYTES, Jdbc
from tests.sandbox.sqlserver.clients.type_limits import LIMITS, TypeLimits, literal

MOMENTS = {"time", "smalldatetime", "datetime", "datetime2", "datetimeoffset"}
WRITABLE = [limits for limits in LIMITS if limits.name != "rowversion"]
COUNT = max(len(limits.values) for limits in LIMITS)
MICROSECONDS = 6
"""Fractional digits that Python's types, and so both Python drivers, keep: 100 ns are cut."""


class Client(Protocol):
    """A driver whose values are those of `type_limits`."""

    def rows(self, sql: str, limits: list[TypeLimits]) -> list[tuple[Any, ...]]:
        """The rows of a query."""

    def execute_with(self, sql: str, values: list[Any], limits: list[TypeLimits]) -> None:
        """A statement with parameters, each written as ?."""

    def close(self) -> None:
        """End it."""


class PythonClient:
    """pymssql or mssql-python."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.writes_text = isinstance(connection, pymssql.Connection)
        """pymssql writes parameters as literals; it would cut a datetime to milliseconds, but not a text."""

    def rows(self, sql: str, limits: list[TypeLimits]) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        cursor.execute(sql)
        return [
            tuple(from_python(value, kind) for value, kind in zip(row, limits, strict=True))
            for row in cursor.fetchall()
        ]

    def execute_with(self, sql: str, values: list[Any], limits: list[TypeLimits]) -> None:
        if self.writes_text:
            parameters = tuple(values)
            # No byte at all becomes a text, too: CAST makes a binary of that.
            for kind in limits:
                sql = sql.replace("?", f"CAST(%s AS {kind.declared})" if kind.name in BYTES else "%s", 1)
        else:
            parameters = tuple(to_python(value, kind) for value, kind in zip(values, limits, strict=True))
        self._connection.cursor().execute(sql, parameters)

    def close(self) -> None:
        self._connection.close()


def to_python(value: Any, kind: TypeLimits) -> Any:
    """The value as mssql-python takes it: no date before 1753, but its text."""
    if value is None or kind.name not in MOMENTS | {"date"}:
        return value
    if str(value) < "1753" and kind.name != "time":
        return str(value)
    if kind.name == "date":
        return value
    text = cut(value, kind)
    if kind.name == "time":
        return time.fromisoformat(text)
    return datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-"))


def from_python(value: Any, kind: TypeLimits) -> Any:
    """What a Python driver gave, as `type_limits` writes it, with microseconds."""
    if value is None or kind.name not in MOMENTS:
        return value
    if kind.name == "time":
        return f"{value:%H:%M:%S.%f}"
    shown = f"{value.replace(tzinfo=None).isoformat(sep=' ', timespec='microseconds')}"
    zone = f"{value:%z}"
    return f"{shown} {zone[:3]}:{zone[3:5]}" if zone else shown


def cut(text: str, kind: TypeLimits) -> str:
    """A moment with as many digits as Python keeps."""
    moment, zone = (text[:-7], text[-7:]) if kind.name == "datetimeoffset" else (text, "")
    whole, _, fraction = moment.partition(".")
    return f"{whole}.{fraction.ljust(MICROSECONDS, '0')[:MICROSECONDS]}{zone}"


def expected(client: Client, kind: TypeLimits, value: Any) -> Any:
    """What a client must give out for a value."""
    if value is None or kind.name not in MOMENTS:
        return value
    return cut(value, kind) if isinstance(client, PythonClient) else value


def row(number: int, limits: list[TypeLimits]) -> list[Any]:
    """One value of each type; the last row has NULL everywhere."""
    return [None if number == COUNT else kind.values[number % len(kind.values)] for kind in limits]


@pytest.fixture(scope="module")
def pymssql_client(sql_server_service: Service) -> Iterator[Client]:
    with closing(PythonClient(with_pymssql(sql_server_service))) as client:
        yield client


@pytest.fixture(scope="module")
def odbc_client(sql_server_service: Service) -> Iterator[Client]:
    with closing(PythonClient(with_mssql_python(sql_server_service))) as client:
        yield client


@pytest.fixture(scope="module")
def jdbc_client(java: Any, sql_server_service: Service) -> Iterator[Client]:
    with closing(Jdbc(java, sql_server_service)) as client:
        yield client


CLIENTS = ["pymssql_client", "odbc_client", "jdbc_client"]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    found: Client = request.getfixturevalue(request.param)
    return found


def assert_row(client: Client, limits: list[TypeLimits], got: tuple[Any, ...], values: list[Any]) -> None:
    for kind, given, value in zip(limits, got, values, strict=True):
        wanted = expected(client, kind, value)
        assert given == wanted, f"{kind.declared}: {str(given)[:60]!r} is not {str(wanted)[:60]!r}"


@pytest.mark.parametrize("number", range(COUNT + 1))
def test_literals_arrive(client: Client, number: int) -> None:
    values = row(number, LIMITS)
    items = (
        f"CAST({'NULL' if value is None else literal(value)} AS {kind.declared})"
        for kind, value in zip(LIMITS, values, strict=True)
    )
    (got,) = client.rows(f"SELECT {', '.join(items)}", LIMITS)
    assert_row(client, LIMITS, got, values)


def test_typed_parameters_are_stored_and_read_by_every_driver(
    client: Client, request: pytest.FixtureRequest
) -> None:
    client.execute_with("DROP TABLE IF EXISTS dbo.type_limits", [], [])
    columns = ", ".join(f"c{at} {kind.declared} NULL" for at, kind in enumerate(WRITABLE))
    client.execute_with(f"CREATE TABLE dbo.type_limits (id int PRIMARY KEY, {columns})", [], [])
    for number in range(COUNT + 1):
        places = ", ".join("?" for _ in WRITABLE)
        insert = f"INSERT INTO dbo.type_limits VALUES ({number}, {places})"
        client.execute_with(insert, row(number, WRITABLE), WRITABLE)
    names = ", ".join(f"c{at}" for at in range(len(WRITABLE)))
    for reader in [request.getfixturevalue(name) for name in CLIENTS]:
        read = reader.rows(f"SELECT {names} FROM dbo.type_limits ORDER BY id", WRITABLE)
        assert len(read) == COUNT + 1
        for number, got in enumerate(read):
            wanted = [
                stored(client, kind, value)
                for kind, value in zip(WRITABLE, row(number, WRITABLE), strict=True)
            ]
            assert_row(reader, WRITABLE, got, wanted)


def stored(writer: Client, kind: TypeLimits, value: Any) -> Any:
    """What a writer's value has become: mssql-python has cut 100 ns off before it sent it."""
    if isinstance(writer, PythonClient) and (writer.writes_text or to_python(value, kind) == value):
        return value
    sent = expected(writer, kind, value)
    if sent is None or kind.name not in MOMENTS:
        return sent
    fraction = value.partition(".")[2].partition(" ")[0]
    moment, zone = (sent[:-7], sent[-7:]) if kind.name == "datetimeoffset" else (sent, "")
    whole, _, digits = moment.partition(".")
    return f"{whole}.{digits.ljust(7, '0')[: len(fraction)]}{zone}" if fraction else f"{whole}{zone}"


def test_megabytes_travel_as_parameters_and_as_results(client: Client) -> None:
    kinds = [kind for kind in WRITABLE if "(max)" in kind.declared]
    sizes = {
        "varchar": "vü" * 1_000_000,
        "nvarchar": "ł𝄞" * 1_000_000,
        "varbinary": bytes(range(256)) * 12_000,
    }
    values = [sizes[kind.name] for kind in kinds]
    if isinstance(client, PythonClient) and client.writes_text:
        values = [
            value[:100_000] for value in values
        ]  # they are part of the statement's text, which is parsed
    columns = ", ".join(f"c{at} {kind.declared}" for at, kind in enumerate(kinds))
    client.execute_with(f"DROP TABLE IF EXISTS dbo.megabytes; CREATE TABLE dbo.megabytes ({columns})", [], [])
    client.execute_with("INSERT INTO dbo.megabytes VALUES (?, ?, ?)", values, kinds)
    assert client.rows("SELECT * FROM dbo.megabytes", kinds) == [tuple(values)]
