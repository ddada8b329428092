"""A platform that `make up` has started, as its operator has it: the API, the processes, the settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sandbox.demo.home import Home
from sandbox.demo.house import SOURCE_DATABASE
from sandbox.demo.prefect_server import FlowRun, LocalPrefect, remembered_port
from sandbox.process import Guarded, Service
from tests.e2e.platform import Outcome, make, processes_of

PATIENCE_SECONDS = 600
POLL_SECONDS = 0.3
SERVICES = {"sqlserver": ("--database", SOURCE_DATABASE), "snowflake": ()}


@dataclass
class Operated:
    """The platform in a folder; what a test starts anew there is ended by `close`."""

    folder: Path
    started: Outcome
    _own: list[Guarded | Service] = field(default_factory=list)

    @property
    def home(self) -> Home:
        """Where it keeps its state."""
        return Home(self.folder / "up")

    @cached_property
    def prefect(self) -> LocalPrefect:
        """Its Prefect: the API."""
        return LocalPrefect(self.home.prefect, remembered_port(self.home.prefect), self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """Of the commands that a person runs beside it."""
        return os.environ | {
            "PREFECT_API_URL": f"http://127.0.0.1:{remembered_port(self.home.prefect)}/api",
            "PREFECT_HOME": str(self.home.prefect),
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PLATFORM_ENV_FILE": str(self.home.settings_file.resolve()),
        }

    def run(self, flow: str, **parameters: Any) -> FlowRun:
        """Run a deployment to its end."""
        return self.ended(self.order(flow, **parameters))

    def order(self, flow: str, **parameters: Any) -> str:
        """Have a deployment run soon; returns the id of its flow run."""
        return self.prefect.order(f"{flow}/shellcorp", parameters)

    def ended(self, flow_run: str) -> FlowRun:
        """Wait for a flow run's end."""
        return self.prefect.follow(flow_run, say=lambda _line: None)

    def command(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m module …` beside the platform, with its settings."""
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def events(self, prefix: str, **payload: Any) -> list[dict[str, Any]]:
        """The events whose names begin so and whose payloads have these values, the newest first."""
        body = {"filter": {"event": {"prefix": [prefix]}}, "limit": 50}
        page = self.prefect.post("/events/filter", body)
        found: list[dict[str, Any]] = page["events"]
        while page["next_page"]:
            page = self.prefect.ask("GET", page["next_page"].partition("/api")[2])
            found += page["events"]
        return [event for event in found if payload.items() <= event["payload"].items()]

    def artifacts(self, *flow_runs: str) -> dict[str, dict[str, Any]]:
        """The artifacts that flow runs have left, by key."""
        body = {"artifacts": {"flow_run_id": {"any_": list(flow_runs)}}, "limit": 200}
        return {artifact["key"]: artifact for artifact in self.prefect.post("/artifacts/filter", body)}

    def runs(self, **wanted: Any) -> list[dict[str, Any]]:
        """Flow runs that fit a filter of Prefect's, the newest first, each with its flow's name."""
        flows = {flow["id"]: flow["name"] for flow in self.prefect.post("/flows/filter", {})}
        body = {"flow_runs": wanted, "sort": "START_TIME_DESC", "limit": 50}
        return [run | {"flow": flows[run["flow_id"]]} for run in self.prefect.post("/flow_runs/filter", body)]

    def mails(self) -> list[str]:
        """The mails that were sent, as text, the oldest first."""
        return [file.read_text() for file in sorted(self.home.mailbox.glob("*.eml"))]

    def processes(self, words: str) -> list[int]:
        """The ids of the platform's processes whose command line has these words."""
        found = (line.split(": ", 1) for line in processes_of(self.folder))
        return [int(pid) for pid, command in found if words in command]

    def end(self, words: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End such processes, and wait until they are gone."""
        ending = self.processes(words)
        assert ending, f"no process of the platform has {words!r} in its command line"
        for pid in ending:
            os.kill(pid, how)
        self.wait_until(lambda: not self.processes(words), f"{words} ends")

    def start_prefect(self) -> None:
        """Start Prefect's server again, where it was."""
        self.prefect.start_server()
        self.prefect.wait_for_server()
        assert self.prefect.server is not None
        self._own.append(self.prefect.server)

    def start_worker(self) -> None:
        """Start a worker in place of the one that was ended."""
        self.prefect.start_worker()
        assert self.prefect.worker is not None
        self._own.append(self.prefect.worker)

    @contextmanager
    def without(self, service: str) -> Iterator[None]:
        """Kill a stand-in, `sqlserver` or `snowflake`; after the block it is there again, at its port."""
        folder = self.home.root / service
        port = Service(service, folder, process=None).port  # type: ignore[arg-type]
        self.end(f"sandbox.{service}", signal.SIGKILL)
        try:
            yield
        finally:
            again = Service.start(f"sandbox.{service}", folder, *SERVICES[service], port=port)
            self._own.append(again)

    @contextmanager
    def setting(self, **values: str) -> Iterator[None]:
        """Other settings for the runs that begin in the block."""
        before = self.home.settings_file.read_text()
        self._settings(before + "".join(f"{name}={value}\n" for name, value in values.items()))
        try:
            yield
        finally:
            self._settings(before)

    def wait_until(self, holds: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Poll until something holds."""
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, f"waited {seconds} s in vain: {what}"
            time.sleep(POLL_SECONDS)  # between two looks

    def _settings(self, text: str) -> None:
        """Exchange the file at once: somebody may be reading it."""
        draft = self.home.settings_file.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.replace(self.home.settings_file)

    def close(self) -> None:
        """End what was started anew."""
        for process in reversed(self._own):
            process.stop()


@contextmanager
def operated(folder: Path, **variables: str) -> Iterator[Operated]:
    """`make up`, and `make down` at the end."""
    started = make("up", folder, **variables, PREFECT_PORT="0", MAILBOX_PORT="0")
    platform = Operated(folder, started)
    try:
        assert started.exit_code == 0, started.output
        yield platform
    finally:
        platform.close()
        stopped = make("down", folder)
    assert stopped.exit_code == 0, stopped.output
