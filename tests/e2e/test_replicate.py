"""Replication over the network, from the stand-in SQL Server to the stand-in Snowflake, under traffic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Timer
from typing import Any

import pytest

from flows.ingest import engine, pipeline
from flows.ingest.context import Limits
from flows.ingest.errors import ConcurrentRunError, SourceError, WarehouseError
from flows.ingest.lsn import POSITION_DIGITS
from flows.ingest.policies.policy import Policies, TablePolicy
from flows.ingest.progress import Silence
from flows.ingest.source.harvest import Harvest
from flows.ingest.tables import registration
from tests.ingest.world import World
from tests.places import Places

NINE = {
    "ACCOUNTS",
    "ACTIVITIES",
    "CUSTOMERS",
    "ORDERS",
    "ORDER_LINES",
    "PAYMENTS",
    "PORTAL_SESSIONS",
    "PRODUCTS",
    "SUPPORT_TICKETS",
}

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(places, tmp_path_factory.mktemp("replicate"), scale=0.005) as world:
        yield world


def test_a_second_run_at_once_rolls_back_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.replicate()
    world.execute("UPDATE dbo.products SET list_price = list_price + 1")
    assert world.differences() == {}
    world.execute("UPDATE dbo.products SET list_price = list_price + 1")
    in_time = pipeline.apply_window

    def too_late(*arguments: object) -> None:
        monkeypatch.setattr(pipeline, "apply_window", in_time)
        world.replicate(run_id="first")
        in_time(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "apply_window", too_late)
    with pytest.raises(ConcurrentRunError, match=f"moved the cursor of pipeline {world.database}"):
        replicate_until_a_window(world)
    assert world.differences() == {}
    staged = [str(row[0]) for row in world.warehouse_rows("LIST @OPS.LANDING")]
    assert not [path for path in staged if "-second/" in path], "nothing is left on the stage"


def replicate_until_a_window(world: World) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        world.replicate(run_id="second")


def test_a_change_log_has_every_change_once_in_order(world: World) -> None:
    assert world.differences() == {}
    for table in ("ORDERS", "ORDER_LINES", "CUSTOMERS"):
        positions = world.warehouse_rows(
            f"SELECT _POSITION, COUNT(*) FROM RAW.{table}__CHANGES WHERE _OPERATION > 0 "
            "GROUP BY _POSITION HAVING COUNT(*) > 1"
        )
        assert positions == []


def test_hard_values_arrive_as_they_are(world: World) -> None:
    world.execute(
        """INSERT INTO dbo.customers
        (external_ref, name, country_code, segment, is_active, notes, created_at, updated_at)
        VALUES ('6F9619FF-8B86-D011-B42D-00C04FC964FF', N'Ægir; O''Brien 🐚', 'DK', 'consumer', 1,
            REPLICATE(CONVERT(nvarchar(max), N'ø'), 100000), '2026-01-01T00:00:00.123',
            '2026-01-01T00:00:00.1234567')""",
    )
    assert world.differences() == {}
    customer = "external_ref = '6F9619FF-8B86-D011-B42D-00C04FC964FF'"
    world.execute(f"UPDATE dbo.customers SET updated_at = '2026-01-01T00:00:00.1234568' WHERE {customer}")
    assert world.differences() == {}
    found = world.warehouse_rows(
        "SELECT NAME, LENGTH(NOTES), TO_CHAR(UPDATED_AT, 'FF7') FROM RAW.CUSTOMERS "
        "WHERE EXTERNAL_REF = '6F9619FF-8B86-D011-B42D-00C04FC964FF'"
    )
    assert found == [("Ægir; O'Brien 🐚", 100_000, "1234568")]


def test_a_changed_key_leaves_a_tombstone_and_a_new_row(world: World) -> None:
    (old,) = world.query("SELECT TOP (1) account_number FROM dbo.accounts ORDER BY account_number")[0]
    world.execute(f"UPDATE dbo.accounts SET account_number = 'SC-0000000000' WHERE account_number = '{old}'")
    assert world.differences() == {}
    assert world.warehouse_rows(
        "SELECT ACCOUNT_NUMBER, _DELETED FROM RAW.ACCOUNTS "
        f"WHERE ACCOUNT_NUMBER IN ('{old}', 'SC-0000000000') ORDER BY _DELETED"
    ) == [("SC-0000000000", False), (old, True)]


def test_a_history_shows_the_source_as_it_was_at_each_commit(world: World) -> None:
    """Also beyond a snapshot that reads the table anew in between; the view goes when its policy does."""
    product = "product_code = (SELECT MIN(product_code) FROM dbo.products)"
    states: dict[str, list[tuple[Any, ...]]] = {}
    for statement in (
        f"DELETE FROM dbo.products WHERE {product}",
        f"UPDATE dbo.products SET product_code = 'ZZ-00001' WHERE {product}",
    ):
        world.execute(statement)
        assert world.differences("PRODUCTS") == {}
        with world.context() as context:
            states[context.ledger.require_cursor().lsn.hex] = products(world)
    with world.context() as context:
        registration.start_snapshot(context, context.tables["PRODUCTS"])
    world.replicate(policies=Policies(tables={"dbo.products": TablePolicy(history=True)}))
    for lsn, rows in states.items():
        at = f"'{lsn.ljust(POSITION_DIGITS, 'F')}'"
        found = world.warehouse_rows(
            f"SELECT PRODUCT_CODE, LIST_PRICE FROM RAW.PRODUCTS__HISTORY WHERE _FROM_POSITION <= {at} "
            f"AND ({at} < _TO_POSITION OR _TO_POSITION IS NULL) ORDER BY PRODUCT_CODE"
        )
        assert found == rows
    with world.context() as context:
        registration.register(context)
    assert world.warehouse_rows("SELECT * FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_SCHEMA = 'RAW'") == []


def products(world: World) -> list[tuple[Any, ...]]:
    return world.query("SELECT product_code, list_price FROM dbo.products ORDER BY product_code")


def test_an_idle_run_reads_little_and_moves_nothing(world: World) -> None:
    world.differences()
    report = world.replicate()
    assert (report.snapshot_rows, report.changes) == (0, 0)
    assert report.source_queries < 25
    assert report.lag_seconds == 0


def test_a_gap_is_never_skipped_the_table_is_read_anew_and_the_others_go_on(world: World) -> None:
    world.differences()
    world.execute(
        "DELETE FROM dbo.products WHERE product_code = (SELECT MIN(product_code) FROM dbo.products)"
    )
    wait_until_captured(world, "dbo_products")
    newest = world.query("SELECT sys.fn_cdc_get_max_lsn()")[0][0].hex()
    world.execute(
        "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_products', "
        f"@low_water_mark = 0x{newest}"
    )
    world.execute("UPDATE dbo.products SET list_price = list_price + 1")
    report = world.replicate()
    assert [warning for warning in report.warnings if "dbo.products has a gap" in warning]
    rows = {table.table: table.snapshot_rows for table in report.tables}
    assert rows.pop("PRODUCTS") > 0
    assert set(rows.values()) == {0}, "only the table with the gap is read anew"
    assert world.differences() == {}


def wait_until_captured(world: World, instance: str) -> None:
    """Wait until the last commit on a table is in its change table."""
    before = world.query(f"SELECT COUNT(*) FROM cdc.{instance}_CT")
    deadline = time.monotonic() + 20
    while world.query(f"SELECT COUNT(*) FROM cdc.{instance}_CT") == before and time.monotonic() < deadline:
        time.sleep(0.1)


def test_a_new_table_is_taken_up_and_a_dropped_instance_fails_loudly(world: World) -> None:
    world.execute(
        "CREATE TABLE dbo.notes (id datetime2(7) NOT NULL PRIMARY KEY, text nvarchar(50) NULL)",
        "INSERT INTO dbo.notes VALUES ('2026-01-01T00:00:00.0000001', N'a')",
        "INSERT INTO dbo.notes VALUES ('2026-01-01T00:00:00.0000002', N'b')",
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'notes', @role_name = NULL",
        f"GRANT SELECT ON dbo.notes TO [{world.place.reader.user}]",
    )
    assert world.differences() == {}
    assert world.warehouse_rows("SELECT COUNT(*) FROM RAW.NOTES WHERE NOT _DELETED") == [(2,)]
    world.execute(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'notes', "
        "@capture_instance = N'dbo_notes'",
        "UPDATE dbo.products SET list_price = list_price + 1",
    )
    wait_until_captured(world, "dbo_products")
    with pytest.raises(SourceError, match=r"Table dbo\.notes is no longer captured by CDC"):
        world.replicate()
    with world.context() as context:
        context.warehouse.execute("DELETE FROM OPS.REPLICATED_TABLES WHERE TABLE_NAME = 'NOTES'")
    assert world.differences() == {}, "the others went on"


def test_chunks_of_any_key_cover_their_table(world: World) -> None:
    """Text, GUID and composite keys, cut small; the rows of the mirrors were all read by chunks."""
    assert world.differences() == {}
    with world.context(limits=Limits(chunk_rows=150)) as context:
        for name in ("ACCOUNTS", "PAYMENTS", "ORDER_LINES"):
            registration.start_snapshot(context, context.tables[name])
        report = engine.catch_up(context)
    rows = {table.table: table.snapshot_rows for table in report.tables}
    for name in ("ACCOUNTS", "PAYMENTS", "ORDER_LINES"):
        assert (rows[name],) == world.query(f"SELECT COUNT(*) FROM dbo.{name.lower()}")[0]
    assert world.differences() == {}


class OrderPlacedMeanwhile(Silence):
    """An order is committed between the chunks of two tables; CDC harvests it a second after the last."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.late_harvest = Timer(1.0, world.execute, ["EXEC sys.sp_cdc_start_job @job_type = N'capture'"])

    def step(self, message: str) -> None:
        if message.startswith("ORDERS: chunk"):
            self.world.execute(
                "EXEC sys.sp_cdc_stop_job @job_type = N'capture'",
                "INSERT INTO dbo.orders"
                " (customer_id, status, currency_code, total_amount, placed_at, updated_at)"
                " VALUES (1, 'placed', 'EUR', 10, GETDATE(), GETDATE())",
                "INSERT INTO dbo.order_lines"
                " SELECT MAX(order_id), 1, 'AA-00001', 1, 10, 0, 10 FROM dbo.orders",
            )
        if message.startswith("ORDER_LINES: chunk"):
            self.late_harvest.start()


