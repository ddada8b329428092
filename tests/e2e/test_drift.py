"""Schema drift over the network: mirrors follow their tables' columns, and no value is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flows.ingest import engine
from flows.ingest.errors import SourceError
from flows.ingest.health.report import ReplicationReport
from flows.ingest.policies.policy import Policies, TablePolicy
from flows.ingest.tables import registration
from tests.ingest.world import World
from tests.places import Places

TABLES = {
    "colours": "name varchar(10)",
    "owned": "name varchar(10)",
    "widening": "name varchar(10), amount int",
    "retyped": "amount decimal(9, 2), code int",
    "dropping": "name varchar(10), extra int",
    "revived": "extra int",
    "frozen": "name varchar(10)",
    "discarding": "name varchar(10)",
    "leaving": "name varchar(10)",
    "lost": "name varchar(10)",
    "rekeyed": "code int NOT NULL UNIQUE",
    "crowded": "name varchar(10)",
    "racing": "name varchar(10)",
}
"""A table a test, each with the columns that it has beside its key `id`."""


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("drift")) as world:
        reader = world.place.reader.user
        for table, columns in TABLES.items():
            world.execute(
                f"CREATE TABLE dbo.{table} (id int NOT NULL PRIMARY KEY, {columns})",
                f"INSERT INTO dbo.{table} (id) VALUES (1), (2)"
                if table != "rekeyed"
                else "INSERT INTO dbo.rekeyed VALUES (1, 10), (2, 20)",
                f"GRANT SELECT ON dbo.{table} TO [{reader}]",
                enable(table),
            )
        run(world)
        yield world


def run(world: World, **policies: TablePolicy) -> ReplicationReport:
    """Replicate all that was committed until now."""
    world.mark()
    of_tables = Policies(tables={f"dbo.{table}": policy for table, policy in policies.items()})
    with world.context(policies=of_tables) as context:
        return engine.catch_up(context)


def enable(table: str, instance: str | None = None) -> str:
    return (
        f"EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'{table}', "
        f"@capture_instance = N'{instance or f'dbo_{table}'}', @role_name = NULL"
    )


def disable(table: str, instance: str | None = None) -> str:
    return (
        f"EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'{table}', "
        f"@capture_instance = N'{instance or f'dbo_{table}'}'"
    )


def mirror(world: World, table: str, columns: str) -> list[tuple[Any, ...]]:
    return world.warehouse_rows(f"SELECT {columns} FROM RAW.{table.upper()} WHERE NOT _DELETED ORDER BY ID")


def log(world: World, table: str, columns: str) -> list[tuple[Any, ...]]:
    """The changes of a table's change log, in order."""
    return world.warehouse_rows(
        f"SELECT _OPERATION, {columns} FROM RAW.{table.upper()}__CHANGES "
        "WHERE _OPERATION > 0 ORDER BY _POSITION"
    )


def warning(report: ReplicationReport, part: str) -> str:
    (found,) = [line for line in report.warnings if part in line]
    return found


def test_case_17_an_added_column_arrives_with_what_was_written_before_the_new_instance(world: World) -> None:
    world.execute(
        "ALTER TABLE dbo.colours ADD depth int NOT NULL DEFAULT 7",
        "UPDATE dbo.colours SET depth = 8 WHERE id = 2",
        "INSERT INTO dbo.colours VALUES (3, 'cyan', 9)",
    )
    told = warning(run(world), "no capture instance has the column depth (int)")
    statement = "EXEC sys.sp_cdc_enable_table" + told.split("EXEC sys.sp_cdc_enable_table")[1].split(";")[0]
    assert mirror(world, "colours", "ID") == [(1,), (2,), (3,)], "the run goes on with what it has"
    world.execute(
        "INSERT INTO dbo.colours VALUES (4, 'blue', 10)",
        statement,
        "UPDATE dbo.colours SET name = 'lime' WHERE id = 2",
        "UPDATE dbo.colours SET depth = 11 WHERE id = 3",
    )
    told = warning(run(world), "is now followed with the capture instance dbo_colours_v2")
    assert disable("colours") in told
    assert mirror(world, "colours", "ID, NAME, DEPTH") == [
        (1, None, 7),
        (2, "lime", 8),
        (3, "cyan", 11),
        (4, "blue", 10),
    ]
    assert log(world, "colours", "ID, NAME, DEPTH") == [
        (2, 3, "cyan", None),
        (2, 4, "blue", None),
        (3, 2, None, 8),
        (4, 2, "lime", 8),
        (3, 3, "cyan", 9),
        (4, 3, "cyan", 11),
    ]
    world.execute(disable("colours"), "DELETE FROM dbo.colours WHERE id = 1")
    assert not run(world).snapshot_rows, "the old instance is not needed any more"
    assert mirror(world, "colours", "ID, DEPTH") == [(2, 8), (3, 11), (4, 10)]


