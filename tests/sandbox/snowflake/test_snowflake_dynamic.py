"""Dynamic and Iceberg tables: what the stand-in makes of them."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Run

KINDS = (
    "SELECT TABLE_NAME, IS_DYNAMIC, IS_ICEBERG FROM INFORMATION_SCHEMA.TABLES "
    "WHERE TABLE_SCHEMA = CURRENT_SCHEMA() ORDER BY 1"
)


def test_a_dynamic_table_is_what_its_query_gave_when_it_was_refreshed(run: Run, schema: str) -> None:
    run("CREATE TABLE t (a NUMBER(10,0))")
    run("INSERT INTO t VALUES (1)")
    run(
        "CREATE OR REPLACE DYNAMIC TABLE d (a NUMBER(10,0) COMMENT 'a number') TARGET_LAG = '1 hour' "
        "WAREHOUSE = w REFRESH_MODE = AUTO COMMENT = 'all of t' COPY GRANTS "
        "AS WITH x AS (SELECT a FROM t) SELECT a FROM x"
    )
    run("INSERT INTO t VALUES (2)")
    assert run("SELECT a FROM d") == [(1,)]
    run("CREATE SCHEMA elsewhere_of_dynamic")
    run(f"ALTER DYNAMIC TABLE {schema}.d REFRESH")
    run(f"USE SCHEMA {schema}")
    run("DROP SCHEMA elsewhere_of_dynamic")
    assert run("SELECT a FROM d ORDER BY a") == [(1,), (2,)]
    assert run(KINDS) == [("D", "YES", "NO"), ("T", "NO", "NO")]
    for statement in ("ALTER DYNAMIC TABLE d SUSPEND", "ALTER DYNAMIC TABLE IF EXISTS nope REFRESH"):
        run(statement)
    with pytest.raises(ProgrammingError, match=r"Dynamic Table .*T' does not exist"):
        run("ALTER DYNAMIC TABLE t REFRESH")
    with pytest.raises(ProgrammingError, match="RENAME TO"):
        run("ALTER DYNAMIC TABLE d RENAME TO e")
    with pytest.raises(ProgrammingError, match="WAREHOUSE"):
        run("CREATE DYNAMIC TABLE e TARGET_LAG = '1 hour' AS SELECT a FROM t")
    run("DROP DYNAMIC TABLE d")
    assert run(KINDS) == [("T", "NO", "NO")]


def test_an_iceberg_table_is_a_table(run: Run) -> None:
    statement = (
        "CREATE OR REPLACE ICEBERG TABLE i (a NUMBER(10,0) COMMENT 'a number', b VARCHAR) "
        "CATALOG = 'SNOWFLAKE' EXTERNAL_VOLUME = 'lake' BASE_LOCATION = 'i' COPY GRANTS COMMENT = 'rows' "
        "AS SELECT {} AS a, 'x' AS b"
    )
    run(statement.format(1))
    run(statement.format(2))
    run("INSERT INTO i VALUES (3, 'y')")
    assert run("SELECT a, b FROM i ORDER BY a") == [(2, "x"), (3, "y")]
    assert run(KINDS) == [("I", "NO", "YES")]
    run("DROP ICEBERG TABLE i")
    assert run(KINDS) == []
