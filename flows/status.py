"""`python -m flows.status [--json]`: rows, cursor, lag, last gate and last proof of every table."""

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
from flows.ingest.health import TableHealth, read_health
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse.session import WarehouseSession

HEADER = ("table", "state", "rows", "cursor", "lag s", "last gate", "last proof")


def status() -> list[TableHealth]:
    """The health of every replicated table.

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


def as_json(tables: Sequence[TableHealth]) -> str:
    """For machines: `{"tables": […]}`, times as ISO 8601 in UTC."""
    return json.dumps({"tables": [asdict(table) for table in tables]}, default=str, indent=2)


def as_text(tables: Sequence[TableHealth]) -> str:
    """For people: one aligned line a table."""
    if not tables:
        return "Nothing is replicated yet: run the flow replicate (python -m flows.replicate)."
    lines = [HEADER, *map(_cells, tables)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _cells(table: TableHealth) -> tuple[str, ...]:
    gate, proof = table.last_gate, table.last_proof
    return (
        table.table,
        table.state,
        f"{table.rows:,}",
        table.cursor,
        f"{table.lag_seconds:,.1f}",
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
        tables = status()
    except (SettingsError, ConnectionFailed, ReplicationError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one line that says why
        sys.exit(1)
    print(as_json(tables) if arguments.json else as_text(tables))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
