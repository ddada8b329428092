"""What a person sees at the end of the demo: one table, the mail, the proof."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from sandbox.demo.house import House
from sandbox.service import fail

DEMO = '{"flow": "demo"}'

MARTS = """
SELECT table_name
FROM information_schema.tables
WHERE table_schema = 'MARTS' AND NOT CONTAINS(table_name, '__')
ORDER BY table_name
"""

KEPT_MARTS = """
SELECT UPPER(model)
FROM OPS.MODEL_RUNS
WHERE run_id = %s AND UPPER(layer) = 'MARTS' AND outcome NOT IN ('published', 'unchanged')
ORDER BY model
"""


@dataclass(frozen=True)
class TableStatus:
    """One line of `make status --json`."""

    table: str
    state: str
    rows: int
    snapshot_rows: int
    changes: int
    lag_seconds: float | None
    gate: str | None
    differences: int | None


def table_statuses(house: House) -> list[TableStatus]:
    """The status of every replicated table, as `python -m flows.status --json` prints it."""
    outcome = house.platform("flows.status", "--json")
    if outcome.returncode:
        fail(f"`python -m flows.status` failed:\n{outcome.stderr}")
    return [
        TableStatus(
            table=entry["table"],
            state=entry["state"],
            rows=entry["rows"],
            snapshot_rows=entry["snapshot_rows"],
            changes=entry["changes"],
            lag_seconds=entry["lag_seconds"],
            gate=entry["last_gate"] and entry["last_gate"]["outcome"],
            differences=entry["last_proof"] and entry["last_proof"]["differences"],
        )
        for entry in json.loads(outcome.stdout)["tables"]
    ]


def text_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain table; numbers to the right, `–` for what is not there."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(header), *cells]) for i in range(len(header))]
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(header))]

    def line(values: Sequence[str]) -> str:
        padded = (
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(values, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), line(["─" * width for width in widths]), *map(line, cells)])


def mart_fingerprints(settings: SnowflakeSettings) -> dict[str, str]:
    """A digest of every row of every published mart, to show which ones a run left as they were."""
    with connect_snowflake(settings, DEMO) as connection, connection.cursor() as cursor:

        def fetch(statement: str) -> list[tuple[object, ...]]:
            cursor.execute(statement)
            return cursor.fetchall()

        return {str(mart): _digest(fetch(f'SELECT * FROM MARTS."{mart}"')) for (mart,) in fetch(MARTS)}


def kept_marts(settings: SnowflakeSettings, run_id: str) -> list[str]:
    """The marts that a run did not publish: behind a closed gate, or downstream of one."""
    with connect_snowflake(settings, DEMO) as connection, connection.cursor() as cursor:
        cursor.execute(KEPT_MARTS, (run_id,))
        return [str(mart) for (mart,) in cursor.fetchall()]


def _digest(rows: list[tuple[object, ...]]) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_number(text: str) -> bool:
    return text == "–" or text.replace(",", "").replace(".", "").replace("-", "").isdigit()
