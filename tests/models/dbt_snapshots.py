"""How the tests ask dbt what versions a sequence of states makes: see tests/models/dbt."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

PYTHON = Path(sys.prefix) / "dbt" / "bin" / "python"
"""`make install` puts dbt into an environment of its own, see requirements-dbt.txt."""

LOOK = Path(__file__).parent / "dbt" / "look.py"
State = Mapping[int, int | None]
"""The value of each id that is there."""

Version = tuple[int, int | None, datetime, datetime | None]
"""Id, value, from when on, and until before when; None: it is the current one."""


def snapshots(folder: Path, states: Sequence[tuple[datetime, State]]) -> list[Version]:
    """The versions that `dbt snapshot` makes when it looks at each state at its time, by id and time."""
    assert PYTHON.exists(), "dbt is missing: run make install"
    shown = [[str(at), list(state.items())] for at, state in states]
    done = subprocess.run(
        [str(PYTHON), str(LOOK), str(folder)],
        input=json.dumps(shown),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        (key, value, datetime.fromisoformat(begin), datetime.fromisoformat(end) if end else None)
        for key, value, begin, end in json.loads(done.stdout)
    ]
