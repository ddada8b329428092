"""`make up`, `make run`, `make down`: the same platform, kept running with live traffic."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time

from sandbox.demo.home import Home
from sandbox.demo.house import House, Ports
from sandbox.demo.prefect_server import LocalPrefect

STOP_SECONDS = 40.0
POLL_SECONDS = 0.2


def up(home: Home, *, scale: float, rate: float, ports: Ports) -> int:
    """Start everything, leave it running, print where to look."""
    if _running(home):
        print(f"the platform in {home.root} runs already; `make down` ends it")
        return 1
    home.root.mkdir(parents=True, exist_ok=True)
    house = House.open(home, scale=scale, ports=ports, say=_say, outlives_parent=True)
    house.start_traffic(rate, seed=int(time.time()))
    _remember(house)
    mailbox = house.mailbox.endpoint["web_port"]
    print(f"""
Prefect's UI   {house.prefect.ui}
mailbox        http://127.0.0.1:{mailbox}
Data Docs      {(home.data_docs / "index.html").resolve().as_uri()}
settings       {home.settings_file}

The flows run by their schedules; `make run` runs the pipeline now.
`make status` tells how far they are, `make down` ends everything.""")
    return 0


def run_pipeline(home: Home) -> int:
    """Run the pipeline now on the platform that `up` started; says the run's log lines."""
    if not _running(home):
        print(f"no platform runs in {home.root}; `make up` starts one")
        return 1
    port = json.loads(home.processes_file.read_text())["prefect_port"]
    outcome = LocalPrefect(home.prefect, port, environment={}).run("pipeline/shellcorp", say=_say)
    print(f"flow run {outcome.name} ended {outcome.state_name} after {outcome.seconds:.0f} s")
    return 0 if outcome.succeeded else 1


def down(home: Home) -> int:
    """End what `up` started, and nothing else."""
    running = _running(home)
    if not running:
        print(f"no platform runs in {home.root}")
        return 0
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _running(home) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    left = _running(home)
    home.processes_file.unlink(missing_ok=True)
    print(f"{len(running) - len(left)} processes ended" + (f", still there: {left}" if left else ""))
    return 1 if left else 0


def _remember(house: House) -> None:
    """Write down which processes are ours: pid and start time, since pids are used again."""
    processes = [house.sql_server.process, house.snowflake.process, house.mailbox.process]
    guarded = (house.traffic, house.prefect.worker, house.prefect.server)
    processes += [g.process for g in guarded if g is not None]
    started = {process.pid: _started_at(process.pid) for process in processes}
    book = {"prefect_port": house.prefect.port, "started": started}
    house.home.processes_file.write_text(json.dumps(book, indent=2))


def _running(home: Home) -> list[int]:
    if not home.processes_file.exists():
        return []
    book: dict[str, str] = json.loads(home.processes_file.read_text())["started"]
    return [int(pid) for pid, started in book.items() if started and _started_at(int(pid)) == started]


def _started_at(pid: int) -> str:
    """When a process started, as `ps` tells on Linux and macOS; empty when there is none."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    status, _, started = outcome.stdout.strip().partition(" ")
    return "" if status.startswith("Z") else started.strip()


def _say(line: str) -> None:
    print(line, flush=True)
