"""Schema drift over the network: the mirror follows its table's columns, and no value is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flows.ingest.report import ReplicationReport
from tests.ingest.world import World
from tests.places import Places


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("drift")) as world:
        yield world


def make(world: World, table: str, columns: str, *rows: str, key: str | None = "PRIMARY KEY") -> None:
    """A captured table of a column `id` and others, with rows, and its mirror."""
    world.execute(
        f"CREATE TABLE dbo.{table} (id int NOT NULL {key or ''}, {columns})",
        *(f"INSERT INTO dbo.{table} VALUES ({row})" for row in rows),
        f"GRANT SELECT ON dbo.{table} TO [{world.place.reader.user}]",
        enable(table, f"dbo_{table}"),
    )
    world.replicate_harvested()


def enable(table: str, instance: str) -> str:
    return (
        f"EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'{table}', "
        f"@capture_instance = N'{instance}', @role_name = NULL"
    )


def disable(table: str, instance: str) -> str:
    return (
        f"EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'{table}', "
        f"@capture_instance = N'{instance}'"
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


def test_case_17_an_added_column_arrives_with_the_values_written_before_the_new_instance(
    world: World,
) -> None:
    make(world, "colours", "name varchar(10)", "1, 'red'", "2, 'green'", "3, 'blue'")
    world.execute(
        "ALTER TABLE dbo.colours ADD depth int NOT NULL DEFAULT 7",
        "UPDATE dbo.colours SET depth = 8 WHERE id = 2",
        "INSERT INTO dbo.colours VALUES (4, 'cyan', 9)",
    )
    told = warning(world.replicate_harvested(), "no capture instance has the column depth (int)")
    statement = "EXEC sys.sp_cdc_enable_table" + told.split("EXEC sys.sp_cdc_enable_table")[1].split(";")[0]
    assert mirror(world, "colours", "ID") == [(1,), (2,), (3,), (4,)], "the run goes on with what it has"
    world.execute(
        "UPDATE dbo.colours SET depth = 10 WHERE id = 3",
        statement,
        "UPDATE dbo.colours SET name = 'lime' WHERE id = 2",
        "UPDATE dbo.colours SET depth = 11 WHERE id = 4",
    )
    report = world.replicate_harvested()
    assert "sp_cdc_disable_table" in warning(
        report, "is now followed with the capture instance dbo_colours_v2"
    )
    assert mirror(world, "colours", "ID, NAME, DEPTH") == [
        (1, "red", 7),
        (2, "lime", 8),
        (3, "blue", 10),
        (4, "cyan", 11),
    ]
    assert log(world, "colours", "ID, NAME, DEPTH") == [
        (2, 4, "cyan", None),
        (3, 2, "green", 8),
        (4, 2, "lime", 8),
        (3, 4, "cyan", 9),
        (4, 4, "cyan", 11),
    ]
    world.execute(disable("colours", "dbo_colours"), "DELETE FROM dbo.colours WHERE id = 1")
    assert not world.replicate_harvested().snapshot_rows, "the old instance is not needed any more"
    assert mirror(world, "colours", "ID, DEPTH") == [(2, 8), (3, 10), (4, 11)]
