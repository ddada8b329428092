"""The flow `replicate`: bring the mirrors in RAW up to the newest captured commit of SQL Server.

`python -m flows.replicate` runs it in this process; with `--follow --minutes 60` it goes on for an hour.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed

from deployments.settings import Settings, load_settings
from flows.assets import source_key, tell_of_mirrors
from flows.failures import (
    TaskFailedError,
    failed,
    fails_in_one_line,
    only_tables_stand,
    result_of,
    was_overtaken,
)
from flows.going_on import go_on_with
from flows.ingest import engine
from flows.ingest.context import Limits
from flows.ingest.errors import ReplicationError
from flows.ingest.follow import Watch, follow
from flows.ingest.health.report import ReplicationReport
from flows.ingest.tables import registration
from flows.interrupts import until_interrupt
from flows.progress import PrefectProgress
from flows.run import name_this_run, this_run_id
from flows.sessions import read_policies, replication_context
from flows.shown import show_table

DEFAULTS = Limits()
FOLLOW_MINUTES = 60


@dataclass(frozen=True)
class Registered:
    """Tables that are read anew, and what was told while they were taken up; it belongs into the report."""

    tables: tuple[str, ...]
    warnings: tuple[str, ...]


@flow(name="replicate")
def replicate(
    resync: Sequence[str] = (),
    follow_minutes: float = 0,
    snapshot_rows_per_second: float | None = None,
    snapshot_share: float = DEFAULTS.snapshot_share,
    max_transactions_per_window: int = DEFAULTS.max_transactions_per_window,
    chunk_rows: int = DEFAULTS.chunk_rows,
    go_on: bool = False,
    run_id: str | None = None,
) -> State[Any]:
    """Take up new tables, then apply windows of changes and load chunks of snapshots until caught up.

    With `follow_minutes` it goes on for so long, and applies each commit soon after CDC has harvested it;
    Ctrl-C ends that earlier, as completed.

    Args:
        resync: tables to read anew, as `dbo.orders`; a run that dies is gone on with by the next one.
        follow_minutes: how long to go on after catching up; 0 ends the run then.
        snapshot_rows_per_second: how fast snapshots may read the source; as fast as they can without it.
        snapshot_share: of the time in which the source may be busy with snapshots, at most 1.
        max_transactions_per_window: how many of the source's transactions one Snowflake transaction applies.
        chunk_rows: how many rows one query of a snapshot reads.
        go_on: whether transform and report follow, as runs of their own.
        run_id: the run that this is part of; its own without one.
    """
    run_id, started_at = run_id or this_run_id(), datetime.now(UTC)
    try:
        limits = Limits(
            max_transactions_per_window,
            chunk_rows,
            snapshot_rows_per_second=snapshot_rows_per_second,
            snapshot_share=snapshot_share,
        )
        ended = bring_up_to_date(run_id, limits, resync, follow_minutes)
    except ReplicationError as error:
        ended = failed(error)
    if go_on:
        are_current = ended.is_completed() or only_tables_stand(ended)
        go_on_with("transform" if are_current else "report", run_id, started_at, ended)
    return ended


def bring_up_to_date(run_id: str, limits: Limits, resync: Sequence[str], follow_minutes: float) -> State[Any]:
    """Replicate, and tell of what was done; how the flow ends."""
    try:
        registered = result_of(register_tables(run_id, limits, resync, return_state=True))
        if follow_minutes:
            report = result_of(
                follow_source(run_id, limits, follow_minutes, registered.warnings, return_state=True)
            )
        else:
            report = result_of(catch_up(run_id, limits, registered.warnings, return_state=True))
    except TaskFailedError as failure:
        return failure.as_state()
    publish_table(report)
    settings = load_settings()
    tell_of_mirrors(settings, report)
    tell_of_lag(settings, report)
    name_this_run(
        f"{report.snapshot_rows:,} rows, {report.changes:,} changes, lag {report.lag_seconds:.0f} s"
    )
    return Completed(message=report.summary, data=report)


ANOTHER_RUN_IS_FASTER: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": 5,
    "retry_condition_fn": was_overtaken,
}


@task(task_run_name="take up tables", cache_policy=NO_CACHE, **ANOTHER_RUN_IS_FASTER)
@fails_in_one_line
def register_tables(run_id: str, limits: Limits, resync: Sequence[str] = ()) -> Registered:
    """Discover the captured tables and plan a snapshot of those that are new or have a gap."""
    with replication_context("replicate", run_id, limits, PrefectProgress()) as context:
        tables = registration.register(context)
        registration.resync(context, resync)
        return Registered(tuple(tables), tuple(context.tally.warnings))


@task(task_run_name="catch up", cache_policy=NO_CACHE, **ANOTHER_RUN_IS_FASTER)
@fails_in_one_line
def catch_up(run_id: str, limits: Limits, warnings: Sequence[str] = ()) -> ReplicationReport:
    """Apply windows and load chunks until the mirrors are where the source was."""
    with replication_context("replicate", run_id, limits, PrefectProgress()) as context:
        context.tally.warnings += warnings
        return engine.catch_up(context)


@task(task_run_name="follow the source for {minutes} min", cache_policy=NO_CACHE, **ANOTHER_RUN_IS_FASTER)
@fails_in_one_line
def follow_source(
    run_id: str, limits: Limits, minutes: float, warnings: Sequence[str] = ()
) -> ReplicationReport:
    """Catch up, then apply each commit soon after its harvest, until the time is up or Ctrl-C."""

    def work(stop: Event) -> ReplicationReport:
        with replication_context("replicate", run_id, limits, PrefectProgress()) as context:
            context.tally.warnings += warnings
            return follow(context, Watch(60 * minutes, stop), read_policies)

    return until_interrupt(work)


def publish_table(report: ReplicationReport) -> None:
    """What the run did for each table, in Prefect's UI."""
    rows = [
        {
            "table": table.table,
            "source": table.source,
            "state": table.state,
            "rows by snapshot": table.snapshot_rows,
            "changes": table.changes,
            "lag s": round(report.lag_seconds, 1),
        }
        for table in report.tables
    ]
    notes = "\n".join(f"- {warning}" for warning in report.warnings)
    show_table("replicated", rows, f"{report.summary}\n{notes}")


