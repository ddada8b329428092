"""What is captured is discovered; what stands in the way is said in one line with its remedy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.ingest.errors import SourceError
from flows.ingest.policies.policy import Policies, TablePolicy
from flows.ingest.source.discovery import Discovered, check_database, discover
from flows.ingest.source.following import InUse
from tests.ingest.given import Answers, lsn

NOW = datetime(2026, 1, 1, 12)
READY: dict[str, list[tuple[Any, ...]]] = {
    "FROM sys.databases": [("shop", True, 1)],
    "fn_cdc_get_max_lsn": [(bytes.fromhex(lsn(7).hex),)],
    "m.tran_end_time": [(b"\1", NOW, NOW)],
    "sysjobactivity": [(NOW, None)],
}
START = bytes.fromhex(lsn(3).hex)
MADE_WITH = ("pk_orders", True, None)
CAPTURED: dict[str, list[tuple[Any, ...]]] = {
    "FROM cdc.captured_columns": [
        (10, 1, "id", 1, "int", 4, 10, 0),
        (10, 2, "name", 3, "nvarchar", 80, 0, 0),
        (10, 3, "shout", 4, "nvarchar", 80, 0, 0),
    ],
    "FROM sys.columns AS c": [
        (1, 1, "id", False, "int", 4, 10, 0),
        (1, 2, "name", False, "nvarchar", 80, 0, 0),
        (1, 3, "shout", True, "nvarchar", 80, 0, 0),
    ],
    "FROM cdc.index_columns": [(10, "id")],
    "FROM sys.indexes": [],
    "FROM cdc.change_tables": [(10, "orders_v1", START, 1, "dbo", "orders", *MADE_WITH)],
}


def complaint(answers: dict[str, list[tuple[Any, ...]]], call: Any) -> str:
    with pytest.raises(SourceError) as caught:
        call(Answers(answers))
    return str(caught.value)


def test_a_ready_database_is_accepted() -> None:
    database = check_database(Answers(READY))  # type: ignore[arg-type]
    assert (database.name, database.allows_snapshot_isolation, database.max_lsn) == ("shop", True, lsn(7))


def test_cdc_off() -> None:
    message = complaint(READY | {"FROM sys.databases": [("shop", False, 0)]}, check_database)
    assert message.startswith(
        "Change Data Capture is off in database shop: switch it on with EXEC sys.sp_cdc_enable_db"
    )


def test_nothing_harvested_is_not_a_crash() -> None:
    message = complaint(READY | {"fn_cdc_get_max_lsn": [(None,)]}, check_database)
    assert "max LSN is NULL" in message
    assert "sp_cdc_start_job" in message


def test_a_stopped_job_is_seen_by_its_activity() -> None:
    message = complaint(READY | {"sysjobactivity": [(NOW, NOW)]}, check_database)
    assert "The capture job of database shop is stopped" in message


def test_a_stopped_job_is_seen_by_its_last_harvest_where_msdb_may_not_be_read() -> None:
    stale = READY | {"m.tran_end_time": [(b"\1", NOW - timedelta(minutes=12), NOW)], "sysjobactivity": []}
    assert "its last harvest ended 2026-01-01 11:48:00 server time" in complaint(stale, check_database)


def found(change: dict[str, Any], in_use: dict[str, InUse] | None = None) -> Discovered:
    return discover(Answers(CAPTURED | change), in_use)  # type: ignore[arg-type]


def two_instances(*newer: tuple[Any, ...]) -> dict[str, Any]:
    """A second instance `orders_v2` from LSN 5 on, and the columns that it captures."""
    columns = [row for row in CAPTURED["FROM cdc.captured_columns"] if row[2] != "shout"]
    return {
        "FROM cdc.change_tables": [
            (10, "orders_v1", START, 1, "dbo", "orders", *MADE_WITH),
            (11, "orders_v2", bytes.fromhex(lsn(5).hex), 1, "dbo", "orders", *MADE_WITH),
        ],
        "FROM cdc.captured_columns": columns + [(11, *rest) for rest in newer],
        "FROM cdc.index_columns": [(10, "id"), (11, "id")],
        "FROM sys.columns AS c": [
            *CAPTURED["FROM sys.columns AS c"],
            (1, 4, "added", False, "bigint", 8, 19, 0),
        ],
    }


ID, NAME, ADDED = (
    (1, "id", 1, "int", 4, 10, 0),
    (2, "name", 2, "nvarchar", 80, 0, 0),
    (4, "added", 3, "bigint", 8, 19, 0),
)


def test_case_24_columns_key_and_instance_are_those_of_cdc_whatever_its_name() -> None:
    orders = found({}).tables["ORDERS"]
    assert (orders.name, orders.capture_instance, orders.start_lsn) == ("ORDERS", "orders_v1", lsn(3))
    assert [(column.name, column.ordinal) for column in orders.columns] == [("ID", 1), ("NAME", 3)]
    assert orders.key_names == ("id",)


def test_case_5_a_computed_column_is_left_out() -> None:
    assert "SHOUT" not in [column.name for column in found({}).tables["ORDERS"].columns]


def test_a_new_table_takes_of_two_instances_the_one_that_captures_most_and_of_equals_the_newer() -> None:
    for newer, chosen in (
        ([ID, NAME, ADDED], "orders_v2"),
        ([ID, NAME], "orders_v2"),
        ([ID], "orders_v1"),
    ):
        orders = found(two_instances(*newer)).tables["ORDERS"]
        assert (orders.capture_instance, orders.older) == (chosen, None)


def test_case_17_a_table_moves_on_to_a_newer_instance_at_its_start() -> None:
    in_use = {"ORDERS": InUse("orders_v1", lsn(3))}
    orders = found(two_instances(ID, NAME, ADDED), in_use).tables["ORDERS"]
    assert [column.name for column in orders.columns] == ["ID", "NAME", "ADDED"]
    segments = [
        (segment.table.capture_instance, segment.after, segment.up_to)
        for segment in orders.segments(lsn(4), lsn(8))
    ]
    assert segments == [("orders_v1", lsn(4), lsn(5)), ("orders_v2", lsn(5), lsn(8))]
    assert [s.table.capture_instance for s in orders.segments(lsn(3), lsn(5))] == ["orders_v1"]
    assert [s.table.capture_instance for s in orders.segments(lsn(5), lsn(8))] == ["orders_v2"]


def test_a_table_stays_where_a_newer_instance_captures_less() -> None:
    in_use = {"ORDERS": InUse("orders_v1", lsn(3))}
    orders = found(two_instances(ID, ADDED), in_use).tables["ORDERS"]
    assert (orders.capture_instance, orders.older) == ("orders_v1", None)


def test_a_newer_instance_that_cleanup_has_trimmed_still_begins_where_it_was_taken_up() -> None:
    """Else the older one would be read again, which lacks the added column."""
    in_use = {"ORDERS": InUse("orders_v2", lsn(4))}
    orders = found(two_instances(ID, NAME, ADDED), in_use).tables["ORDERS"]
    assert orders.start_lsn == lsn(4)
    assert [s.table.capture_instance for s in orders.segments(lsn(4), lsn(8))] == ["orders_v2"]


def test_a_dropped_column_is_read_from_the_change_table_and_not_from_the_source() -> None:
    dropped = {"FROM sys.columns AS c": [(1, 1, "id", False, "int", 4, 10, 0)]}
    orders = found(dropped).tables["ORDERS"]
    assert [column.name for column in orders.columns] == ["ID"]
    (segment,) = orders.segments(lsn(4), lsn(8))
    assert [(c.name, c.is_dropped) for c in segment.table.columns] == [
        ("ID", False),
        ("NAME", True),
        ("SHOUT", True),
    ]


def test_a_table_without_a_key_is_found_too() -> None:
    assert found({"FROM cdc.index_columns": []}).tables["ORDERS"].key == ()


def test_excluded_columns_are_nowhere() -> None:
    policies = Policies(tables={"dbo.orders": TablePolicy(exclude=frozenset({"Name"}))})
    orders = discover(Answers(CAPTURED), None, policies).tables["ORDERS"]  # type: ignore[arg-type]
    (segment,) = orders.segments(lsn(4), lsn(8))
    assert [column.name for column in (*orders.columns, *segment.table.columns)] == ["ID", "ID"]


@pytest.mark.parametrize(
    ("one", "other", "name", "refused"),
    [
        (("dbo", "sales_orders"), ("sales", "orders"), "SALES_ORDERS", "sales.orders"),
        (("dbo", "orders"), ("dbo", "Orders"), "ORDERS", "dbo.Orders"),
        (("dbo", "orders"), ("dbo", "orders__changes"), "ORDERS__CHANGES", "dbo.orders__changes"),
        (("dbo", "orders__changes"), ("dbo", "orders"), "ORDERS__CHANGES", "dbo.orders__changes"),
        (("dbo", "orders"), ("dbo", "orders__history"), "ORDERS__HISTORY", "dbo.orders__history"),
    ],
)
def test_of_two_tables_that_would_share_a_name_in_raw_one_is_refused(
    one: tuple[str, str], other: tuple[str, str], name: str, refused: str
) -> None:
    both = {
        "FROM cdc.change_tables": [
            (10, "v1", START, 1, *one, *MADE_WITH),
            (11, "v2", START, 2, *other, *MADE_WITH),
        ],
        "FROM cdc.captured_columns": [(owner, *ID) for owner in (10, 11)],
        "FROM sys.columns AS c": [(owner, 1, "id", False, "int", 4, 10, 0) for owner in (1, 2)],
        "FROM cdc.index_columns": [(10, "id"), (11, "id")],
    }
    discovered = found(both)
    message = discovered.refused[refused]
    assert f"would both be RAW.{name}: disable CDC for one of them" in message
    assert ".".join(one) in message
    assert ".".join(other) in message
    assert len(discovered.tables) == 1


def test_of_two_tables_with_one_name_the_one_that_is_replicated_stays() -> None:
    both = {
        "FROM cdc.change_tables": [
            (10, "v1", START, 1, "dbo", "orders", *MADE_WITH),
            (11, "v2", START, 2, "dbo", "Orders", *MADE_WITH),
        ],
        "FROM cdc.captured_columns": [(owner, *ID) for owner in (10, 11)],
        "FROM sys.columns AS c": [(owner, 1, "id", False, "int", 4, 10, 0) for owner in (1, 2)],
        "FROM cdc.index_columns": [(10, "id"), (11, "id")],
    }
    discovered = found(both, {"ORDERS": InUse("v2", lsn(3))})
    assert discovered.tables["ORDERS"].source_label == "dbo.Orders"
    assert list(discovered.refused) == ["dbo.orders"]


def test_nothing_captured_is_said() -> None:
    empty = {"FROM cdc.change_tables": []}
    assert "CDC captures no table: enable each with" in complaint(CAPTURED | empty, discover)


@pytest.mark.parametrize(
    ("change", "refused", "expected"),
    [
        (
            {"FROM cdc.change_tables": [(10, "orders_v1", bytes(10), 1, None, None, *MADE_WITH)]},
            "orders_v1",
            "cannot see the table of capture instance orders_v1: grant it SELECT",
        ),
        ({"FROM cdc.index_columns": [(10, "other")]}, "dbo.orders", "leaves out the key column other"),
        (
            {
                "FROM cdc.captured_columns": [(10, *ID), (10, 2, "ID", 2, "int", 4, 10, 0)],
                "FROM sys.columns AS c": [
                    (1, 1, "id", False, "int", 4, 10, 0),
                    (1, 2, "ID", False, "int", 4, 10, 0),
                ],
            },
            "dbo.orders",
            "the column name ID is taken in the mirror",
        ),
        (
            {
                "FROM cdc.captured_columns": [(10, *ID), (10, 2, "x", 2, None, 0, 0, 0)],
                "FROM sys.columns AS c": [
                    (1, 1, "id", False, "int", 4, 10, 0),
                    (1, 2, "x", False, None, 0, 0, 0),
                ],
            },
            "dbo.orders",
            "Column dbo.orders.x has a CLR type",
        ),
    ],
)
def test_a_table_that_cannot_be_replicated_is_refused_by_itself(
    change: dict[str, Any], refused: str, expected: str
) -> None:
    discovered = found(change)
    assert expected in discovered.refused[refused]
    assert discovered.tables == {}