def test_a_snapshot_ends_where_all_tables_are_at_one_commit(world: World) -> None:
    """A chunk can be newer than CDC's max LSN: the run goes on until CDC knows what the chunk has seen."""
    assert world.differences() == {}
    meanwhile = OrderPlacedMeanwhile(world)
    with world.context(limits=Limits(), progress=meanwhile) as context:
        for name in ("ORDERS", "ORDER_LINES"):
            registration.start_snapshot(context, context.tables[name])
        engine.catch_up(context)
    meanwhile.late_harvest.join()
    orphans = """
        SELECT COUNT(*)
        FROM RAW.ORDER_LINES AS l
        LEFT JOIN RAW.ORDERS AS o ON o.ORDER_ID = l.ORDER_ID AND NOT o._DELETED
        WHERE NOT l._DELETED AND o.ORDER_ID IS NULL
    """
    assert world.warehouse_rows(orphans) == [(0,)]
    assert world.differences() == {}


def test_a_table_that_another_run_registers_meanwhile_is_read_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between this run's reading of chunks and its look at which snapshots are complete."""
    assert world.differences() == {}
    load = pipeline.apply_chunks

    def registered_meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(pipeline, "apply_chunks", load)
        with world.context("other") as other:
            registration.start_snapshot(other, other.tables["PAYMENTS"])
        load(*arguments)

    monkeypatch.setattr(pipeline, "apply_chunks", registered_meanwhile)
    monkeypatch.setattr(Harvest, "is_past_mark", lambda _: True)  # as under traffic: it ends without a wait
    with world.context() as context:
        registration.start_snapshot(context, context.tables["PRODUCTS"])
        report = engine.catch_up(context)
    rows = {table.table: table.snapshot_rows for table in report.tables}
    assert (rows["PAYMENTS"],) == world.query("SELECT COUNT(*) FROM dbo.payments")[0]


