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
BUSY_SECONDS = 60
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
        while POOL not in {pool["name"] for pool in self._post("/work_pools/filter", {})}:
            self._complain_if_dead(self.server, self.worker)
            if time.monotonic() > deadline:
                raise ServiceFailed(f"Prefect's worker made no work pool; its log lies in {self.home}")
            time.sleep(POLL_SECONDS)

    def deploy(self, paused: bool) -> None:
        """Deploy every flow of prefect.yaml into the work pool; `paused` switches the schedules off."""
        outcome = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode:
            fail(f"`prefect deploy --all` failed:\n{outcome.stdout}{outcome.stderr}")
        if paused:
            for deployment in self._post("/deployments/filter", {}):
                self._post(f"/deployments/{deployment['id']}/pause_deployment", None)

    def run(
        self, deployment: str, parameters: dict[str, Any] | None = None, *, say: Callable[[str], None]
    ) -> FlowRun:
        """Run a deployment (`flow/deployment`) through the worker and say its log lines as they come."""
        started = time.monotonic()
        found = self._request("GET", f"/deployments/name/{deployment}")
        order = {"parameters": parameters or {}, "idempotency_key": str(uuid4())}
        run = self._post(f"/deployments/{found['id']}/create_flow_run", order)
        heard: dict[str, datetime] = {}
        while True:
            run = self._request("GET", f"/flow_runs/{run['id']}")
            for entry in self._log_entries(run["id"], max(heard.values(), default=None)):
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
        family = [flow_run, *(run["id"] for run in self._post("/flow_runs/filter", called))]
        logs: dict[str, Any] = {"flow_run_id": {"any_": family}, "level": {"ge_": 20}}
        if newest is not None:
            logs["timestamp"] = {"after_": (newest - LATEST_LOGS).isoformat()}
        body = {"logs": logs, "sort": "TIMESTAMP_ASC"}
        offset = 0
        while page := self._post("/logs/filter", {**body, "offset": offset}):
            offset += len(page)
            yield from (entry for entry in page if not entry["message"].startswith(HOUSEKEEPING))

    def _post(self, path: str, body: Any) -> Any:
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API; again, while it says that its database is busy (503)."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            answer = self.client.request(method, f"{self.ui}/api{path}", json=body)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                answer.raise_for_status()
                return answer.json() if answer.content else None
            time.sleep(POLL_SECONDS)
