"""What the gates of a table cost beside building it: looking at what changed alone, and at the whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
from snowflake.snowpark import Session

from benchmarks.figures import Figure, ratio
from benchmarks.model_work import LOG_SECOND, WHICH, fill
from benchmarks.warehouse import settings_of
from deployments.connections import connect_snowflake, snowpark_session
from expectations.gate import Gate, GateResult, Partition
from sandbox.process import Service
from snowpark_models.runner import Candidate, Options, materialise, plan
from snowpark_models.runner.sql.intake import has_arrived
from snowpark_models.sources import SOURCES

TABLE = "stg_order_lines"
PRODUCTS = "CREATE TABLE RAW.PRODUCTS AS SELECT 'HW-00001'::VARCHAR(8) AS PRODUCT_CODE, FALSE AS _DELETED"
CHANGE = (
    f"UPDATE RAW.ORDER_LINES SET QUANTITY = 2, LINE_AMOUNT = 2 WHERE {WHICH}",
    LOG_SECOND.format(rows=WHICH),
    "INSERT INTO OPS.ARRIVALS VALUES (2, 'ORDER_LINES', 'second')",
)
GATE_STATEMENTS = """
SELECT COUNT(*) FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000))
WHERE QUERY_TAG LIKE '{"flow": "gate", "model": "%.%' AND QUERY_TEXT NOT LIKE 'ALTER SESSION%'"""


@dataclass
class Cost:
    """What some work took, of the clock and of the warehouse's processor; of gates also their statements."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    statements: int = 0
    rows: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.seconds + other.seconds,
            self.processor_seconds + other.processor_seconds,
            self.statements + other.statements,
            self.rows + other.rows,
        )


@dataclass
class Bench:
    """A warehouse, the gate on it, and what the gates of the model that is being built have cost."""

    session: Session
    warehouse: Service
    gate: Gate
    on_changes: Cost
    on_the_whole: Cost

    def audit(self, built: Candidate) -> bool:
        """Pass the model's gate, both ways where there is a batch."""
        if built.batch is not None:
            self.on_changes += self.check(built.layer, built.table, built.location, Partition(built.batch))
        self.on_the_whole += self.check(built.layer, built.table, built.location, None)
        return True

    def build(self, run_id: str) -> Cost:
        """Build the model; what it took without its gates."""
        before, began = self._now(), time.perf_counter()
        gates = self.on_changes + self.on_the_whole
        (outcome,) = materialise(self.session, plan([TABLE]), self.audit, run_id, options=Options())
        if not outcome.is_published:
            raise SystemExit(outcome.reason)
        spent = (self.on_changes + self.on_the_whole).seconds - gates.seconds
        used = (self.on_changes + self.on_the_whole).processor_seconds - gates.processor_seconds
        return Cost(time.perf_counter() - began - spent, self._now() - before - used)

    def check(self, layer: str, table: str, location: str | None, since: Partition | None) -> Cost:
        """Pass a gate; what it took."""
        statements, before, began = self._statements(), self._now(), time.perf_counter()
        verdict: GateResult = self.gate.check(layer, table, location, since=since)
        cost = Cost(time.perf_counter() - began, self._now() - before)
        if verdict.failures:
            raise SystemExit(str(verdict))
        cost.statements = self._statements() - statements
        local = next(c for c in verdict.checks if c.expectation.startswith("PRODUCT_CODE is two capitals"))
        cost.rows = local.checked_rows or 0
        return cost

    def _now(self) -> float:
        used = psutil.Process(self.warehouse.process.pid).cpu_times()
        return float(used.user + used.system)

    def _statements(self) -> int:
        return int(self.session.sql(GATE_STATEMENTS).collect()[0][0])


def run(folder: Path) -> Iterator[Figure]:
    """stg_order_lines with its mirror over 5,000,000 order lines, of which 10,000 change."""
    with Service.start("sandbox.snowflake", folder / "warehouse") as warehouse:
        settings = settings_of(warehouse)
        with (
            closing(connect_snowflake(settings, "bench")) as connection,
            Gate(settings, "bench", folder / "data_docs") as gate,
        ):
            session = snowpark_session(connection)
            fill(session)
            session.sql(PRODUCTS).collect()
            bench = Bench(session, warehouse, gate, Cost(), Cost())
            whole = bench.check("raw", "order_lines", None, None)
            rebuild = bench.build("first")
            yield from _figures("rebuild", rebuild, whole + bench.on_the_whole, "on the whole")

            for statement in CHANGE:
                session.sql(statement).collect()
            bench.on_the_whole = Cost()
            arrived = Partition("RAW.ORDER_LINES", has_arrived(SOURCES["raw_order_lines"], 1, 2))
            changed = bench.check("raw", "order_lines", None, arrived)
            whole = bench.check("raw", "order_lines", None, None)
            batch = bench.build("second")
            yield from _figures("incremental", batch, changed + bench.on_changes, "on what changed")
            yield from _gates(batch, whole + bench.on_the_whole, "on the whole")


def _figures(name: str, build: Cost, gates: Cost, look: str) -> Iterator[Figure]:
    yield Figure(name, build.seconds, "s", f"{build.processor_seconds:.1f} s of the warehouse's processor")
    yield from _gates(build, gates, look)


def _gates(build: Cost, gates: Cost, look: str) -> Iterator[Figure]:
    yield Figure(f"  its two gates, {look}", gates.seconds, "s", ratio(gates.seconds, build.seconds, "it"))
    used = ratio(gates.processor_seconds, build.processor_seconds, "its")
    yield Figure("    of the warehouse's processor", gates.processor_seconds, "s", used)
    yield Figure("    statements", gates.statements, "", f"{gates.rows:,} rows by row-local rules")
