"""The compose file of a real SQL Server, as far as it can be checked without Docker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "deployments" / "sqlserver.compose.yaml"


def sql_server() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]["sqlserver"]
    return service


def test_the_agent_runs_because_cdc_needs_its_jobs() -> None:
    assert sql_server()["environment"]["MSSQL_AGENT_ENABLED"] == "true"
    assert sql_server()["image"].endswith("/mssql/server:2022-latest")


def test_it_listens_on_the_loopback_only() -> None:
    assert all(port.startswith("127.0.0.1:") for port in sql_server()["ports"])


def test_its_password_comes_from_the_environment_of_test_live_and_must_be_set() -> None:
    password = sql_server()["environment"]["MSSQL_SA_PASSWORD"]
    assert password.startswith("${LIVE_SQLSERVER_PASSWORD:?")
