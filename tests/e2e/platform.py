"""Run the Makefile's targets as a person would, in folders and on ports of the test's own."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LIMIT_SECONDS = 1200


@dataclass(frozen=True)
class Outcome:
    """How a target ended."""

    exit_code: int
    output: str


def make(target: str, folder: Path, **variables: str) -> Outcome:
    """Run `make target NAME=value …` with its state in `folder`; stdout and stderr together."""
    arguments = [f"{name}={value}" for name, value in {"FOLDER": str(folder), **variables}.items()]
    process = subprocess.run(
        ["make", "--no-print-directory", target, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    return Outcome(process.returncode, process.stdout)


def processes_of(folder: Path) -> list[str]:
    """Command lines of the processes that still name the folder, in their arguments or environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if int(entry.name) != os.getpid() and str(folder).encode() in command + environment:
            found.append(f"{entry.name}: {command.replace(bytes(1), b' ').decode(errors='replace')}")
    return found


def wait_until_no_process(folder: Path, seconds: float = 20) -> list[str]:
    """Wait for the folder's processes to end; returns those that did not."""
    deadline = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left