def test_a_second_instance_is_made_where_the_login_may_and_the_policy_wants_it(world: World) -> None:
    reader = world.place.reader.user
    world.execute("ALTER TABLE dbo.owned ADD depth int", f"EXEC sp_addrolemember 'db_owner', '{reader}'")
    report = run(world, owned=TablePolicy(second_instance=False))
    assert "somebody with db_owner runs" in warning(report, "dbo.owned")
    report = run(world)
    world.execute(f"EXEC sp_droprolemember 'db_owner', '{reader}'", "UPDATE dbo.owned SET depth = 3")
    assert "a second one was made" in warning(report, "no capture instance has the column depth")
    run(world)
    assert mirror(world, "owned", "ID, DEPTH") == [(1, 3), (2, 3)]


def test_widened_columns_are_widened(world: World) -> None:
    world.execute(
        "ALTER TABLE dbo.widening ALTER COLUMN name nvarchar(40)",
        "ALTER TABLE dbo.widening ALTER COLUMN amount bigint",
        f"UPDATE dbo.widening SET name = N'{30 * 'ø'}', amount = 5000000000 WHERE id = 2",
    )
    report = run(world)
    assert "name was widened to nvarchar(40); column amount was widened" in warning(report, "dbo.widening")
    assert report.snapshot_rows == 0, "nothing of it has to be read anew"
    assert mirror(world, "widening", "ID, NAME, AMOUNT") == [(1, None, None), (2, 30 * "ø", 5_000_000_000)]


def test_a_column_of_another_type_takes_the_name_and_the_older_values_stay_beside_it(world: World) -> None:
    world.execute("UPDATE dbo.retyped SET amount = 1.25, code = id")
    run(world)
    world.execute(
        "ALTER TABLE dbo.retyped ALTER COLUMN code varchar(12)",
        "ALTER TABLE dbo.retyped ALTER COLUMN amount decimal(18, 4)",
        "UPDATE dbo.retyped SET code = 'B-2' WHERE id = 2",
    )
    assert "code is now varchar(12) (what it was is kept in CODE__V1)" in warning(run(world), "dbo.retyped")
    assert mirror(world, "retyped", "ID, CODE, CODE__V1, TO_CHAR(AMOUNT)") == [
        (1, "1", 1, "1.2500"),
        (2, "B-2", 2, "1.2500"),
    ]
    world.execute("UPDATE dbo.retyped SET amount = 1.0001 WHERE id = 1")
    run(world)
    assert mirror(world, "retyped", "CODE, TO_CHAR(AMOUNT)") == [("1", "1.0001"), ("B-2", "1.2500")]


def test_a_dropped_column_stays_as_it_was(world: World) -> None:
    world.execute("UPDATE dbo.dropping SET extra = id")
    run(world)
    world.execute(
        "UPDATE dbo.dropping SET extra = 7 WHERE id = 1",
        "ALTER TABLE dbo.dropping DROP COLUMN extra",
        "UPDATE dbo.dropping SET name = 'a' WHERE id = 2",
        "INSERT INTO dbo.dropping VALUES (3, 'b')",
    )
    run(world)
    assert mirror(world, "dropping", "ID, NAME, EXTRA") == [(1, None, 7), (2, "a", 2), (3, "b", None)]
    assert log(world, "dropping", "ID, EXTRA")[-4:-3] == [(4, 1, 7)]


def test_a_column_that_was_dropped_and_comes_back_is_another_one(world: World) -> None:
    world.execute("UPDATE dbo.revived SET extra = id")
    run(world)
    world.execute(
        "ALTER TABLE dbo.revived DROP COLUMN extra",
        "ALTER TABLE dbo.revived ADD extra varchar(10) NOT NULL DEFAULT 'new'",
        "INSERT INTO dbo.revived (id) VALUES (3)",
        enable("revived", "again"),
        "UPDATE dbo.revived SET extra = 'newer' WHERE id = 2",
    )
    run(world)
    assert mirror(world, "revived", "ID, EXTRA, EXTRA__V1") == [
        (1, "new", 1),
        (2, "newer", 2),
        (3, "new", None),
    ]


