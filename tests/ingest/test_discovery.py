"""What is captured is discovered; what stands in the way is said in one line with its remedy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.ingest.errors import SourceError
from flows.ingest.source.discovery import check_database, discover
from tests.ingest.given import Answers, lsn

NOW = datetime(2026, 1, 1, 12)
READY: dict[str, list[tuple[Any, ...]]] = {
    "FROM sys.databases": [("shop", True, 1)],
    "fn_cdc_get_max_lsn": [(bytes.fromhex(lsn(7).hex),)],
    "MAX(tran_end_time)": [(NOW, NOW)],
    "sysjobactivity": [(NOW, None)],
}
CAPTURED: dict[str, list[tuple[Any, ...]]] = {
    "cdc.captured_columns": [
        (10, "id", 1, "int", 4, 10, 0, False),
        (10, "name", 3, "nvarchar", 80, 0, 0, False),
        (10, "shout", 4, "nvarchar", 80, 0, 0, True),
    ],
    "FROM cdc.index_columns": [(10, "id")],
    "FROM sys.indexes": [],
    "FROM cdc.change_tables": [(10, "orders_v1", bytes.fromhex(lsn(3).hex), 1, "dbo", "orders")],
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
    stale = READY | {"MAX(tran_end_time)": [(NOW - timedelta(minutes=12), NOW)], "sysjobactivity": []}
    assert "its last harvest ended 2026-01-01 11:48:00 server time" in complaint(stale, check_database)


def test_columns_key_and_instance_are_those_of_cdc() -> None:
    (orders,) = discover(Answers(CAPTURED))  # type: ignore[arg-type]
    assert (orders.name, orders.capture_instance, orders.start_lsn) == ("ORDERS", "orders_v1", lsn(3))
    assert [(column.name, column.ordinal) for column in orders.columns] == [("ID", 1), ("NAME", 3)]
    assert orders.key_names == ("id",)


def test_of_two_instances_a_new_table_takes_the_newest_and_a_replicated_one_keeps_its_own() -> None:
    instances = [
        (10, "orders_v1", bytes.fromhex(lsn(3).hex), 1, "dbo", "orders"),
        (11, "orders_v2", bytes.fromhex(lsn(5).hex), 1, "dbo", "orders"),
    ]
    columns = CAPTURED["cdc.captured_columns"]
    both = CAPTURED | {
        "FROM cdc.change_tables": instances,
        "cdc.captured_columns": columns + [(11, *rest) for _, *rest in columns],
        "FROM cdc.index_columns": [(10, "id"), (11, "id")],
    }
    for in_use, chosen in ((None, "orders_v2"), ("orders_v1", "orders_v1"), ("orders_v2", "orders_v2")):
        (orders,) = discover(Answers(both), {"ORDERS": in_use} if in_use else {})  # type: ignore[arg-type]
        assert orders.capture_instance == chosen


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        (("dbo", "sales_orders"), ("sales", "orders"), "SALES_ORDERS"),
        (("dbo", "orders"), ("dbo", "Orders"), "ORDERS"),
        (("dbo", "orders"), ("dbo", "orders__changes"), "ORDERS__CHANGES"),
        (("dbo", "orders__changes"), ("dbo", "orders"), "ORDERS__CHANGES"),
    ],
)
def test_two_tables_that_would_share_a_name_in_raw_are_refused(
    one: tuple[str, str], other: tuple[str, str], name: str
) -> None:
    start = bytes.fromhex(lsn(3).hex)
    both = CAPTURED | {
        "FROM cdc.change_tables": [(10, "v1", start, 1, *one), (11, "v2", start, 2, *other)],
        "cdc.captured_columns": [(owner, "id", 1, "int", 4, 10, 0, False) for owner in (10, 11)],
        "FROM cdc.index_columns": [(10, "id"), (11, "id")],
    }
    message = complaint(both, discover)
    assert f"would both be RAW.{name}: disable CDC for one of them" in message
    assert ".".join(one) in message
    assert ".".join(other) in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"FROM cdc.change_tables": []}, "CDC captures no table: enable each with"),
        (
            {"FROM cdc.change_tables": [(10, "orders_v1", bytes(10), 1, None, None)]},
            "cannot see the table of capture instance orders_v1: grant it SELECT",
        ),
        ({"FROM cdc.index_columns": []}, "Table dbo.orders has no primary key"),
        ({"FROM cdc.index_columns": [(10, "other")]}, "leaves out the key column other"),
        (
            {
                "cdc.captured_columns": [
                    (10, "id", 1, "int", 4, 10, 0, False),
                    (10, "ID", 2, "int", 4, 10, 0, False),
                ]
            },
            "the column name ID is taken in the mirror",
        ),
        (
            {
                "cdc.captured_columns": [
                    (10, "id", 1, "int", 4, 10, 0, False),
                    (10, "x", 2, None, 0, 0, 0, False),
                ]
            },
            "Column dbo.orders.x has a CLR type",
        ),
    ],
)
def test_what_cannot_be_replicated_is_named(change: dict[str, Any], expected: str) -> None:
    assert expected in complaint(CAPTURED | change, discover)
