"""Snapshots by chunks over keys of any type: killed, resumed, begun anew under traffic, by priority."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context

import pytest

from flows.ingest import engine
from flows.ingest.context import Limits
from flows.ingest.errors import SourceError
from flows.ingest.policies.policy import Policies, TablePolicy
from flows.ingest.progress import Silence
from flows.ingest.tables import registration
from tests.ingest.killing import die
from tests.ingest.world import World
from tests.places import Places

pytestmark = pytest.mark.live

SMALL_CHUNKS = Limits(chunk_rows=9, chunks_per_round=3)
ROWS = 24
KEYS: dict[str, tuple[str, Callable[[int], str]]] = {
    "by_text": ("k varchar(20) COLLATE Latin1_General_BIN2", lambda n: f"'{chr(90 - n)}{chr(97 + n)}''s'"),
    "by_guid": (
        "k uniqueidentifier",
        lambda n: f"'{n * 2654435761 % 2**32:08X}-0000-0000-0000-{n:012}'",
    ),
    "by_time": ("k datetime2(7)", lambda n: f"'2026-01-01T00:00:00.{n:07}'"),
    "by_old_time": ("k datetime", lambda n: f"'2026-01-01T00:00:00.{n * 10:03}'"),
    "by_bytes": ("k varbinary(8)", lambda n: f"0x{n * 77:06X}"),
    "by_decimal": ("k decimal(20, 6)", lambda n: f"{n - 12}.000001"),
}
"""By table: its key column, and the key of row n as a literal."""
PAIRS = "by_pair"


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("resync")) as world:
        world.replicate()
        for table, (column, key) in KEYS.items():
            capture(world, table, f"{column} NOT NULL PRIMARY KEY", key)
        capture(
            world,
            PAIRS,
            "a nvarchar(9) NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)",
            lambda n: f"N'ø{n % 3}', {n}",
        )
        world.execute("UPDATE dbo.by_guid SET story = REPLICATE(CONVERT(nvarchar(max), N'æ'), 9000)")
        yield world


def capture(world: World, table: str, key: str, key_of: Callable[[int], str]) -> None:
    rows = ", ".join(f"({key_of(n)}, {n})" for n in range(ROWS))
    names = "a, b" if table == PAIRS else "k"
    world.capture(table, f"{key}, v int NOT NULL, story nvarchar(max) NULL", f"({names}, v) VALUES {rows}")


@dataclass
class AtChunk(Silence):
    """Does something when a chunk was loaded."""

    do: Callable[[int, str], None]
    chunks: int = 0

    def step(self, message: str) -> None:
        if " loaded, " in message:
            self.chunks += 1
            self.do(self.chunks, message.split(":")[0])


def replicate_until_chunk(world: World, number: int) -> None:
    """For a forked child: replicate until that many chunks are loaded, then die."""
    progress = AtChunk(lambda chunks, _: die() if chunks == number else None)
    with world.context(limits=SMALL_CHUNKS, progress=progress) as context:
        registration.register(context)
        engine.catch_up(context)


def test_a_snapshot_over_keys_of_any_type_is_resumed_where_it_was_killed(world: World) -> None:
    for number in (2, 8):
        run = get_context("fork").Process(target=replicate_until_chunk, args=(world, number))
        run.start()
        run.join()
        assert run.exitcode == -signal.SIGKILL
    loaded: list[str] = []
    progress = AtChunk(lambda _, table: loaded.append(table))
    with world.context(limits=SMALL_CHUNKS, progress=progress) as context:
        report = engine.catch_up(context)
    rows = {table.table: table.snapshot_rows for table in report.tables}
    assert 0 < sum(rows.values()) < ROWS * (len(KEYS) + 1), "the chunks of the killed runs are not read again"
    names = [name.upper() for name in (*KEYS, PAIRS)]
    assert sorted(
        world.warehouse_rows(
            "SELECT TABLE_NAME, SUM(ROW_COUNT), COUNT(*) > 2 FROM OPS.SNAPSHOT_CHUNKS "
            "WHERE TABLE_NAME LIKE 'BY%' GROUP BY TABLE_NAME"
        )
    ) == sorted((name, ROWS, True) for name in names)
    assert world.differences(*names) == {}


def test_a_table_is_read_anew_under_traffic_in_order_of_priority(world: World) -> None:
    world.execute("UPDATE dbo.by_text SET v = 0", "UPDATE dbo.by_guid SET v = 0")
    assert world.differences("BY_TEXT", "BY_GUID") == {}
    loaded: list[str] = []

    def write(_: int, table: str) -> None:
        loaded.append(table)
        world.execute("UPDATE dbo.by_text SET v = v + 1", "DELETE TOP (1) FROM dbo.by_guid")

    policies = Policies(tables={"dbo.by_text": TablePolicy(priority=1)})
    with world.context(limits=SMALL_CHUNKS, progress=AtChunk(write), policies=policies) as context:
        context.warehouse.execute("UPDATE RAW.BY_TEXT SET STORY = 'eaten'")
        context.warehouse.execute("DELETE FROM RAW.BY_GUID WHERE V < 5")
        registration.resync(context, ["dbo.By_Guid", "BY_TEXT"])
        registration.resync(context, ["dbo.by_guid"])  # goes on
        engine.catch_up(context)
    assert loaded[:3] == ["BY_TEXT"] * 3
    assert set(loaded[3:]) == {"BY_GUID"}
    assert world.differences("BY_TEXT", "BY_GUID") == {}


def test_a_name_that_is_no_table_is_one_line_and_begins_nothing(world: World) -> None:
    with world.context() as context:
        with pytest.raises(SourceError, match=r"dbo\.makers: no such table is replicated; there are dbo\."):
            registration.resync(context, ["dbo.markers", "dbo.makers"])
        assert context.ledger.tables()["MARKERS"].state == "streaming"
