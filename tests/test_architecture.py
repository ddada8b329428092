"""The arrows of docs/architecture.md, held by import-linter's contracts in pyproject.toml."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_arrows_run_one_way() -> None:
    outcome = lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout


def test_an_arrow_against_the_stream_is_noticed(tmp_path: Path) -> None:
    for room in ("flows", "snowpark_models", "expectations", "deployments", "sandbox", "benchmarks"):
        shutil.copytree(ROOT / room, tmp_path / room)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "deployments" / "astray.py").write_text("import sandbox.shellcorp\n")
    outcome = lint_imports(tmp_path)
    assert outcome.returncode == 1
    assert "deployments.astray" in outcome.stdout
