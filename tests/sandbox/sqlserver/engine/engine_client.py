"""A client that talks to the engine without any protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.results import ErrorRaised, LoginRequest, Result, ResultSet, SqlServerError, SqlType
from tests.sandbox.sqlserver.moments import readable

DATABASE = "shop"
PASSWORDS = {"sa": "owner", "platform_reader": "reader"}


def open_engine(folder: Path) -> StandInEngine:
    engine = StandInEngine(folder, PASSWORDS)
    if not engine.has_database(DATABASE):
        engine.create_database(DATABASE)
    return engine


class Client:
    """One session; every call reads its answer to the end."""

    def __init__(self, engine: StandInEngine, user: str = "sa", database: str = DATABASE) -> None:
        self.session = engine.login(LoginRequest(user, PASSWORDS[user], database))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def results(self, sql: str) -> list[Result]:
        """All results but the rows of result sets, which are read."""
        found = []
        for result in self.session.batch(sql):
            if isinstance(result, ResultSet):
                _ = [_rows(batch, result) for batch in result.batches]
            found.append(result)
        _raise_first_error(found)
        return found

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of all result sets."""
        rows: list[tuple[Any, ...]] = []
        others: list[Result] = []
        for result in self.session.batch(sql):
            if isinstance(result, ResultSet):
                for batch in result.batches:
                    rows += _rows(batch, result)
            else:
                others.append(result)
        _raise_first_error(others)
        return rows

    def value(self, expression: str) -> Any:
        """The value of `SELECT expression`."""
        return self.rows(f"SELECT {expression}")[0][0]

    def type_of(self, expression: str) -> SqlType:
        """Its type."""
        result = next(r for r in self.session.batch(f"SELECT {expression}") if isinstance(r, ResultSet))
        return result.columns[0].type

    def run(self, sql: str) -> None:
        self.results(sql)

    def error(self, sql: str) -> int:
        """The number of the error that a batch ends with."""
        with pytest.raises(SqlServerError) as caught:
            self.results(sql)
        return caught.value.number


def _raise_first_error(results: list[Result]) -> None:
    """An error that did not end its batch, as a driver raises it: afterwards."""
    for result in results:
        if isinstance(result, ErrorRaised):
            raise result.error


def _rows(batch: Any, result: ResultSet) -> list[tuple[Any, ...]]:
    columns = [
        [readable(value, column.type) for value in array.to_pylist()]
        for array, column in zip(batch.columns, result.columns, strict=True)
    ]
    return list(zip(*columns, strict=True))
