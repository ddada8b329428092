"""Notebooks run from the first cell to the last: here with the settings, and as Snowflake Notebooks would."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings
from snowpark_models.runner import materialise, plan
from tests.models.business import Business
from tests.models.environment import settings_of
from tests.models.given import Value, contract_types, publish
from tests.models.replica import database, open_gate
from tests.models.shellcorp import Row
from tests.models.staged import MODELS

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
IN_SNOWFLAKE = {"altair", "numpy", "pandas", "sklearn", "snowflake"}
"""What notebooks import, and Snowflake has: pre-installed, or in its channel."""
NOT_IN_SNOWFLAKE = ("pymssql", "mssql_python", "prefect", "pydantic_settings", "great_expectations")
READ = ("support_load", "customer_churn_features")
"""The models whose tables they read, beside staging."""
SECONDS = 300

pytestmark = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: str(file.stem))


def read(file: Path) -> NotebookNode:
    return nbformat.read(file, as_version=4)


def code(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def asked(ticket_id: int, opened_at: str, closed_at: str, **others: Value) -> Row:
    """A ticket with what the model of the load counts."""
    days: Row = {"opened_on": opened_at[:10], "closed_on": closed_at[:10], "hours_to_close": 48}
    told: Row = {"ticket_id": ticket_id, "opened_at": opened_at, "closed_at": closed_at, **others}
    return {**told, **days, "priority": ticket_id % 4 + 1}


@pytest.fixture(scope="module")
def environment(
    session: Session, snowflake: SnowflakeSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Settings that lead to a warehouse of which some customers leave."""
    with database(session, snowflake) as opened:
        opened.sql("CREATE SCHEMA STAGING").collect()
        rows = Business(1, 250).rows
        rows["stg_support_tickets"] = [asked(**row) for row in rows["stg_support_tickets"]]
        for name, model in MODELS.items():
            publish(opened, f"STAGING.{model.table}", contract_types(model), rows[name])
        outcomes = materialise(opened, plan(READ), open_gate, "run-1")
        assert all(outcome.is_published for outcome in outcomes)
        folder = tmp_path_factory.mktemp("jupyter")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLATFORM_")}
        yield kept | {
            "PLATFORM_ENV_FILE": str(folder / "none.env"),
            "IPYTHONDIR": str(folder),
            "JUPYTER_RUNTIME_DIR": str(folder),
            **settings_of(opened, snowflake),
        }


def test_it_runs_from_the_first_cell_to_the_last(file: Path, environment: dict[str, str]) -> None:
    notebook = read(file)
    client = NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(FOLDER)}})
    client.execute(env=environment)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    charts = [output for output in outputs if "vegaEmbed" in str(output.get("data", {}).get("text/html"))]
    assert charts, "a chart is worth a look"
    assert outputs[-1].output_type == "stream", "the last thing said is the answer"


def test_it_runs_where_a_session_is_active_and_the_platforms_drivers_are_missing(
    file: Path, environment: dict[str, str]
) -> None:
    """As in Snowflake Notebooks, whose own packages are those of IN_SNOWFLAKE."""
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(code(read(file))))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
        + ([str(node.module)] if isinstance(node, ast.ImportFrom) else [])
    }
    assert imported - IN_SNOWFLAKE - sys.stdlib_module_names == {"deployments", "snowpark_models"}

    connection = {
        "account": environment["SNOWFLAKE_ACCOUNT"],
        "user": environment["SNOWFLAKE_USER"],
        "password": environment["SNOWFLAKE_PASSWORD"],
        "host": environment["SNOWFLAKE_HOST"],
        "port": int(environment["SNOWFLAKE_PORT"]),
        "protocol": environment["SNOWFLAKE_PROTOCOL"],
        "database": environment["SNOWFLAKE_DATABASE"],
    }
    beginning = f"""
import json, os, sys
sys.modules.update(dict.fromkeys({NOT_IN_SNOWFLAKE}))
from snowflake.snowpark import Session
Session.builder.configs(json.loads(os.environ["ACTIVE_SESSION"])).create()
"""
    without = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("PLATFORM_", "SNOWFLAKE_", "SQLSERVER_", "MAIL_"))
    }
    ran = subprocess.run(
        [sys.executable, "-c", beginning + code(read(file))],
        cwd=FOLDER,
        env=without
        | {"ACTIVE_SESSION": json.dumps(connection), "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_it_is_stored_without_what_it_printed(file: Path) -> None:
    notebook = read(file)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert {cell.execution_count for cell in cells} == {None}
    assert notebook.cells[0].cell_type == "markdown"
    assert "?" in notebook.cells[0].source.splitlines()[0], "it begins with a question"
