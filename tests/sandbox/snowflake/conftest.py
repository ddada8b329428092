from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection

from sandbox.process import Service
from tests.sandbox.snowflake.snowflake_client import Connect, Run, open_connection


@pytest.fixture
def schema(snowflake_service: Service) -> Iterator[str]:
    name = f"T{uuid.uuid4().hex[:12]}".upper()
    with open_connection(snowflake_service) as connection:
        connection.cursor().execute(f"CREATE SCHEMA {name}")
        yield name
        connection.cursor().execute(f"DROP SCHEMA {name}")


@pytest.fixture
def connect(snowflake_service: Service, schema: str) -> Iterator[Connect]:
    """Opens sessions in the test's schema; all are closed at its end."""
    opened: list[SnowflakeConnection] = []

    def open_one(**arguments: Any) -> SnowflakeConnection:
        opened.append(open_connection(snowflake_service, schema=schema, **arguments))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def connection(connect: Connect) -> SnowflakeConnection:
    return connect()


@pytest.fixture
def run(connection: SnowflakeConnection) -> Run:
    """Runs one statement in the test's session and returns its rows."""

    def run_one(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return connection.cursor().execute(sql, values or None).fetchall()

    return run_one
