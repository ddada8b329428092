"""`make demo`: the whole platform from an empty folder to a proof, in a few minutes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from deployments.settings import SnowflakeSettings
from sandbox.demo.home import Home
from sandbox.demo.house import House, Ports
from sandbox.demo.prefect_server import FlowRun
from sandbox.demo.summary import TableStatus, kept_marts, mart_fingerprints, table_statuses, text_table

Say = Callable[[str], None]


def demo(home: Home, *, scale: float, rate: float, broken_layer: str | None, ports: Ports) -> int:
    """Run the demo; returns the exit code: 0 only when everything is as it should be."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", flush=True)

    shutil.rmtree(home.root, ignore_errors=True)
    home.root.mkdir(parents=True)
    house = House.open(home, scale=scale, ports=ports, say=say)
    try:
        say("Shellcorp's applications begin to write; they go on while the platform runs")
        house.start_traffic(rate, seed=7)
        problems = _run(house, "first run: snapshot, gates, models, report", say)
        if broken_layer is None:
            problems += _run(house, "second run: the changes that were made meanwhile", say)
        else:
            problems += _break_and_run(house, broken_layer, say)
        problems += _prove(house, say)
        statuses = table_statuses(house)
        problems += _judge(statuses)
        _print_summary(house, statuses, problems)
    finally:
        house.close()
    say("everything is stopped" if not problems else "everything is stopped; see what is off above")
    return 1 if problems else 0


def _run(house: House, what: str, say: Say) -> list[str]:
    say(f"pipeline, {what}")
    run = house.prefect.run("pipeline/shellcorp", say=_indented(say))
    return [] if run.succeeded else [_failure(run)]


def _break_and_run(house: House, layer: str, say: Say) -> list[str]:
    warehouse = _warehouse_settings(house)
    before = mart_fingerprints(warehouse)
    say(f"BREAK={layer}: bad rows are written into the source")
    house.shellcorp("break", layer, say=_indented(say))
    run = house.prefect.run("pipeline/shellcorp", say=_indented(say))
    after = mart_fingerprints(warehouse)
    if run.succeeded:
        return [f"{layer} was broken, and no gate closed"]
    kept = kept_marts(warehouse, run.id)
    changed = [mart for mart in kept if before.get(mart) != after.get(mart)]
    verdict = f"changed all the same: {', '.join(changed)}" if changed else "unchanged, row by row"
    return [
        f"{_failure(run)} (as BREAK={layer} wanted it)",
        f"the marts behind the closed gate ({', '.join(kept)}) are {verdict}",
    ]


def _prove(house: House, say: Say) -> list[str]:
    say(f"traffic stops: {house.stop_traffic()}")
    say("proof: every row of SQL Server against its mirror")
    run = house.prefect.run("prove/shellcorp", say=_indented(say))
    return [] if run.succeeded else [_failure(run)]


def _judge(statuses: list[TableStatus]) -> list[str]:
    problems = [f"{s.table}: not proven" for s in statuses if s.differences is None]
    problems += [f"{s.table}: {s.differences} differences" for s in statuses if s.differences]
    problems += [f"{s.table}: {s.state}" for s in statuses if s.state != "streaming"]
    return problems if statuses else ["nothing was replicated"]


def _print_summary(house: House, statuses: list[TableStatus], problems: list[str]) -> None:
    header = ["table", "rows", "from snapshot", "from changes", "lag s", "raw gate", "differences"]
    rows = [
        [s.table, s.rows, s.snapshot_rows, s.changes, s.lag_seconds, s.gate, s.differences] for s in statuses
    ]
    mails = sorted(house.home.mailbox.glob("*.html"))
    print(f"\n{text_table(header, rows)}\n")
    print(f"mail         {mails[-1] if mails else 'none'}  ({len(mails)} sent)")
    print(f"Data Docs    {house.home.data_docs / 'index.html'}")
    total = sum(s.differences or 0 for s in statuses)
    compared = sum(s.rows for s in statuses)
    print(f"proof        {compared:,} rows of {len(statuses)} tables compared, {total} differences")
    for problem in problems:
        print(f"OFF          {problem}")
    print(flush=True)


def _warehouse_settings(house: House) -> SnowflakeSettings:
    return SnowflakeSettings(_env_file=house.home.settings_file)


def _failure(run: FlowRun) -> str:
    return f"flow run “{run.name}” ended {run.state_name}: {run.message}"


def _indented(say: Say) -> Say:
    return lambda line: say(f"  │ {line}")
