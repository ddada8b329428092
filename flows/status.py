"""`python -m flows.status [--json]`: what needs somebody, the source, the last run, and every table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from zoneinfo import ZoneInfo

from deployments.connections import ConnectionFailed, connect_snowflake, connect_sql_server
from deployments.settings import SettingsError, load_settings
from flows.ingest.errors import ReplicationError
from flows.ingest.health.run import LastRun
from flows.ingest.health.status import Health, TableHealth, read_health
from flows.ingest.source.condition import NOT_PERMITTED
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse.session import WarehouseSession

HEADER = ("table", "state", "rows", "cursor", "lag s", "last gate", "last proof")


def status() -> Health:
    """The health of the source, the last run and every replicated table.

    Raises:
        SettingsError, ConnectionFailed, ReplicationError: each with one line that names the remedy.
    """
    settings = load_settings()
    with (
        closing(connect_sql_server(settings.sql_server, "platform: status")) as source,
        closing(connect_snowflake(settings.snowflake, json.dumps({"flow": "status"}))) as warehouse,
    ):
        zone = ZoneInfo(settings.sql_server.timezone)
        return read_health(SourceSession(source), WarehouseSession(warehouse), zone)


def as_json(health: Health) -> str:
    """For machines: `{"tables": […], "source": {…}, …}`, times as ISO 8601 in UTC."""
    known = {name: value for name, value in asdict(health).items() if health.tables or name == "tables"}
    return json.dumps(known, default=str, indent=2)


def as_text(health: Health) -> str:
    """For people: what needs them first, and one aligned line a table last."""
    if not health.tables:
        return "Nothing is replicated yet: run the flow replicate (python -m flows.replicate)."
    lines = [HEADER, *map(_cells, health.tables)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    return "\n".join(
        [
            *(f"! {problem}" for problem in health.problems or ()),
            *([] if health.problems else ["Nothing needs you."]),
            *_source_lines(health),
            *_run_lines(health.last_run),
            "",
            *(_aligned(line, widths) for line in lines),
        ]
    )


def _source_lines(health: Health) -> list[str]:
    source = health.source
    if source is None:
        return []
    errors = "not permitted" if source.errors is None else source.errors
    limit = {None: "not seen", -1: "unlimited"}.get(source.max_text_repl_size, source.max_text_repl_size)
    left = "?" if health.hours_left is None else f"{health.hours_left:.1f}"
    restored = f"{source.restored_at:%Y-%m-%d %H:%M}" if source.restored_at else "none seen"
    lines = [
        f"source    capture job {source.capture_job}, Agent {source.agent}, CDC errors {errors}",
        f"          {left} h to CDC's retention, max text repl size {limit}, last restore {restored}",
    ]
    if source.capture_job == NOT_PERMITTED:
        lines.append("          a stopped capture job is seen only 11 minutes after its last harvest")
    if source.grants:
        lines.append(f"          what the login may not see, it sees after: {'; '.join(source.grants)}")
    return lines


def _run_lines(run: LastRun | None) -> list[str]:
    if run is None:
        return []
    seconds, size = run.source_milliseconds / 1000, f"{run.warehouse_bytes / 1e6:,.1f} MB staged"
    return [
        f"last run  {run.checked_at:%Y-%m-%d %H:%M} UTC, {run.run_id}",
        f"          source: {run.source_queries:,} queries, {run.source_rows:,} rows, {seconds:,.1f} s",
        f"          Snowflake: {run.warehouse_statements:,} statements, {run.warehouse_rows:,} rows, {size}",
    ]


def _cells(table: TableHealth) -> tuple[str, ...]:
    gate, proof = table.last_gate, table.last_proof
    return (
        table.table,
        table.state,
        f"{table.rows:,}",
        f"copy of {table.copied_at:%Y-%m-%d %H:%M}" if table.copied_at else table.cursor,
        "–" if table.lag_seconds is None else f"{table.lag_seconds:,.1f}",
        f"{gate.outcome} {gate.checked_at:%Y-%m-%d %H:%M}" if gate else "–",
        f"{proof.differences:,} differences {proof.proved_at:%Y-%m-%d %H:%M}" if proof else "–",
    )


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    numbers = (HEADER.index("rows"), HEADER.index("lag s"))
    cells = (
        text.rjust(width) if place in numbers else text.ljust(width)
        for place, (text, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def main() -> None:
    """Print the status; one line on stderr and exit code 1 when a server is away."""
    parser = argparse.ArgumentParser(prog="flows.status", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args()
    try:
        health = status()
    except (SettingsError, ConnectionFailed, ReplicationError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one line that says why
        sys.exit(1)
    print(as_json(health) if arguments.json else as_text(health))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
