"""Switching on and off, cleanup, help: SQL Server's results and error numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.sqlserver.cdc import lsn
from sandbox.sqlserver.cdc.cleanup import clean_up_by_retention
from sandbox.sqlserver.cdc.ddl import before_drop, before_truncate
from sandbox.sqlserver.engine.model import KeyDef
from sandbox.sqlserver.results import SqlServerError
from tests.sandbox.sqlserver.cdc.double import (
    DATABASE,
    Database,
    ddl,
    enable,
    harvest,
    insert,
    messages,
    rows,
)

COLUMNS: dict[str, Any] = {"id": "int", "a b": "int", "c,d": "int"}


def refused(database: Database, number: int, procedure: str, **arguments: object) -> str:
    with pytest.raises(SqlServerError) as caught:
        database.execute(procedure, **arguments)
    assert caught.value.number == number
    return caught.value.text


def refused_table(database: Database, number: int, **arguments: object) -> str:
    given = {"source_schema": "dbo", "source_name": "t", "role_name": None, **arguments}
    return refused(database, number, "sys.sp_cdc_enable_table", **given)


@pytest.fixture
def tables(database: Database) -> Database:
    database.create_table("t", COLUMNS, key=["id"])
    database.create_table("keyless", COLUMNS)
    return database


def test_what_needs_cdc_says_so() -> None:
    database = Database()
    database.create_table("t", COLUMNS, key=["id"])
    assert DATABASE in refused_table(database, 22901)
    refused(database, 22901, "sys.sp_cdc_help_jobs")
    refused(database, 22901, "sys.sp_cdc_help_change_data_capture")
    refused(database, 22901, "sys.sp_cdc_disable_db")


def test_what_needs_an_owner_says_so(tables: Database) -> None:
    tables.is_owner = False
    refused_table(tables, 22904)
    refused(tables, 22902, "sys.sp_cdc_enable_db")


def test_enabling_twice_is_only_a_message(tables: Database) -> None:
    (text,) = messages(tables.execute("sys.sp_cdc_enable_db"))
    assert "already enabled" in text


def test_the_first_instance_starts_the_jobs(tables: Database) -> None:
    results = tables.execute("sys.sp_cdc_enable_table", source_schema="dbo", source_name="t", role_name=None)
    assert messages(results) == [
        f"Job 'cdc.{DATABASE}_capture' started successfully.",
        f"Job 'cdc.{DATABASE}_cleanup' started successfully.",
    ]
    again = tables.execute(
        "sys.sp_cdc_enable_table", source_schema="dbo", source_name="keyless", role_name=None
    )
    assert messages(again) == []


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (22931, {"source_name": "nonsense"}),
        (22963, {"source_name": ""}),
        (22907, {"role_name": ""}),
        (22927, {"capture_instance": "x" * 101}),
        (22928, {"index_name": "nonsense"}),
        (22930, {"captured_column_list": "id, nonsense"}),
        (22965, {"captured_column_list": "id, [a b"}),
        (22939, {"source_name": "keyless", "supports_net_changes": True}),
        (22943, {"captured_column_list": "[a b]", "supports_net_changes": True}),
        (22974, {"source_schema": "cdc", "source_name": "change_tables"}),
    ],
)
def test_wrong_wishes(tables: Database, number: int, arguments: dict[str, object]) -> None:
    refused_table(tables, number, **arguments)
    assert tables.query("FROM {db}.cdc.change_tables") == []


def test_a_plain_index_does_not_tell_rows_apart(tables: Database) -> None:
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    tables.catalog.put(table.changed(keys=(*table.keys, KeyDef("plain", ("id",), unique=False))))
    refused_table(tables, 22929, index_name="plain")


def test_at_most_two_instances_with_names_of_their_own(tables: Database) -> None:
    enable(tables, "t")
    refused_table(tables, 22926)
    refused_table(tables, 22926, capture_instance="DBO_T")
    enable(tables, "t", capture_instance="second")
    refused_table(tables, 22962, capture_instance="third")


def test_help_shows_the_instances(tables: Database) -> None:
    enable(tables, "t", capture_instance="mine", role_name="readers")
    enable(tables, "keyless", captured_column_list="[c,d], id")
    mine, keyless = rows(tables.execute("sys.sp_cdc_help_change_data_capture"))
    assert (mine["source_schema"], mine["source_table"], mine["capture_instance"]) == ("dbo", "t", "mine")
    assert (mine["supports_net_changes"], mine["index_name"]) == (True, "pk_t")
    assert (mine["role_name"], mine["index_column_list"]) == ("readers", "[id]")
    assert mine["captured_column_list"] == "[id], [a b], [c,d]"
    assert (keyless["supports_net_changes"], keyless["index_column_list"]) == (False, None)
    assert keyless["captured_column_list"] == "[id], [c,d]"
    (only,) = rows(
        tables.execute("sys.sp_cdc_help_change_data_capture", source_schema="dbo", source_name="keyless")
    )
    assert only == keyless
    refused(tables, 22972, "sys.sp_cdc_help_change_data_capture", source_schema="dbo")


def test_captured_columns_show_their_types(tables: Database) -> None:
    enable(tables, "t")
    first, *_ = rows(tables.execute("sys.sp_cdc_get_captured_columns", capture_instance="dbo_t"))
    assert (first["column_name"], first["data_type"], first["numeric_precision"]) == ("id", "int", 10)
    refused(tables, 22981, "sys.sp_cdc_get_captured_columns", capture_instance="nonsense")


def test_disabling_a_table_drops_what_was_made_for_it(tables: Database) -> None:
    enable(tables, "t")
    enable(tables, "t", capture_instance="second")
    refused(
        tables, 22960, "sys.sp_cdc_disable_table", source_schema="dbo", source_name="t", capture_instance="x"
    )
    tables.execute("sys.sp_cdc_disable_table", source_schema="dbo", source_name="t", capture_instance="dbo_t")
    assert tables.query("SELECT capture_instance FROM {db}.cdc.change_tables") == [("second",)]
    assert tables.query("SELECT count(*) FROM {db}.log.tracked_objects") == [(1,)]
    tables.execute("sys.sp_cdc_disable_table", source_schema="dbo", source_name="t", capture_instance="all")
    for table in ("cdc.change_tables", "cdc.captured_columns", "cdc.index_columns", "log.tracked_objects"):
        assert tables.query(f"FROM {{db}}.{table}") == []
    assert tables.query(
        "FROM duckdb_functions() WHERE function_name LIKE 'fn_cdc_get_%_changes_%'"
    ) == []  # fmt: skip
    assert not [t for t in tables.catalog.tables() if "_CT" in t.name or "changes" in t.name]
    refused(
        tables,
        22985,
        "sys.sp_cdc_disable_table",
        source_schema="dbo",
        source_name="t",
        capture_instance="all",
    )


def test_disabling_the_database_leaves_nothing_and_can_be_undone(tables: Database) -> None:
    enable(tables, "t")
    tables.execute("sys.sp_cdc_disable_db")
    assert tables.query("FROM duckdb_tables() WHERE schema_name = 'cdc'") == []
    assert tables.query("FROM msdb.dbo.sysjobs") == []
    tables.execute("sys.sp_cdc_enable_db")
    enable(tables, "t")
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    tables.commit(insert(table, (1, 2, 3)))
    harvest(tables)
    assert tables.query('SELECT id FROM {db}.cdc."dbo_t_CT"') == [(1,)]


def test_a_rolled_back_instance_was_never_there(tables: Database) -> None:
    tables.in_transaction = True
    tables.connection.execute("BEGIN")
    enable(tables, "t")
    tables.connection.execute("ROLLBACK")
    assert tables.query("FROM {db}.cdc.change_tables") == []
    assert tables.query("FROM {db}.log.tracked_objects") == []


def test_the_size_of_captured_texts_can_be_set(tables: Database) -> None:
    option = "SELECT value, value_in_use FROM {db}.sys.configurations"
    assert tables.query(option) == [(65_536, 65_536)]
    (text,) = messages(tables.execute("sys.sp_configure", configname="max text repl size", configvalue=-1))
    assert text.startswith("Configuration option 'max text repl size (B)' changed from 65536 to -1.")
    assert tables.query(option) == [(-1, -1)]
    refused(tables, 40517, "sys.sp_configure", configname="fill factor", configvalue=1)


def test_cleanup_raises_the_min_lsn_and_deletes_below_it(tables: Database) -> None:
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    enable(tables, "t")
    numbers = [tables.commit(insert(table, (n, 0, 0))) for n in range(4)]
    harvest(tables)
    mark = lsn.commit_lsn(numbers[2])

    tables.execute("sys.sp_cdc_cleanup_change_table", capture_instance="DBO_T", low_water_mark=mark)

    assert tables.query("SELECT {db}.sys.fn_cdc_get_min_lsn('dbo_t')") == [(mark,)]
    assert tables.query('SELECT id FROM {db}.cdc."dbo_t_CT"') == [(2,), (3,)]
    assert tables.query("SELECT min(start_lsn), count(*) FROM {db}.cdc.lsn_time_mapping") == [(mark, 2)]
    between = lsn.marker_after(numbers[2], None)
    refused(
        tables, 22964, "sys.sp_cdc_cleanup_change_table", capture_instance="dbo_t", low_water_mark=between
    )
    refused(tables, 22981, "sys.sp_cdc_cleanup_change_table", capture_instance="x", low_water_mark=mark)
    given = {"capture_instance": "dbo_t", "low_water_mark": None}
    refused(tables, 22850, "sys.sp_cdc_cleanup_change_table", **given, threshold=0)
    tables.execute("sys.sp_cdc_cleanup_change_table", **given)  # goes on to what is kept already
    assert tables.query("SELECT {db}.sys.fn_cdc_get_min_lsn('dbo_t')") == [(mark,)]


def test_cleanup_goes_back_to_the_first_commit_of_the_same_time(tables: Database) -> None:
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    enable(tables, "t")
    moment = datetime(2026, 3, 1)
    numbers = [tables.commit(insert(table, (n, 0, 0)), at=moment) for n in range(2)]
    harvest(tables)
    tables.execute(
        "sys.sp_cdc_cleanup_change_table",
        capture_instance="dbo_t",
        low_water_mark=lsn.commit_lsn(numbers[1]),
    )
    assert tables.query("SELECT {db}.sys.fn_cdc_get_min_lsn('dbo_t')") == [(lsn.commit_lsn(numbers[0]),)]


def test_one_instance_keeps_the_times_that_another_gives_up(tables: Database) -> None:
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    enable(tables, "t")
    enable(tables, "t", capture_instance="second")
    numbers = [tables.commit(insert(table, (n, 0, 0))) for n in range(3)]
    harvest(tables)
    tables.execute(
        "sys.sp_cdc_cleanup_change_table",
        capture_instance="dbo_t",
        low_water_mark=lsn.commit_lsn(numbers[2]),
    )
    assert tables.query("SELECT count(*) FROM {db}.cdc.lsn_time_mapping") == [(3,)]
    assert tables.query('SELECT count(*) FROM {db}.cdc."second_CT"') == [(3,)]
    lower = {"capture_instance": "dbo_t", "low_water_mark": lsn.commit_lsn(numbers[1])}
    tables.execute("sys.sp_cdc_cleanup_change_table", **lower)  # is left as it is
    assert tables.query("SELECT {db}.sys.fn_cdc_get_min_lsn('dbo_t')") == [(lsn.commit_lsn(numbers[2]),)]


def test_retention_counts_back_from_the_newest_commit(tables: Database) -> None:
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    enable(tables, "t")
    start = datetime(2026, 3, 1)
    for hour in range(5):
        tables.commit(insert(table, (hour, 0, 0)), at=start + timedelta(hours=hour))
    harvest(tables)
    clean_up_by_retention(tables.connection.cursor(), DATABASE, timedelta(hours=2))
    assert tables.query('SELECT id FROM {db}.cdc."dbo_t_CT"') == [(2,), (3,), (4,)]


def test_truncate_is_refused_and_drop_takes_the_instances_along(tables: Database) -> None:
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    before_truncate(tables, table)
    enable(tables, "t")
    with pytest.raises(SqlServerError, match="4711: Cannot truncate table 't'"):
        before_truncate(tables, table)
    tables.in_one_transaction(lambda: before_drop(tables, table))
    assert tables.query("FROM {db}.cdc.change_tables") == []
    before_truncate(tables, table)


def test_ddl_is_remembered_and_dropped_columns_become_null(tables: Database) -> None:
    table = tables.catalog.find("dbo", "t")
    assert table is not None
    enable(tables, "t")
    tables.commit(insert(table, (1, 2, 3)))
    tables.connection.execute(f'ALTER TABLE "{DATABASE}".dbo.t DROP COLUMN "a b"')
    tables.connection.execute(f'ALTER TABLE "{DATABASE}".dbo.t ADD COLUMN added INTEGER')
    tables.commit(ddl(table, "ALTER TABLE dbo.t DROP COLUMN [a b]"))
    tables.commit(insert(table, (4, 6, 7)))
    harvest(tables)
    assert tables.query('SELECT id, "a b", "c,d" FROM {db}.cdc."dbo_t_CT"') == [(1, 2, 3), (4, None, 6)]
    (row,) = rows(tables.execute("sys.sp_cdc_get_ddl_history", capture_instance="dbo_t"))
    assert (row["ddl_command"], row["required_column_update"]) == (
        "ALTER TABLE dbo.t DROP COLUMN [a b]",
        False,
    )
    assert row["ddl_lsn"] == lsn.commit_lsn(2)