def test_frozen_a_table_stops_alone_and_reads_on_when_it_may(world: World) -> None:
    freeze = TablePolicy(on_drift="freeze")
    run(world, frozen=freeze)
    world.execute(
        "UPDATE dbo.frozen SET name = 'before' WHERE id = 1",
        "ALTER TABLE dbo.frozen ADD depth int",
        "UPDATE dbo.frozen SET name = 'after' WHERE id = 1",
        "INSERT INTO dbo.markers (moment) VALUES (SYSDATETIME())",
    )
    for _ in range(2):
        with pytest.raises(SourceError) as stopped:
            run(world, frozen=freeze)
        message = str(stopped.value)
        assert "Table dbo.frozen is frozen, and column depth was added: RAW.FROZEN stands where" in message
        assert 'set on_drift to "evolve" or "discard" for it in replication.toml' in message
        assert "\n" not in message
    assert mirror(world, "frozen", "ID, NAME") == [(1, None), (2, None)]
    newest = world.query("SELECT COUNT(*) FROM dbo.markers")[0]
    assert world.warehouse_rows("SELECT COUNT(*) FROM RAW.MARKERS") == [newest], "the others go on"
    assert world.states()["FROZEN"] == "stopped"
    report = run(world, frozen=TablePolicy(on_drift="discard"))
    assert report.snapshot_rows == 0
    assert mirror(world, "frozen", "ID, NAME") == [(1, "after"), (2, None)]
    assert log(world, "frozen", "NAME") == [(3, None), (4, "before"), (3, "before"), (4, "after")]
    assert world.states()["FROZEN"] == "streaming"


def test_discarding_a_table_keeps_the_columns_that_it_has(world: World) -> None:
    world.execute(
        "ALTER TABLE dbo.discarding ADD depth int",
        enable("discarding", "discarding_v2"),
        "UPDATE dbo.discarding SET name = 'kept', depth = 1",
    )
    report = run(world, discarding=TablePolicy(on_drift="discard"))
    assert "depth is discarded" in warning(report, "dbo.discarding: depth")
    assert world.warehouse_rows(
        "SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'DISCARDING' "
        "AND LEFT(COLUMN_NAME, 1) <> '_' ORDER BY ORDINAL_POSITION"
    ) == [("ID",), ("NAME",)]
    assert mirror(world, "discarding", "NAME") == [("kept",), ("kept",)]
    run(world)
    assert mirror(world, "discarding", "DEPTH") == [(1,), (1,)], "until it may evolve"


def test_a_dropped_table_is_told_once_and_its_mirror_stays(world: World) -> None:
    world.execute("DROP TABLE dbo.leaving")
    with pytest.raises(SourceError, match=r"Table dbo\.leaving is no longer there"):
        run(world)
    run(world)
    assert world.states()["LEAVING"] == "dropped"
    assert mirror(world, "leaving", "ID") == [(1,), (2,)]


def test_case_8_a_dropped_instance_fails_loudly_until_it_is_back_and_then_all_is_read_anew(
    world: World,
) -> None:
    world.execute(disable("lost"), "UPDATE dbo.lost SET name = 'unseen' WHERE id = 1")
    for _ in range(2):
        with pytest.raises(SourceError, match=r"Table dbo\.lost is no longer captured by CDC"):
            run(world)
    world.execute("DELETE FROM dbo.lost WHERE id = 2", enable("lost"))
    assert "has a gap in its changes" in warning(run(world), "dbo.lost")
    assert mirror(world, "lost", "ID, NAME") == [(1, "unseen")]


def test_a_table_that_may_not_be_read_stops_alone_and_is_taken_up_when_it_may(world: World) -> None:
    world.execute(
        "CREATE TABLE dbo.hidden (id int PRIMARY KEY)", "INSERT INTO dbo.hidden VALUES (1)", enable("hidden")
    )
    with pytest.raises(SourceError, match="cannot see the table of capture instance dbo_hidden: grant it"):
        run(world)
    world.execute(f"GRANT VIEW DEFINITION ON dbo.hidden TO [{world.place.reader.user}]")
    with pytest.raises(SourceError, match=r"error 229\): GRANT SELECT ON \[dbo\]\.\[hidden\] to the login"):
        run(world)
    newest = world.query("SELECT COUNT(*) FROM dbo.markers")[0]
    assert world.warehouse_rows("SELECT COUNT(*) FROM RAW.MARKERS") == [newest], "the others go on"
    world.execute(f"GRANT SELECT ON dbo.hidden TO [{world.place.reader.user}]")
    run(world)
    assert mirror(world, "hidden", "ID") == [(1,)]


