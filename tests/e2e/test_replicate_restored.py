"""The source is restored to an older state: replication sees it, says so, and leaves the mirrors alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from deployments.connections import connect_snowflake, connect_sql_server
from flows.ingest.errors import SourceError
from flows.ingest.health.status import read_health
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse.session import WarehouseSession
from tests.ingest.given import UTC
from tests.ingest.world import PATIENCE_SECONDS, PRODUCTS, World
from tests.places import Places

CHANGE = "UPDATE dbo.products SET list_price = list_price + {}"
MIRROR = "SELECT * FROM RAW.PRODUCTS ORDER BY PRODUCT_CODE"
MAX_LSN = "SELECT sys.fn_cdc_get_max_lsn()"


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("restored")) as world:
        world.capture(*PRODUCTS)
        yield world


def refusal(world: World) -> str:
    with pytest.raises(SourceError) as caught:
        world.replicate()
    return str(caught.value)


def harvested(world: World, change: str, times: int) -> bytes:
    """Run a change some times and wait until CDC has all of them; the max LSN then."""
    before = world.query(MAX_LSN)[0][0]
    world.execute(*[change] * times)
    deadline = time.monotonic() + PATIENCE_SECONDS
    count = (
        f"SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE start_lsn > 0x{before.hex()} AND tran_id <> 0x00"
    )
    while world.query(count) != [(times,)]:
        assert time.monotonic() < deadline, "the capture job harvests nothing"
        time.sleep(0.05)
    newest: bytes = world.query(MAX_LSN)[0][0]
    return newest


def test_a_restored_source_is_refused_whether_it_is_behind_the_cursor_or_beyond_it(world: World) -> None:
    database = world.database
    world.replicate()
    world.execute(f"BACKUP DATABASE {database} TO DISK = N'older.bak' WITH INIT")
    at = harvested(world, CHANGE.format(1), 3)
    world.replicate()
    before = world.warehouse_rows(MIRROR)
    world.execute(
        f"ALTER DATABASE {database} SET SINGLE_USER WITH ROLLBACK IMMEDIATE",
        "USE master",
        f"RESTORE DATABASE {database} FROM DISK = N'older.bak' WITH REPLACE, KEEP_CDC",
    )
    assert "before the cursor" in refusal(world)

    assert harvested(world, CHANGE.format(100), 5) > at
    message = refusal(world)
    assert "where the cursor is" in message
    assert "it was restored from a backup" in message
    assert "drop the schemas RAW and OPS" in message
    assert world.warehouse_rows(MIRROR) == before, "nothing of the other history reached the mirror"
    with (
        closing(connect_sql_server(world.place.reader, "test")) as source,
        closing(connect_snowflake(world.place.warehouse, '{"flow": "test"}')) as warehouse,
        pytest.raises(SourceError, match="it was restored from a backup"),
    ):
        read_health(SourceSession(source), WarehouseSession(warehouse), UTC)

    for schema in ("RAW", "OPS"):
        world.warehouse_rows(f"DROP SCHEMA {schema}")
    world.replicate()
    prices = [price for (price,) in world.query("SELECT list_price FROM dbo.products ORDER BY product_code")]
    mirror = world.warehouse_rows("SELECT LIST_PRICE FROM RAW.PRODUCTS ORDER BY PRODUCT_CODE")
    assert [price for (price,) in mirror] == prices
