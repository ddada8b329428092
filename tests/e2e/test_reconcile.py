"""Reconciliation over the network: what is wrong in a mirror is found to the key while others write."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import pytest

from flows.ingest import engine
from flows.ingest.context import Context, Limits
from flows.ingest.errors import ConcurrentRunError, SourceError
from flows.ingest.policies.policy import Policies, TablePolicy
from flows.ingest.reconcile import repairing
from flows.ingest.reconcile.compare import chosen_tables, reconcile_tables
from flows.ingest.reconcile.repairing import repair_table
from flows.ingest.reconcile.results import TableReconciliation, record
from flows.ingest.reconcile.search import Search
from flows.ingest.tables import registration
from tests.ingest.killing import die_at_a_moment
from tests.ingest.world import PATIENCE_SECONDS, World
from tests.places import Places

COLUMNS = {
    "yes": ("bit", "1"),
    "tiny": ("tinyint", "7"),
    "big": ("bigint", "9223372036854775806"),
    "wide": ("decimal(38, 10)", "-1.5"),
    "price": ("money", "0.5"),
    "ratio": ("float", "0.1"),
    "share": ("real", "0.1"),
    "code": ("char(4)", "'a'"),
    "name": ("varchar(20)", "'é '"),
    "title": ("nvarchar(20)", "N''"),
    "story": ("nvarchar(max)", "N'once|upon ~ a 🐚'"),
    "raw": ("varbinary(8)", "0x00"),
    "ref": ("uniqueidentifier", "'6F9619FF-8B86-D011-B42D-00C04FC964FF'"),
    "day": ("date", "'2026-01-31'"),
    "at": ("time(7)", "'23:59:59.9999999'"),
    "minute": ("smalldatetime", "'2026-01-31T12:34:00'"),
    "moment": ("datetime", "'2026-01-31T12:34:56.123'"),
    "precise": ("datetime2(7)", "'2026-01-31T12:34:56.1234567'"),
}
"""Columns of dbo.things: SQL Server's type, and a value."""

TABLES = {
    "things": ("id int NOT NULL PRIMARY KEY", tuple(COLUMNS)),
    "texts": ("id nvarchar(9) NOT NULL PRIMARY KEY", ("tiny", "price", "title", "story")),
}
"""Key and columns: of one the servers sort the keys alike, of the other they do not."""

ROWS, QUIET = 300, 200
"""Keys up to `QUIET` are written by nobody."""

OTHER = {
    "BOOLEAN": "NOT {0}",
    "NUMBER": "{0} - 1",
    "FLOAT": "{0} * 1.0000000001",
    "VARCHAR": "{0} || ' '",
    "BINARY": "TO_BINARY('0000', 'HEX')",
    "DATE": "DATEADD(day, 1, {0})",
    "TIME": "'23:59:59.9999998'::TIME(7)",
    "TIMESTAMP_NTZ": "DATEADD(minute, 1, {0})",
}
"""Of each Snowflake type another value, as near as can be."""
OTHER_OF = {"CODE": "RTRIM({0})", "REF": "LOWER({0})"}
"""Of columns whose text cannot be longer."""

FINE = Limits(chunk_rows=120)
LEAF_ROWS = 30


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(places, tmp_path_factory.mktemp("reconcile"), scale=0.002) as world:
        for name, (key, columns) in TABLES.items():
            declared = ", ".join(f"[{column}] {COLUMNS[column][0]} NULL" for column in columns)
            values = ", ".join(COLUMNS[column][1] for column in columns)
            world.execute(
                f"CREATE TABLE dbo.{name} ({key}, {declared})",
                f"INSERT INTO dbo.{name} SELECT value, {values} FROM GENERATE_SERIES(1, {ROWS})",
                f"EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'{name}', "
                "@role_name = NULL",
                f"GRANT SELECT ON dbo.{name} TO [{world.place.reader.user}]",
            )
        world.replicate(Limits())
        assert world.differences("THINGS", "TEXTS") == {}
        yield world


@contextmanager
def writing(world: World) -> Iterator[None]:
    """Somebody changes, deletes, inserts and renames rows beyond the quiet ones."""
    done = threading.Event()
    moments = random.Random(7)

    def write() -> None:
        while not done.wait(0.3):
            key, other = moments.randint(QUIET + 1, ROWS), moments.randint(QUIET + 1, ROWS)
            table = moments.choice(("things", "texts"))
            world.execute(
                f"UPDATE dbo.{table} SET tiny = {moments.randint(0, 255)} WHERE id = {key}",
                f"UPDATE dbo.{table} SET story = N'then {other}' WHERE id = {other}",
                f"DELETE FROM dbo.{table} WHERE id = {key}",
                f"INSERT INTO dbo.{table} (id, price, story) VALUES ({key}, {other}, N'new')",
            )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


def reconcile(world: World, *names: str, policies: Policies | None = None) -> dict[str, TableReconciliation]:
    with world.context("reconcile", FINE, policies=policies) as context:
        found = reconcile_tables(context, names, LEAF_ROWS) if names else reconcile_all(context)
        record(context, found)
    return {table.table: table for table in found}


