"""`make test-live` itself, with stand-ins in place of real servers: their addresses in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

from deployments.connections import connect_snowflake, connect_sql_server
from deployments.settings import SnowflakeSettings, SqlServerSettings
from tests.e2e.platform import ROOT, make
from tests.ingest.world import prefixed

ONE_TEST = "test_hard_values_arrive_as_they_are"


def databases(sql_server: SqlServerSettings, snowflake: SnowflakeSettings) -> set[str]:
    """Names of the databases on both servers."""
    with closing(connect_sql_server(sql_server, "test")) as source, source.cursor() as cursor:
        cursor.execute("SELECT name FROM sys.databases")
        names = {str(row[0]) for row in cursor.fetchall()}
    with closing(connect_snowflake(snowflake, "test")) as warehouse:
        return names | {str(row[1]) for row in warehouse.cursor().execute("SHOW DATABASES").fetchall()}


def test_it_works_in_databases_of_its_own_and_drops_them(
    sql_server: SqlServerSettings, snowflake: SnowflakeSettings
) -> None:
    before = databases(sql_server, snowflake)
    live = prefixed("LIVE_SQLSERVER_", sql_server) | prefixed("LIVE_SNOWFLAKE_", snowflake)
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "--live", "tests/e2e", "-k", ONE_TEST, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=os.environ | live | {"LIVE_SQLSERVER_DATABASE": "master"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "1 passed" in outcome.stdout
    assert databases(sql_server, snowflake) == before


def test_without_servers_it_says_what_to_set() -> None:
    outcome = make("test-live", ROOT)
    assert outcome.exit_code != 0
    assert "LIVE_SQLSERVER_HOST: Field required" in outcome.output
    assert "Traceback" not in outcome.output
