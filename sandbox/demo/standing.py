"""`make up`, `make run`, `make down`: the same platform, kept running with live traffic."""

from __future__ import annotations

import time

from sandbox.demo.home import Home
from sandbox.demo.house import House, Ports
from sandbox.demo.prefect_server import LocalPrefect, remembered_port
from sandbox.demo.process_book import ProcessBook


def up(home: Home, *, scale: float, rate: float, ports: Ports) -> int:
    """Start everything, leave it running, print where to look."""
    book = ProcessBook(home.processes_file)
    if book.running():
        print(f"the platform in {home.root} runs already; `make down` ends it")
        return 1
    home.root.mkdir(parents=True, exist_ok=True)
    house = House.open(home, scale=scale, ports=ports, say=_say, keep=book.add)
    house.start_traffic(rate, seed=int(time.time()))
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
    if not ProcessBook(home.processes_file).running():
        print(f"no platform runs in {home.root}; `make up` starts one")
        return 1
    outcome = LocalPrefect(home.prefect, remembered_port(home.prefect), environment={}).run(
        "pipeline/shellcorp", say=_say
    )
    print(f"flow run “{outcome.name}” ended {outcome.state_name} after {outcome.seconds:.0f} s")
    return 0 if outcome.succeeded else 1


def down(home: Home) -> int:
    """End what `up` started, and nothing else."""
    book = ProcessBook(home.processes_file)
    running = book.running()
    if not running:
        print(f"no platform runs in {home.root}")
        return 0
    left = book.end_all()
    print(f"{len(running) - len(left)} processes ended" + (f", still there: {left}" if left else ""))
    return 1 if left else 0


def _say(line: str) -> None:
    print(line, flush=True)
