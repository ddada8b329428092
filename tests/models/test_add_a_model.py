"""docs/add-a-model.md followed to the letter: its files are written, its commands run, its promises held."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models.runner import materialise, plan
from tests.expectations.good_data import ROWS, rows_of_table
from tests.models.given import as_query, raw_types
from tests.models.replica import open_gate

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-model.md"
ROOMS = ("flows", "snowpark_models", "expectations", "deployments", "sandbox", "tests")
ANYTHING = "…"
AND_THEN = """
from pathlib import Path
from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import load_settings
from expectations.gate import Gate
from snowpark_models.runner import materialise, plan

settings = load_settings().snowflake
with Gate(settings, "merged", Path("data_docs")) as gate, connect_snowflake(settings, "tests") as connection:
    def audit(built):
        return gate.check(built.layer, built.table, built.location).allows_publishing
    (outcome,) = materialise(snowpark_session(connection), plan(["customer_mood"]), audit, "merged")
assert outcome.outcome == "published", outcome
"""
"""What the flow does once the pull request is merged."""
MINUTES = 2
"""What a newcomer's first model may take."""


@dataclass(frozen=True)
class Command:
    """A line for the shell, and what it is promised to print."""

    line: str
    promised: str

    @property
    def is_for_the_shell_itself(self) -> bool:
        """True for what later commands need, too."""
        return self.line.startswith((". ", "export "))


@dataclass(frozen=True)
class Written:
    """A file, and what is to be in it."""

    path: str
    text: str


def steps(page: str) -> Iterator[Command | Written]:
    """The blocks of a page, in order; a file's block follows the paragraph that begins with its path."""
    file = ""
    for found in re.finditer(r"^`([\w/]+\.py)`|^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        path, kind, text = found.groups()
        if path:
            file = path
        elif kind == "python":
            yield Written(file, text)
        elif kind == "sh":
            yield from (Command(line, "") for line in text.splitlines())
        else:
            assert kind == "console", f"nobody knows how to follow a block of {kind}"
            for entry in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                yield Command(*entry.split("\n", 1))


def run(project: Path, environment: dict[str, str], lines: list[str], before: Sequence[str] = ()) -> str:
    """Run lines in a shell as a newcomer would; gives all that they print."""
    ran = subprocess.run(
        ["bash", "-c", "\n".join(["set -e", *before, *lines])],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{lines[-1]}\n{ran.stdout}"
    return ran.stdout


def is_kept(promised: str, printed: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, promised.split(ANYTHING))), printed, re.DOTALL))


@pytest.fixture
def production(snowflake: SnowflakeSettings) -> SnowflakeSettings:
    """A warehouse that replication and the flow have filled with a few good rows."""
    settings = snowflake.model_copy(update={"database": "NEWCOMER"})
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute(f"CREATE OR REPLACE DATABASE {settings.database}")
    with connect_snowflake(settings, "tests") as connection:
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS RAW")
        for table in ROWS:
            query = as_query(raw_types(f"raw_{table}"), rows_of_table(table))
            connection.cursor().execute(f"CREATE OR REPLACE TABLE RAW.{table.upper()} AS {query}")
        models = plan(["stg_support_tickets"])
        materialise(snowpark_session(connection), models, open_gate, "the flow's")
    return settings


@pytest.fixture
def project(production: SnowflakeSettings, tmp_path: Path) -> Path:
    """A copy of the project, with the settings of a platform that runs."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    settings = {
        "SQLSERVER_HOST": "127.0.0.1",
        "SQLSERVER_DATABASE": "shellcorp",
        "SQLSERVER_USER": "platform_reader",
        "SQLSERVER_PASSWORD": "not asked",
        "SNOWFLAKE_ACCOUNT": production.account,
        "SNOWFLAKE_USER": production.user,
        "SNOWFLAKE_PASSWORD": production.password.get_secret_value() if production.password else "",
        "SNOWFLAKE_DATABASE": production.database,
        "SNOWFLAKE_HOST": production.host,
        "SNOWFLAKE_PORT": production.port,
        "SNOWFLAKE_PROTOCOL": production.protocol,
        "MAIL_HOST": "127.0.0.1",
    }
    file = tmp_path / ".sandbox" / "up" / "platform.env"
    file.parent.mkdir(parents=True)
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return tmp_path


def test_the_page_keeps_what_it_promises(project: Path, production: SnowflakeSettings) -> None:
    shell: list[str] = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLATFORM_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for step in steps(PAGE.read_text(encoding="utf-8")):
        if isinstance(step, Written):
            assert (project / step.path).exists(), f"{step.path} is not one of the files that `new` made"
            (project / step.path).write_text(step.text, encoding="utf-8")
        elif step.is_for_the_shell_itself:
            shell.append(step.line)
        else:
            printed = run(project, environment, [*shell, step.line])
            assert is_kept(step.promised, printed), f"$ {step.line}\n{printed}"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MINUTES * 60

    run(project, environment, ["ruff check --no-cache .", "ruff format --check --no-cache ."], shell)
    run(project, environment, [f"python -c '{AND_THEN}'"], shell)
    with connect_snowflake(production, "tests") as connection, connection.cursor() as cursor:
        answers = [
            cursor.execute(f"SELECT * FROM {schema}.CUSTOMER_MOOD ORDER BY 1").fetchall()
            for schema in ("ANA_MARTS", "MARTS")
        ]
        assert [[tuple(map(float, row)) for row in rows] for rows in answers] == [
            [(2, 1, 0, 4), (3, 1, 1, 2)]
        ] * 2
        checked = "SELECT COUNT(*) FROM QUALITY.CHECK_RESULTS WHERE table_name = 'CUSTOMER_MOOD' AND success"
        assert cursor.execute(checked).fetchone() != (0,)
