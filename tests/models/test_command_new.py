"""`new` and `test` in a copy of the project: what a newcomer's first model passes as it is made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snowpark_models.__main__ import main
from snowpark_models.command import new
from snowpark_models.command import test as test_command
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
    for room in ("flows", "snowpark_models", "expectations", "deployments", "sandbox", "tests"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run_in(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_what_new_makes_passes_the_checks_and_its_tests(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(new, "ROOT", project)
    assert main(["new", "marts/customer_mood"]) == 0
    assert capsys.readouterr().out.splitlines() == MADE
    assert main(["new", "staging/stg_mood"]) == 0
    files = [*MADE, *capsys.readouterr().out.splitlines()]
    assert main(["new", "marts/customer_mood"]) == 2
    assert "snowpark_models/marts/customer_mood.py is there already" in capsys.readouterr().err

    for check in (["check"], ["format", "--check"]):
        linted = run_in(project, BIN / "ruff", *check, "--no-cache", *files)
        assert linted.returncode == 0, linted.stdout
    tested = run_in(project, sys.executable, "-m", "snowpark_models", "test", "customer_mood", "stg_mood")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "6 passed" in tested.stdout  # of each: its test, and two of its suite


def test_a_test_that_fails_and_a_model_without_one_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(test_command, "ROOT", tmp_path)
    assert main(["test", "order_facts"]) == 1
    assert capsys.readouterr().err == "no tests in tests/models: order_facts\n"
    file = tmp_path / "tests" / "models" / "test_order_facts.py"
    file.parent.mkdir(parents=True)
    file.write_text("def test_it() -> None:\n    raise AssertionError\n")
    assert main(["test", "order_facts"]) == 1
    assert capsys.readouterr().err == ""


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
    assert Path("tests/models/test_sales_marts.py") in test_command.files_for(model, ROOT)


def test_a_mart_is_tested_by_its_question_in_sql_too() -> None:
    (model,) = plan(["customer_journey"])
    (test,) = test_command.tests_by_hand(model, ROOT)
    file, _, name = test.partition("::")
    assert name.endswith("[customer_journey]")
    assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8")
    assert test_command.tests_by_hand(*plan(["stg_orders"]), ROOT) == []
