"""What an incremental run of models costs beside their rebuild: work should grow with the change alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
from snowflake.snowpark import Session

from benchmarks.figures import Figure, ratio
from benchmarks.warehouse import settings_of
from deployments.connections import connect_snowflake, snowpark_session
from sandbox.process import Service
from snowpark_models.runner import ModelOutcome, Options, materialise, plan

LINES = 5_000_000
LINES_OF_AN_ORDER = 5
CHANGED = 10_000
MODELS = ("stg_orders", "stg_order_lines", "stg_payments", "stg_customers", "order_facts")

PLATFORM = """LPAD(SEQ::VARCHAR, 50, '0') AS _POSITION, '2026-01-02'::TIMESTAMP_NTZ(9) AS _COMMITTED_AT,
            FALSE AS _DELETED"""
NUMBERS = "SELECT SEQ4() AS SEQ FROM TABLE(GENERATOR(ROWCOUNT => {rows}))"
MIRRORS = {
    "CUSTOMERS": f"""
        SELECT SEQ::NUMBER(10,0) AS CUSTOMER_ID, 'REF'::VARCHAR(36) AS EXTERNAL_REF,
            'N'::VARCHAR(200) AS NAME,
            NULL::VARCHAR(320) AS EMAIL, 'DE'::VARCHAR(2) AS COUNTRY_CODE, 'public'::VARCHAR(20) AS SEGMENT,
            0::NUMBER(18,2) AS CREDIT_LIMIT, TRUE AS IS_ACTIVE, NULL::VARCHAR AS NOTES,
            '2026-01-01'::TIMESTAMP_NTZ(7) AS CREATED_AT, '2026-01-01'::TIMESTAMP_NTZ(7) AS UPDATED_AT,
            {PLATFORM}
        FROM ({NUMBERS.format(rows=1000)}) AS N""",
    "ORDERS": f"""
        SELECT SEQ::NUMBER(10,0) AS ORDER_ID, (SEQ % 1000)::NUMBER(10,0) AS CUSTOMER_ID,
            'placed'::VARCHAR(20) AS STATUS, 'EUR'::VARCHAR(3) AS CURRENCY_CODE,
            5::NUMBER(19,4) AS TOTAL_AMOUNT, '2026-01-01'::TIMESTAMP_NTZ(7) AS PLACED_AT,
            NULL::TIMESTAMP_NTZ(0) AS SHIPPED_AT, '2026-01-01'::TIMESTAMP_NTZ(7) AS UPDATED_AT, {PLATFORM}
        FROM ({NUMBERS.format(rows=LINES // LINES_OF_AN_ORDER)}) AS N""",
    "ORDER_LINES": f"""
        SELECT FLOOR(SEQ / {LINES_OF_AN_ORDER})::NUMBER(10,0) AS ORDER_ID,
            (SEQ % {LINES_OF_AN_ORDER} + 1)::NUMBER(5,0) AS LINE_NUMBER,
            'HW-00001'::VARCHAR(8) AS PRODUCT_CODE,
            1::NUMBER(10,0) AS QUANTITY, 1::NUMBER(19,4) AS UNIT_PRICE, 0::NUMBER(5,4) AS DISCOUNT_RATE,
            1::NUMBER(19,4) AS LINE_AMOUNT, {PLATFORM}
        FROM ({NUMBERS.format(rows=LINES)}) AS N""",
    "PAYMENTS": f"""
        SELECT 'P'::VARCHAR(36) AS PAYMENT_ID, SEQ::NUMBER(10,0) AS ORDER_ID, 'card'::VARCHAR(20) AS METHOD,
            'failed'::VARCHAR(20) AS STATUS, 1::NUMBER(19,4) AS AMOUNT, 'EUR'::VARCHAR(3) AS CURRENCY_CODE,
            '2026-01-01'::TIMESTAMP_NTZ(7) AS PAID_AT, NULL::BINARY AS PROVIDER_REF, {PLATFORM}
        FROM ({NUMBERS.format(rows=1)}) AS N""",
}
LEDGER = (
    "CREATE TABLE OPS.ARRIVALS (ARRIVAL NUMBER(19,0), TABLE_NAME VARCHAR, BATCH VARCHAR)",
    "CREATE TABLE OPS.CURSORS (PIPELINE VARCHAR, UPDATED_AT TIMESTAMP_NTZ(9), COMMITTED_AT TIMESTAMP_NTZ(9))",
    "CREATE TABLE OPS.REPLICATED_TABLES AS SELECT 'ORDER_LINES' AS TABLE_NAME, 'streaming' AS STATE",
    (
        "CREATE TABLE RAW.ORDER_LINES__CHANGES AS SELECT * EXCLUDE (_DELETED), 2 AS _OPERATION, "
        "NULL::VARCHAR AS _UNCHANGED, ''::VARCHAR AS _BATCH FROM RAW.ORDER_LINES WHERE FALSE"
    ),
)
LOG_SECOND = """
INSERT INTO RAW.ORDER_LINES__CHANGES
SELECT * EXCLUDE (_DELETED), 4, NULL, 'second' FROM RAW.ORDER_LINES WHERE {rows}"""
EVERY_NTH = LINES // CHANGED
WHICH = f"LINE_NUMBER = 1 AND ORDER_ID % {EVERY_NTH // 5} = 0"
CHANGE = (
    f"UPDATE RAW.ORDER_LINES SET QUANTITY = 2 WHERE {WHICH}",
    LOG_SECOND.format(rows=WHICH),
    "INSERT INTO OPS.ARRIVALS VALUES (2, 'ORDER_LINES', 'second')",
)


@dataclass(frozen=True)
class Work:
    """What a run of the models took."""

    seconds: float
    processor_seconds: float
    outcomes: list[ModelOutcome]

    @property
    def rows_written(self) -> int:
        """Rows of the tables that were built, or that an incremental run took away or brought."""
        return sum(
            (each.row_count or 0) if each.rows_changed is None else each.rows_changed
            for each in self.outcomes
            if each.decision.mode != "nothing"
        )


def run(folder: Path) -> Iterator[Figure]:
    """order_facts and its staging over 5,000,000 order lines, of which 10,000 change."""
    with Service.start("sandbox.snowflake", folder / "warehouse") as warehouse:
        settings = settings_of(warehouse)
        with closing(connect_snowflake(settings, "bench")) as connection:
            session = snowpark_session(connection)
            fill(session)
            rebuild = _build(session, warehouse, "first")
            for statement in CHANGE:
                session.sql(statement).collect()
            batch = _build(session, warehouse, "second")
    modes = ", ".join(f"{each.model.name} {each.decision.mode}" for each in batch.outcomes)
    yield Figure("rebuild", rebuild.seconds, "s", f"{rebuild.rows_written:,} rows written")
    yield Figure("  of the warehouse's processor", rebuild.processor_seconds, "s")
    yield Figure("incremental", batch.seconds, "s", modes)
    rows = ratio(batch.rows_written, rebuild.rows_written, "the rebuild", 0.1)
    yield Figure("  rows written", batch.rows_written, "rows", rows)
    used = ratio(batch.processor_seconds, rebuild.processor_seconds, "the rebuild", 0.1)
    yield Figure("  of the warehouse's processor", batch.processor_seconds, "s", used)


def fill(session: Session) -> None:
    """Make the mirrors and what replication keeps of them; all has arrived once."""
    for schema in ("RAW", "OPS"):
        session.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}").collect()
    for table, query in MIRRORS.items():
        session.sql(f"CREATE TABLE RAW.{table} AS {query}").collect()
    for statement in LEDGER:
        session.sql(statement).collect()
    arrivals = ", ".join(f"(1, '{table}', 'first')" for table in MIRRORS)
    session.sql(f"INSERT INTO OPS.ARRIVALS VALUES {arrivals}").collect()


def _build(session: Session, warehouse: Service, run_id: str) -> Work:
    process = psutil.Process(warehouse.process.pid)
    before, began = process.cpu_times(), time.perf_counter()
    outcomes = materialise(session, plan(MODELS), lambda _candidate: True, run_id, options=Options())
    after, seconds = process.cpu_times(), time.perf_counter() - began
    failed = [each.reason for each in outcomes if not each.is_published]
    if failed:
        raise SystemExit("\n".join(failed))
    used = after.user + after.system - before.user - before.system
    return Work(seconds, used, outcomes)
