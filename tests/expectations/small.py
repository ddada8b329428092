"""A small warehouse for tests of the gate itself: one table with a suite of the test's own, and no models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.raw import orders
from expectations.rules import Suite
from expectations.rules.rule import Phrase


@contextmanager
def database(
    snowflake: SnowflakeSettings, name: str
) -> Iterator[tuple[SnowflakeSettings, SnowflakeConnection]]:
    """A new database with an empty schema RAW; its settings, and a session in it."""
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute(f"CREATE OR REPLACE DATABASE {name}")
    settings = snowflake.model_copy(update={"database": name})
    with connect_snowflake(settings, "tests") as connection:
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS RAW")
        yield settings, connection


def suite_of_orders(monkeypatch: pytest.MonkeyPatch, *phrases: Phrase) -> Suite:
    """Let RAW.ORDERS have these rules alone, with the key ID."""
    suite = Suite(("ID",), tuple(rule for phrase in phrases for rule in phrase))
    monkeypatch.setattr(orders, "SUITE", suite)
    return suite
