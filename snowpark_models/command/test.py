"""`test`: run the tests of models, and of their suites, with pytest."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from snowpark_models.command.selecting import add_selectors, selected
from snowpark_models.model import Model

HELP = "run the tests of models and of their suites"
ROOT = Path(__file__).parents[2]
FOLDER = Path("tests", "models")
OF_SUITES = "tests/expectations/test_suites.py"
"""Holds that good data pass a suite, and that each of its rules stops what breaks it."""
BY_HAND = "tests/models/test_shellcorp.py::test_a_mart_says_what_sql_by_hand_says"
"""Holds a mart to the SQL of its name in tests/models/by_hand/."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_selectors(parser)


def run(options: argparse.Namespace) -> int:
    """Run them; says which models have none. 1 when a test fails, or there is none."""
    models = selected(options)
    tests = {model.name: [*files_for(model, ROOT), *tests_by_hand(model, ROOT)] for model in models}
    untested = [name for name, files in tests.items() if not files]
    if untested:
        sys.stderr.write(f"no tests in {FOLDER}: {', '.join(untested)}\n")
    files = sorted({str(file) for found in tests.values() for file in found})
    if not files:
        return 1
    sys.stdout.flush()
    suites = [test for model in models for test in tests_of_suite(model, ROOT)]
    command = [sys.executable, "-m", "pytest", *files, *suites]
    return 0 if subprocess.run(command, cwd=ROOT, check=False).returncode == 0 else 1  # noqa: S603


def files_for(model: Model, root: Path) -> list[Path]:
    """The file called after the model; where there is none, those that import it. Relative to the root."""
    own = FOLDER / f"test_{model.name}.py"
    if (root / own).exists():
        return [own]
    imported = f"from {model.function.__module__} import "
    files = sorted((root / FOLDER).glob("test_*.py"))
    return [file.relative_to(root) for file in files if imported in file.read_text(encoding="utf-8")]


def tests_by_hand(model: Model, root: Path) -> list[str]:
    """What asks the model's question in plain SQL, as pytest names it; nothing where nobody wrote any."""
    return [f"{BY_HAND}[{model.name}]"] if (root / FOLDER / "by_hand" / f"{model.name}.sql").exists() else []


def tests_of_suite(model: Model, root: Path) -> list[str]:
    """What holds the model's suite, as pytest names it; nothing where there is no suite."""
    if not (root / "expectations" / model.layer / f"{model.name}.py").exists():
        return []
    held = ("test_good_data_pass", "test_every_rule_stops_what_breaks_it")
    return [f"{OF_SUITES}::{test}[{model.layer}-{model.name}]" for test in held]