def test_reading_ends_its_transaction_also_when_landing_fails(world: World) -> None:
    """An open transaction would hold up the source's version cleanup."""
    with world.context() as context:
        with pytest.raises(WarehouseError), context.source.transaction():
            raise WarehouseError("Snowflake is away")
        assert context.source.scalar("SELECT @@TRANCOUNT") == 0


def test_the_cost_on_the_source_is_known_by_table(world: World) -> None:
    world.execute("UPDATE dbo.products SET list_price = list_price + 1")
    assert world.differences() == {}
    rows = world.warehouse_rows(
        "SELECT SUM(SOURCE_QUERIES), SUM(SOURCE_ROWS) FROM OPS.REPLICATION_RUNS WHERE TABLE_NAME = 'PRODUCTS'"
    )
    assert rows[0][0] > 0
    assert rows[0][1] > 0
    (newest, *_) = world.warehouse_rows(
        "SELECT CAPTURE_JOB, AGENT, ROUND(HOURS_TO_RETENTION), TABLES_NOT_STREAMING, SOURCE_QUERIES > 0, "
        "WAREHOUSE_STATEMENTS > 0, WARNINGS FROM OPS.REPLICATION_HEALTH ORDER BY CHECKED_AT DESC"
    )
    assert newest == ("running", "not permitted", 72, 0, True, True, "[]")