def reconcile_all(context: Context) -> list[TableReconciliation]:
    return reconcile_tables(replace(context, limits=Limits()), sorted(context.tables))


def repair(world: World, found: TableReconciliation) -> int:
    with world.context("repair", FINE) as context:
        return repair_table(context, found)


def corrupt(world: World, *statements: str) -> None:
    with world.context("corrupt") as context:
        for statement in statements:
            assert context.warehouse.execute(statement) > 0, statement


def faults(world: World, table: str, quote: Callable[[int], Any]) -> tuple[list[str], dict[str, set[Any]]]:
    """Statements that make every kind of fault, each in a row of its own, and the keys that then differ."""
    with world.context() as context:
        columns = [
            column for column in context.tables[table].columns if column not in context.tables[table].key
        ]
    kinds = {column.name: column.mapping.snowflake.partition("(")[0] for column in columns}
    others = {name: OTHER_OF.get(name, OTHER[kind]).format(f'"{name}"') for name, kind in kinds.items()}
    statements = [
        f'UPDATE RAW.{table} SET "{name}" = {other} WHERE ID = {key!r}'
        for (name, other), key in zip(others.items(), map(quote, range(1, 100)), strict=False)
    ]
    different = set(map(quote, range(1, len(kinds) + 1)))
    doubled, empty, late, gone, buried, stranger = map(quote, (150, 151, 152, 153, 154, 99_999))
    copied = ", ".join(f'"{name}"' for name in kinds)
    statements += [
        f"INSERT INTO RAW.{table} SELECT * FROM RAW.{table} WHERE ID = {doubled!r}",
        f"UPDATE RAW.{table} SET TITLE = NULL WHERE ID = {empty!r}",
        f"UPDATE RAW.{table} SET TINY = 8, _POSITION = REPEAT('F', 50) WHERE ID = {late!r}",
        f"DELETE FROM RAW.{table} WHERE ID = {gone!r}",
        f"UPDATE RAW.{table} SET _DELETED = TRUE WHERE ID = {buried!r}",
        _stranger(table, copied, stranger, late),
    ]
    keys = {"different": different | {doubled, empty, late}, "missing": {gone, buried}, "surplus": {stranger}}
    return statements, keys