def tell_of_lag(settings: Settings, report: ReplicationReport) -> None:
    """The event `shellcorp.replication.lagging`, where the last commit that arrived is too old."""
    if report.age_seconds > settings.lag_limit_seconds:
        emit_event(
            event="shellcorp.replication.lagging",
            resource={"prefect.resource.id": source_key(settings.sql_server)},
            payload={
                "run": report.run_id,
                "lag_seconds": round(report.age_seconds),
                "limit_seconds": settings.lag_limit_seconds,
                "committed_at": str(report.committed_at),
            },
        )


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="flows.replicate", description=__doc__)
    parser.add_argument(
        "--follow", action="store_true", help="go on applying what is committed; Ctrl-C ends it"
    )
    parser.add_argument("--minutes", type=float, help="how long to follow (default: 60)")
    parser.add_argument("--resync", nargs="+", metavar="TABLE", help="read tables anew, beside the stream")
    parser.add_argument("--rows-per-second", type=float, help="how fast snapshots may read the source")
    parser.add_argument("--share", type=float, default=1, help="of the time that snapshots may keep it busy")
    given = parser.parse_args()
    if given.minutes is not None and not (given.follow and given.minutes > 0):
        parser.error("--minutes says how long to --follow, and is more than 0")
    return given


if __name__ == "__main__":
    given = arguments()
    state = replicate(
        follow_minutes=(given.minutes or FOLLOW_MINUTES) if given.follow else 0,
        resync=given.resync or (),
        snapshot_rows_per_second=given.rows_per_second,
        snapshot_share=given.share,
        return_state=True,
    )
    if not state.is_completed():
        print(state.message, file=sys.stderr)  # noqa: T201 - the one line that says why
        sys.exit(1)
