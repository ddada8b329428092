"""A local Prefect: server, work pool, the deployments of prefect.yaml, and a worker that runs them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from sandbox.process import Guarded, Keep, ServiceFailed
from sandbox.service import fail, listen

POOL = "shellcorp"
PORT_FILE = "port"
BUSY_SECONDS = 120
START_SECONDS = 90.0
POLL_SECONDS = 0.5
RUN_POLL_SECONDS = 1.0
LATEST_LOGS = timedelta(seconds=10)
"""How much later than its time a log line may arrive: processes send theirs in batches."""
HOUSEKEEPING = (
    "Worker '",
    "Flow run '",
    "Running ",
    "Executing deployment step",
    "Deployment step",
    "All deployment steps",
    "Finished in state Completed()",
)
"""How log lines begin that tell of Prefect's own doings, not of the platform's."""
FINAL_STATES = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class FlowRun:
    """How a flow run ended."""

    id: str
    name: str
    state_type: str
    state_name: str
    message: str
    seconds: float

    @property
    def succeeded(self) -> bool:
        """True when the flow completed."""
        return self.state_type == "COMPLETED"


def remembered_port(home: Path) -> int:
    """The port of the server that was started last in this home."""
    return int((home / PORT_FILE).read_text())


@dataclass
class LocalPrefect:
    """A Prefect server and its worker, both guarded processes."""

    home: Path
    port: int
    environment: dict[str, str]
    keep: Keep | None = None
    server: Guarded | None = None
    worker: Guarded | None = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))
    """One for all questions: each new one would read the machine's certificates anew."""

    @classmethod
    def prepare(cls, home: Path, port: int, settings_file: Path, keep: Keep | None) -> LocalPrefect:
        """Choose the port (0: a free one) and the environment; nothing is started yet."""
        with listen(port, "Prefect's server") as listener:
            port = listener.getsockname()[1]
        environment = os.environ | {
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.5",
            "PLATFORM_ENV_FILE": str(settings_file.resolve()),
        }
        return cls(home, port, environment, keep)

    @property
    def ui(self) -> str:
        """Address of the UI."""
        return f"http://127.0.0.1:{self.port}"

    def start_server(self) -> None:
        """Start the server without waiting for it."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / PORT_FILE).write_text(str(self.port))
        command = ["server", "start", "--host", "127.0.0.1", "--port", str(self.port), "--analytics-off"]
        self.server = self._guarded("server", command)

    def wait_for_server(self) -> None:
        """Wait until the API answers.

        Raises:
            ServiceFailed: the server ended, or did not answer in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            self._complain_if_dead(self.server)
            if time.monotonic() > deadline:
                raise ServiceFailed(f"Prefect's server did not answer in time; its log lies in {self.home}")
            time.sleep(POLL_SECONDS)

    def start_worker(self) -> None:
        """Start the worker that runs the deployments; it makes their work pool."""
        command = ["worker", "start", "--pool", POOL, "--type", "process", "--name", "local"]
        self.worker = self._guarded("worker", [*command, "--install-policy", "never"])
        deadline = time.monotonic() + START_SECONDS
        while POOL not in {pool["name"] for pool in self.post("/work_pools/filter", {})}:
            self._complain_if_dead(self.server, self.worker)
            if time.monotonic() > deadline:
                raise ServiceFailed(f"Prefect's worker made no work pool; its log lies in {self.home}")
            time.sleep(POLL_SECONDS)

    def deploy(self, paused: bool) -> None:
        """Deploy every flow of prefect.yaml into the work pool; `paused` switches the schedules off."""
        self._command("prefect", "--no-prompt", "deploy", "--all")
        if paused:
            self.pause_schedules()

    def watch(self) -> None:
        """Make the automations that watch the runs."""
        self._command("deployments.prefect", "apply")

    def pause_schedules(self) -> None:
        """Switch the schedules of every deployment off."""
        for deployment in self.post("/deployments/filter", {}):
            self.post(f"/deployments/{deployment['id']}/pause_deployment")

    def run(
        self, deployment: str, parameters: dict[str, Any] | None = None, *, say: Callable[[str], None]
    ) -> FlowRun:
        """Run a deployment (`flow/deployment`) through the worker and say its log lines as they come."""
        return self.follow(self.order(deployment, parameters), say=say)

    def order(self, deployment: str, parameters: dict[str, Any] | None = None) -> str:
        """Have a deployment run soon; returns the id of its flow run."""
        found = self.ask("GET", f"/deployments/name/{deployment}")
        body = {"parameters": parameters or {}, "idempotency_key": str(uuid4())}
        run: str = self.post(f"/deployments/{found['id']}/create_flow_run", body)["id"]
        return run

    def follow(self, flow_run: str, *, say: Callable[[str], None]) -> FlowRun:
        """Say the log lines of a flow run as they come, until it has ended."""
        started = time.monotonic()
        heard: dict[str, datetime] = {}
        while True:
            run = self.ask("GET", f"/flow_runs/{flow_run}")
            for entry in self._log_entries(flow_run, max(heard.values(), default=None)):
                if entry["id"] not in heard:
                    heard[entry["id"]] = datetime.fromisoformat(entry["timestamp"])
                    say(entry["message"].partition("\n")[0])
            if run["state_type"] in FINAL_STATES:
                break
            self._complain_if_dead(self.server, self.worker)
            time.sleep(RUN_POLL_SECONDS)
        message = (run["state"] or {}).get("message") or ""
        seconds = time.monotonic() - started
        return FlowRun(run["id"], run["name"], run["state_type"], run["state_name"], message, seconds)

    def stop(self) -> None:
        """End worker and server."""
        self.client.close()
        for process in (self.worker, self.server):
            if process is not None:
                process.stop()

    def _guarded(self, name: str, command: list[str]) -> Guarded:
        prefect = [sys.executable, "-m", "prefect", "--no-prompt", *command]
        return Guarded.start(name, prefect, self.home, self.environment, keep=self.keep)

    def _command(self, module: str, *arguments: str) -> None:
        outcome = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode:
            said = f"{outcome.stdout}{outcome.stderr}"
            fail(f"`python -m {module} {' '.join(arguments)}` failed:\n{said}")

    def _is_healthy(self) -> bool:
        try:
            return self.client.get(f"{self.ui}/api/health", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _complain_if_dead(self, *processes: Guarded | None) -> None:
        for process in processes:
            if process is not None and process.process.poll() is not None:
                raise ServiceFailed(f"Prefect's {process.name} is gone: {process.last_lines()}")

    def _log_entries(self, flow_run: str, newest: datetime | None) -> Iterator[dict[str, Any]]:
        """What a flow run and the flow runs that it called said; with `newest`, only what may be news."""
        called = {"flow_runs": {"parent_flow_run_id": {"any_": [flow_run]}}}
        family = [flow_run, *(run["id"] for run in self.post("/flow_runs/filter", called))]
        logs: dict[str, Any] = {"flow_run_id": {"any_": family}, "level": {"ge_": 20}}
        if newest is not None:
            logs["timestamp"] = {"after_": (newest - LATEST_LOGS).isoformat()}
        body = {"logs": logs, "sort": "TIMESTAMP_ASC"}
        offset = 0
        while page := self.post("/logs/filter", {**body, "offset": offset}):
            offset += len(page)
            yield from (entry for entry in page if not entry["message"].startswith(HOUSEKEEPING))

    def post(self, path: str, body: Any = None) -> Any:
        """What the API answers to a POST."""
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API; again, while it says that its database is busy (503), or is too busy to say so.

        So what is asked has to be the same when it is asked twice: orders have an idempotency key.
        """
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                answer = self.client.request(method, f"{self.ui}/api{path}", json=body)
            except httpx.ReadTimeout:
                if time.monotonic() > deadline:
                    raise
                continue
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                answer.raise_for_status()
                return answer.json() if answer.content else None
            time.sleep(POLL_SECONDS)
