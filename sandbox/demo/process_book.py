"""Which processes `make up` started, written down as they start, so that `make down` ends them all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 40.0
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class ProcessBook:
    """A file of process ids with their start times, since ids are used again."""

    file: Path

    def add(self, pid: int) -> None:
        """Write down a process that was just started."""
        book = self._read() | {str(pid): _started_at(pid)}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(book, indent=2))
        draft.replace(self.file)

    def running(self) -> list[int]:
        """Those that still run."""
        return [
            int(pid) for pid, started in self._read().items() if started and _started_at(int(pid)) == started
        ]

    def end_all(self) -> list[int]:
        """End them in an orderly way; returns those that did not follow, and forgets the others."""
        for pid in self.running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while (left := self.running()) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if not left:
            self.file.unlink(missing_ok=True)
        return left

    def _read(self) -> dict[str, str]:
        return dict(json.loads(self.file.read_text())) if self.file.exists() else {}


def _started_at(pid: int) -> str:
    """When a process started, as `ps` tells on Linux and macOS; empty when there is none."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    status, _, started = outcome.stdout.strip().partition(" ")
    return "" if status.startswith("Z") else started.strip()
