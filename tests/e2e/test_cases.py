"""Cases that other replication tools get wrong, end to end; docs/guarantees.md numbers them.

All of them are written first, then replicated together: by snapshot, by changes, and once more by both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from flows.ingest import engine
from flows.ingest.context import Limits
from flows.ingest.tables import registration
from tests.ingest.world import World
from tests.places import Places

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Case:
    """A table with rows that a snapshot reads, and what happens to it afterwards, each a transaction."""

    table: str
    columns: str
    rows: str
    then: tuple[str, ...]
    instance: str | None = None


SWAPPED_KEYS = Case(
    "swapped_keys",
    "id int NOT NULL PRIMARY KEY, v nvarchar(10) NOT NULL",
    "(1, N'one'), (2, N'two'), (3, N'three')",
    (
        "UPDATE dbo.swapped_keys SET id = 3 - id WHERE id < 3",
        "UPDATE dbo.swapped_keys SET id = 9 WHERE id = 3",
        "DELETE FROM dbo.swapped_keys WHERE id = 9; INSERT INTO dbo.swapped_keys VALUES (9, N'nine')",
    ),
)
WIDE = Case(
    "wide",
    "id int NOT NULL PRIMARY KEY, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, big nvarchar(max), "
    "at datetimeoffset(7)",
    "(1, 0, 0, 0, 0, 0, 0, 0, REPLICATE(CONVERT(nvarchar(max), N'x'), 9000), "
    "'2026-01-31T12:34:56.1234567-03:30'), "
    "(2, 0, 0, 0, 0, 0, 0, 0, N'kept', '0001-01-01T00:00:00.0000001+00:00')",
    (
        "UPDATE dbo.wide SET big = N'changed' WHERE id = 1",
        "UPDATE dbo.wide SET c8 = 8",
        "UPDATE dbo.wide SET at = '9999-12-31T23:59:59.9999999+00:00' WHERE id = 1",
        "UPDATE dbo.wide SET c2 = 2; UPDATE dbo.wide SET c2 = 3",
    ),
)
COMPUTED = Case(
    "computed",
    "id int NOT NULL PRIMARY KEY, price money NOT NULL, quantity int NOT NULL, total AS price * quantity, "
    "is_paid bit NOT NULL",
    "(1, 1.5, 2, 0), (2, 2.5, 3, 1)",
    ("DELETE FROM dbo.computed WHERE id = 2", "UPDATE dbo.computed SET quantity = 4, is_paid = 1"),
)
ONE_COMMIT = Case(
    "one_commit",
    "id int NOT NULL PRIMARY KEY, v int NOT NULL",
    "(1, 0), (2, 0)",
    (
        (
            "DELETE FROM dbo.one_commit WHERE id = 1; INSERT INTO dbo.one_commit VALUES (1, 1); "
            "UPDATE dbo.one_commit SET v = v + 1; UPDATE dbo.one_commit SET v = v + 1; "
            "INSERT INTO dbo.one_commit VALUES (3, 7); DELETE FROM dbo.one_commit WHERE id IN (2, 3)"
        ),
    ),
)
TEXT_KEYS = Case(
    "text_keys",
    "k nvarchar(20) COLLATE Latin1_General_CS_AS NOT NULL PRIMARY KEY, v int NOT NULL",
    "(N'a', 1), (N'A', 2), (N'b', 3), (N'B', 4), (N'_', 5), (N'é', 6), (N'Z', 7), (N'ø', 8), (N'O''x', 9)",
    (
        "UPDATE dbo.text_keys SET v = v + 10 WHERE k IN (N'a', N'B', N'ø')",
        "DELETE FROM dbo.text_keys WHERE k = N'A'",
    ),
)
CLOSE_KEYS = Case(
    "close_keys",
    "at datetime2(7) NOT NULL, ref uniqueidentifier NOT NULL, v real NULL, PRIMARY KEY (at, ref)",
    "('2026-01-01T00:00:00.0000001', '00000000-0000-0000-0000-00000000000A', 0.1), "
    "('2026-01-01T00:00:00.0000002', '0A000000-0000-0000-0000-000000000000', 0.2)",
    ("UPDATE dbo.close_keys SET v = 0.3 WHERE at = '2026-01-01T00:00:00.0000002'",),
    instance="named by somebody",
)
VARIANTS = Case(
    "variants",
    "id int NOT NULL PRIMARY KEY, v sql_variant NULL",
    "(1, CAST(0.1 AS float)), (2, CAST('2026-01-01T00:00:00.1234567' AS datetime2(7))), (3, NULL), (4, N'ø')",
    ("UPDATE dbo.variants SET v = CAST(0x00FF AS varbinary(4)) WHERE id = 4",),
)
CASES = (SWAPPED_KEYS, WIDE, COMPUTED, ONE_COMMIT, TEXT_KEYS, CLOSE_KEYS, VARIANTS)


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("cases")) as world:
        for case in CASES:
            inserted = ", ".join(name for name in _columns(case) if name != "total")
            world.capture(case.table, case.columns, f"({inserted}) VALUES {case.rows}", case.instance)
        assert world.differences() == {}
        for case in CASES:
            world.execute(*(f"BEGIN TRANSACTION; {change}; COMMIT TRANSACTION" for change in case.then))
        world.mark()
        assert world.differences() == {}
        yield world


def _columns(case: Case) -> list[str]:
    definitions = case.columns.partition(", PRIMARY KEY (")[0].split(", ")
    return [definition.split()[0] for definition in definitions]


def mirrored(world: World, case: Case, columns: str) -> list[tuple[Any, ...]]:
    return world.warehouse_rows(
        f"SELECT {columns} FROM RAW.{case.table.upper()} WHERE NOT _DELETED ORDER BY 1"
    )


def test_case_2_keys_that_two_rows_exchange_in_one_commit_keep_both_rows(world: World) -> None:
    assert mirrored(world, SWAPPED_KEYS, "ID, V") == [(1, "two"), (2, "one"), (9, "nine")]


def test_case_3_and_4_a_large_column_beyond_the_eighth_changes_only_when_it_does(world: World) -> None:
    assert mirrored(world, WIDE, "ID, C2, C8, BIG, AT::VARCHAR") == [
        (1, 3, 8, "changed", "9999-12-31 23:59:59.9999999 +0000"),
        (2, 3, 8, "kept", "0001-01-01 00:00:00.0000001 +0000"),
    ]


def test_case_5_a_computed_column_is_left_out_and_a_bit_survives_deletes(world: World) -> None:
    assert mirrored(world, COMPUTED, "ID, PRICE * QUANTITY, IS_PAID") == [(1, 6, True)]
    described = {row[0] for row in world.warehouse_rows("DESCRIBE TABLE RAW.COMPUTED")}
    assert "TOTAL" not in described


def test_case_16_of_many_changes_in_one_commit_the_last_one_of_each_key_wins(world: World) -> None:
    assert mirrored(world, ONE_COMMIT, "ID, V") == [(1, 3)]


def test_case_20_keys_that_differ_in_the_seventh_digit_are_two_rows(world: World) -> None:
    rows = mirrored(world, CLOSE_KEYS, "TO_CHAR(AT, 'FF7'), ROUND(V, 4)")
    assert [(digits, float(v)) for digits, v in rows] == [("0000001", 0.1), ("0000002", 0.3)]


def test_case_20_a_sql_variant_keeps_its_base_type_and_every_digit(world: World) -> None:
    assert mirrored(world, VARIANTS, "ID, V") == [
        (1, "float:1.0000000000000001e-001"),
        (2, "datetime2:2026-01-01 00:00:00.1234567"),
        (3, None),
        (4, "varbinary:0x00FF"),
    ]


def test_case_21_chunks_follow_the_collation_of_a_text_key(world: World) -> None:
    with world.context(limits=Limits(chunk_rows=2)) as context:
        registration.start_snapshot(context, context.tables["TEXT_KEYS"])
        engine.catch_up(context)
    expected = {("a", 11), ("b", 3), ("B", 14), ("_", 5), ("é", 6), ("Z", 7), ("ø", 18), ("O'x", 9)}
    assert {(key, int(v)) for key, v in mirrored(world, TEXT_KEYS, "K, V")} == expected
    assert world.differences() == {}


def test_case_24_an_instance_that_somebody_named_is_found(world: World) -> None:
    with world.context() as context:
        assert context.ledger.tables()["CLOSE_KEYS"].capture_instance == CLOSE_KEYS.instance