def wait_until_captured(world: World, instance: str, key: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while world.query(f"SELECT COUNT(*) FROM cdc.{instance}_CT WHERE id = '{key}'") == [(0,)]:
        assert time.monotonic() < deadline, "the capture job harvests nothing"
        time.sleep(0.1)


def _stranger(table: str, columns: str, key: Any, like: Any) -> str:
    return (
        f"INSERT INTO RAW.{table} (ID, {columns}, _POSITION, _DELETED) "
        f"SELECT {key!r}, {columns}, _POSITION, FALSE FROM RAW.{table} WHERE ID = {like!r}"
    )


def outcome(found: TableReconciliation) -> dict[str, set[Any]]:
    verdict = found.verdict
    return {kind: {key[0] for key in getattr(verdict, kind)} for kind in ("different", "missing", "surplus")}


def test_no_difference_is_seen_where_there_is_none_while_others_write(world: World) -> None:
    with writing(world), world.traffic(rate=5, seed=5):
        for _ in range(2):
            world.replicate(Limits())
            found = reconcile(world)
            assert {name: str(table) for name, table in found.items() if table.outcome == "different"} == {}
            assert "not compared" not in {table.outcome for table in found.values()}
    assert len(found) == 11


@pytest.mark.parametrize(("table", "quote"), [("THINGS", int), ("TEXTS", str)])
def test_every_fault_is_found_to_the_key_and_repaired_while_others_write(
    world: World, table: str, quote: Callable[[int], Any]
) -> None:
    statements, keys = faults(world, table, quote)
    with writing(world):
        world.replicate(Limits())
        corrupt(world, *statements)
        found = reconcile(world, table)[table]
        assert outcome(found) == keys
        assert found.source_rows == found.mirror_rows + 2 - 2, "two missing, one surplus, one doubled"
        assert repair(world, found) == found.differences
        world.execute(f"UPDATE dbo.{table.lower()} SET tiny = 9 WHERE id = '152'")
        wait_until_captured(world, f"dbo_{table.lower()}", "152")
        world.replicate(Limits())
        assert reconcile(world, table)[table].outcome == "equal", "a repaired row follows its later changes"
    rows = world.warehouse_rows(
        "SELECT OUTCOME, KEYS_MISSING, KEYS_SURPLUS, KEYS_DIFFERENT FROM OPS.RECONCILIATIONS "
        f"WHERE TABLE_NAME = '{table}' AND OUTCOME = 'different'"
    )
    assert rows == [("different", 2, 1, len(keys["different"]))]


def test_a_mirror_is_compared_where_it_stood_when_another_run_moves_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.replicate(Limits())
    before = world.warehouse_rows("SELECT LSN FROM OPS.CURSORS")[0][0]
    run = Search.run

    def overtaken(search: Search[Any]) -> Any:
        world.execute("UPDATE dbo.things SET tiny = 10, story = NULL WHERE id BETWEEN 50 AND 60")
        assert world.differences("THINGS") == {}
        return run(search)

    monkeypatch.setattr(Search, "run", overtaken)
    found = reconcile(world, "THINGS")["THINGS"]
    assert (found.lsn, found.outcome) == (before, "equal")
    assert found.parts_differing > 0, "those rows were judged by their before images"
    assert world.warehouse_rows("SELECT LSN FROM OPS.CURSORS")[0][0] > before


def test_two_repairs_at_once_and_one_that_is_overtaken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    corrupt(world, "DELETE FROM RAW.THINGS WHERE ID <= 10", "UPDATE RAW.THINGS SET TINY = 1 WHERE ID = 11")
    found = reconcile(world, "THINGS")["THINGS"]
    assert found.differences == 11
    land = repairing.land

    def too_late(*arguments: Any) -> Any:
        monkeypatch.setattr(repairing, "land", land)
        assert repair(world, found) == 11
        return land(*arguments)

    monkeypatch.setattr(repairing, "land", too_late)
    assert repair(world, found) == 11
    assert reconcile(world, "THINGS")["THINGS"].outcome == "equal"

    def overtaken(*arguments: Any) -> Any:
        world.execute("UPDATE dbo.things SET tiny = 12 WHERE id = 11")
        assert world.differences("THINGS") == {}
        return land(*arguments)

    monkeypatch.setattr(repairing, "land", overtaken)
    with pytest.raises(ConcurrentRunError, match="Another run went on with THINGS while it was repaired"):
        repair(world, found)
    assert reconcile(world, "THINGS")["THINGS"].outcome == "equal"


def repair_until_killed(world: World, found: TableReconciliation, seed: int) -> None:
    """In a forked child."""
    die_at_a_moment(seed)
    repair(world, found)
    sys.exit(0)


def test_a_repair_killed_anywhere_is_repeated(world: World) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    corrupt(
        world,
        "DELETE FROM RAW.TEXTS WHERE LENGTH(ID) = 1",
        "UPDATE RAW.TEXTS SET TINY = 0 WHERE LENGTH(ID) = 2",
    )
    found = reconcile(world, "TEXTS")["TEXTS"]
    assert found.differences == 99
    killed, fork = 0, get_context("fork")
    for attempt in range(3):
        run = fork.Process(target=repair_until_killed, args=(world, found, seed + attempt))
        run.start()
        run.join()
        killed += run.exitcode == -signal.SIGKILL
    assert repair(world, found) == 99
    again = reconcile(world, "TEXTS")["TEXTS"]
    assert str(again).endswith(f"0 differences at LSN {again.lsn}"), f"seed {seed}, {killed} killed"
    assert world.differences("TEXTS") == {}


def test_what_cannot_be_compared_is_said(world: World) -> None:
    policies = Policies(tables={"dbo.things": TablePolicy(hash=frozenset({"Name"}))}).with_salt(
        "of the tests"
    )
    found = reconcile(world, "THINGS", policies=policies)["THINGS"]
    assert found.outcome == "equal"
    assert "NAME (hashed by policy)" in found.not_hashed
    assert any(text.startswith("RATIO (a float") for text in found.not_hashed)
    keyless = Policies(tables={"dbo.things": TablePolicy(hash=frozenset({"id"}))})
    with world.context(policies=keyless) as context, pytest.raises(SourceError, match="its key column id"):
        chosen_tables(context, ["dbo.things"])
    with (
        world.context() as context,
        pytest.raises(SourceError, match=r"Table dbo\.none is not captured by CDC, or has no key"),
    ):
        chosen_tables(context, ["dbo.none"])
    with world.context() as context:
        assert chosen_tables(context, ["DBO.Things"]) == ["THINGS"]


def test_case_23_rows_that_a_partition_switch_moves_unseen_are_found_and_read_anew(world: World) -> None:
    """The stand-in has no partitions: these are the rows without a change that a switch leaves."""
    world.replicate(Limits())
    with world.context() as context:
        names = ", ".join(f'"{column.name}"' for column in context.tables["TEXTS"].columns[1:])
    corrupt(
        world, _stranger("TEXTS", names, "moved out", like="190"), "DELETE FROM RAW.TEXTS WHERE ID = '191'"
    )
    found = reconcile(world, "TEXTS")["TEXTS"]
    assert outcome(found) == {"different": set(), "missing": {"191"}, "surplus": {"moved out"}}
    with world.context(limits=Limits()) as context:
        registration.resync(context, ["dbo.texts"])
        engine.catch_up(context)
    again = reconcile(world, "TEXTS")["TEXTS"]
    assert again.outcome == "equal", f"{again} {outcome(again)}"


def test_a_table_without_differences_is_read_by_hash_alone(world: World) -> None:
    world.replicate(Limits())
    found = reconcile(world, "THINGS")["THINGS"]
    assert (found.outcome, found.parts, found.parts_differing) == ("equal", 3, 0)
    assert found.effort.source_rows == 2 + 3, "the ends of two ranges, and three sums"
    assert found.effort.warehouse_statements == 1
