"""Which rules can be asked by now: some need tables that come to be later than the table they judge."""

from __future__ import annotations

from dataclasses import replace

from snowflake.connector import SnowflakeConnection

from expectations.rules import Suite

TABLES = "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES"


def answerable(connection: SnowflakeConnection, suite: Suite) -> Suite:
    """The suite without the rules that need a table which is not there."""
    if not any(rule.needs for rule in suite.rules):
        return suite
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        there = {f"{schema}.{table}" for schema, table in cursor.fetchall()}
    return replace(suite, rules=tuple(rule for rule in suite.rules if there.issuperset(rule.needs)))
