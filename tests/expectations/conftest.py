"""A warehouse with good data in every layer, built once by the platform's own models, and a gate on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from expectations.gate import Gate
from snowpark_models.runner import Candidate, materialise, plan
from tests.expectations.good_data import ROWS, rows_of_table
from tests.expectations.replicated import beside_the_mirrors
from tests.models.given import as_query, raw_types
from tests.models.histories import histories_of_mirrors

DATABASE = "GATES"
BUILD = "run that built the tables"
"""Names the run in OPS.MODEL_RUNS."""


@pytest.fixture(scope="session")
def warehouse(snowflake: SnowflakeSettings, request: pytest.FixtureRequest) -> SnowflakeSettings:
    """Settings of a database whose tables keep every rule; only those that the chosen tests look at."""
    models = plan(_looked_at(request.session.items))
    settings = snowflake.model_copy(update={"database": DATABASE})
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
    with connect_snowflake(settings, "tests") as connection:
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS RAW")
        for table in ROWS:
            query = as_query(raw_types(f"raw_{table}"), rows_of_table(table))
            connection.cursor().execute(f"CREATE OR REPLACE TABLE RAW.{table.upper()} AS {query}")
        for statement in (*beside_the_mirrors(), *histories_of_mirrors()):
            connection.cursor().execute(statement)
        outcomes = materialise(snowpark_session(connection), models, _publish_all, BUILD)
        assert {outcome.outcome for outcome in outcomes} == {"published"}
    return settings


@pytest.fixture(scope="session")
def connection(warehouse: SnowflakeSettings) -> Iterator[SnowflakeConnection]:
    with connect_snowflake(warehouse, "tests") as connection:
        yield connection


@pytest.fixture(scope="session")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data_docs")


@pytest.fixture(scope="session")
def gate(warehouse: SnowflakeSettings, docs: Path) -> Iterator[Gate]:
    """One gate for all tests: opening one takes longer than checking a table."""
    with Gate(warehouse, "run of the tests", docs) as gate:
        yield gate


def _looked_at(items: list[pytest.Item]) -> list[str]:
    """Selectors of the models, with what they read; none, which is all, unless each test names its table."""
    named: set[str] = set()
    for item in items:
        if "warehouse" in getattr(item, "fixturenames", ()):
            chosen = (
                item.callspec.params
                if isinstance(item, pytest.Function) and hasattr(item, "callspec")
                else {}
            )
            if "table" not in chosen or chosen["layer"] == "raw":
                return []
            named.add(f"+{chosen['table']}")
    return sorted(named)


def _publish_all(_candidate: Candidate) -> bool:
    return True
