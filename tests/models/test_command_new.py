"""`new` and `test` in a copy of the project: what a newcomer's first model passes as it is made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snowpark_models.__main__ import main
from snowpark_models.command.test import tests_of
from snowpark_models.runner import plan

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MADE = [
    "snowpark_models/marts/customer_mood.py",
    "expectations/marts/customer_mood.py",
    "tests/models/test_customer_mood.py",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the rooms that a model needs."""
    folder = tmp_path_factory.mktemp("project")
    for room in ("snowpark_models", "expectations", "deployments", "sandbox", "tests"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run_in(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_in(folder, sys.executable, "-m", "snowpark_models", *arguments)


def test_what_new_makes_passes_the_checks_and_its_tests(project: Path) -> None:
    made = command(project, "new", "marts/customer_mood")
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines() == MADE
    staged = command(project, "new", "staging/stg_mood")
    assert staged.returncode == 0, staged.stderr
    files = [*MADE, *staged.stdout.splitlines()]
    for check in (["check"], ["format", "--check"]):
        linted = run_in(project, BIN / "ruff", *check, "--no-cache", *files)
        assert linted.returncode == 0, linted.stdout

    tested = command(project, "test", "customer_mood", "stg_mood")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "2 passed" in tested.stdout

    again = command(project, "new", "marts/customer_mood")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == "customer_mood is there already, in marts/: take another name\n"

    test = project / MADE[2]
    test.write_text(test.read_text().replace("(7, 2)", "(7, 3)"))
    assert command(project, "test", "customer_mood").returncode == 1


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("mart/mood", "mart is no layer; perhaps marts?"),
        ("marts/Mood", "'Mood' cannot be a model"),
        ("marts/../mood", "cannot be a model"),
        ("marts", "'' cannot be a model"),
        ("marts/class", "'class' cannot be a model"),
        ("marts/stg_orders", "stg_orders is there already, in staging/"),
        ("staging/raw_orders", "raw_orders is there already, a source"),
    ],
)
def test_a_name_that_no_model_can_have_is_refused(
    place: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", place]) == 2
    assert message in capsys.readouterr().err


def test_a_model_without_a_file_of_its_own_is_tested_by_those_that_import_it() -> None:
    (model,) = plan(["order_facts"])
    assert Path("tests/models/test_sales_marts.py") in tests_of(model, ROOT)


def test_a_model_without_tests_is_named(tmp_path: Path) -> None:
    (model,) = plan(["order_facts"])
    assert tests_of(model, tmp_path) == []