def test_a_table_that_is_altered_while_its_snapshot_runs_stops_and_the_next_run_mends_it(
    world: World,
) -> None:
    world.execute("CREATE TABLE dbo.altered (id int PRIMARY KEY, code int)", enable("altered"))
    world.execute(
        f"GRANT SELECT ON dbo.altered TO [{world.place.reader.user}]",
        "INSERT INTO dbo.altered VALUES (1, 5)",
    )
    world.mark()
    with world.context() as context:
        registration.register(context)
        world.execute(
            "ALTER TABLE dbo.altered ALTER COLUMN code nvarchar(40)",
            "UPDATE dbo.altered SET code = N'a secret'",
        )
        world.mark()
        with pytest.raises(
            SourceError, match="while reading ALTERED: a column has another type than"
        ) as told:
            engine.catch_up(context)
    assert "secret" not in str(told.value)
    assert not any("ALTERED" in warning or "gap" in warning for warning in run(world).warnings)
    assert mirror(world, "altered", "ID, CODE") == [(1, "a secret")]
    assert world.states()["ALTERED"] == "streaming"


def test_a_changed_key_makes_the_mirror_anew(world: World) -> None:
    (index,) = world.query(
        "SELECT name FROM sys.indexes WHERE object_id = OBJECT_ID('dbo.rekeyed') AND is_unique_constraint = 1"
    )[0]
    world.execute(
        "UPDATE dbo.rekeyed SET code = 30 WHERE id = 2",
        enable("rekeyed", "by_code") + f", @index_name = N'{index}'",
        "UPDATE dbo.rekeyed SET id = 9 WHERE code = 10",
    )
    assert "its key is now (code)" in warning(run(world), "dbo.rekeyed: its key")
    assert mirror(world, "rekeyed", "ID, CODE") == [(2, 30), (9, 10)]


def test_a_third_instance_is_not_possible_and_said(world: World) -> None:
    world.execute(enable("crowded", "crowded_v2"), "ALTER TABLE dbo.crowded ADD depth int")
    told = warning(run(world), "both instances that SQL Server allows are in use")
    assert disable("crowded") in told
    assert "@capture_instance = N'crowded_v3'" in told


def test_a_table_without_a_key_has_a_whole_change_log_and_a_copy_that_says_how_old_it_is(
    world: World,
) -> None:
    world.execute(
        "CREATE TABLE dbo.keyless (name varchar(10), value int)",
        "INSERT INTO dbo.keyless VALUES ('a', 1), ('a', 1), ('b', 2)",
        enable("keyless"),
        f"GRANT SELECT ON dbo.keyless TO [{world.place.reader.user}]",
    )
    run(world)
    copied = "SELECT NAME, VALUE FROM RAW.KEYLESS WHERE NOT _DELETED ORDER BY NAME, VALUE"
    assert world.warehouse_rows(copied) == [("a", 1), ("a", 1), ("b", 2)]
    world.execute(
        "UPDATE dbo.keyless SET value = 3 WHERE name = 'b'",
        "DELETE FROM dbo.keyless WHERE name = 'a'",
        "ALTER TABLE dbo.keyless ALTER COLUMN name varchar(20)",
    )
    assert run(world).snapshot_rows == 0, "the copy is not too old yet"
    assert world.warehouse_rows(copied) == [("a", 1), ("a", 1), ("b", 2)]
    assert sorted(log(world, "keyless", "NAME, VALUE")) == [
        (1, "a", 1),
        (1, "a", 1),
        (3, "b", 2),
        (4, "b", 3),
    ]
    (state, copied_at, position) = world.warehouse_rows(
        "SELECT STATE, COPIED_AT, (SELECT MAX(_POSITION) FROM RAW.KEYLESS) FROM OPS.REPLICATED_TABLES "
        "WHERE TABLE_NAME = 'KEYLESS'"
    )[0]
    assert (state, position[20:]) == ("copied", 30 * "F")
    run(world, keyless=TablePolicy(resnapshot_hours=1e-9))
    assert world.warehouse_rows(copied) == [("b", 3)]
    newer = world.warehouse_rows("SELECT COPIED_AT FROM OPS.REPLICATED_TABLES WHERE TABLE_NAME = 'KEYLESS'")
    assert newer[0][0] > copied_at


def test_an_instance_that_is_made_while_a_run_goes_on_is_taken_up_by_it(world: World) -> None:
    """Else the run would read the older instance beyond the start of the newer one, without its column."""
    with world.context() as context:
        world.execute(
            "ALTER TABLE dbo.racing ADD depth int",
            enable("racing", "racing_v2"),
            "UPDATE dbo.racing SET depth = id",
        )
        world.mark()
        engine.catch_up(context)
    assert log(world, "racing", "ID, DEPTH") == [(3, 1, None), (4, 1, 1), (3, 2, None), (4, 2, 2)]
    assert mirror(world, "racing", "ID, DEPTH") == [(1, 1), (2, 2)]
