"""From the log to the change tables, on a hand-made log."""

from __future__ import annotations

from datetime import datetime

import pytest

from sandbox.sqlserver.cdc import lsn
from sandbox.sqlserver.cdc.harvest import scan
from sandbox.sqlserver.cdc.phases import ScanError
from sandbox.sqlserver.results import SqlType
from tests.sandbox.sqlserver.cdc.double import (
    DATABASE,
    Database,
    delete,
    enable,
    harvest,
    insert,
    move,
    update,
)

COLUMNS: dict[str, SqlType | str] = {"id": "int", "name": "sysname"}


def test_a_commit_arrives_whole_in_the_change_table(database: Database) -> None:
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    number = database.commit(
        insert(table, (1, "a"), (2, "b")),
        update(table, ((1, "a"), (1, "c")), command=2),
        delete(table, (2, "b"), command=3),
    )

    harvest(database)

    assert database.query("SELECT {db}.sys.fn_cdc_get_max_lsn()") == [(lsn.commit_lsn(number),)]
    assert database.query(
        'SELECT "__$operation", "__$command_id", hex("__$update_mask"), id, name FROM {db}.cdc."dbo_t_CT"'
    ) == [
        (2, 1, "03", 1, "a"),
        (2, 1, "03", 2, "b"),
        (3, 2, "02", 1, "a"),
        (4, 2, "02", 1, "c"),
        (1, 3, "03", 2, "b"),
    ]
    assert database.query(
        'SELECT count(DISTINCT "__$start_lsn"), count(DISTINCT "__$seqval"), count("__$end_lsn"), '
        'max("__$seqval") < max("__$start_lsn") FROM {db}.cdc."dbo_t_CT"'
    ) == [(1, 4, 0, True)]


def test_the_change_table_has_the_columns_of_the_real_one(database: Database) -> None:
    database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    (table,) = [t for t in database.catalog.tables() if t.name == "dbo_t_CT"]
    assert [(c.name, c.type.name, c.type.length) for c in table.columns] == [
        ("__$start_lsn", "binary", 10),
        ("__$end_lsn", "binary", 10),
        ("__$seqval", "binary", 10),
        ("__$operation", "int", 0),
        ("__$update_mask", "varbinary", 128),
        ("id", "int", 0),
        ("name", "nvarchar", 128),
        ("__$command_id", "int", 0),
    ]


def test_commits_are_scanned_in_order_a_limited_number_at_a_time(database: Database) -> None:
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    for number in range(5):
        database.commit(insert(table, (number, "x")))
    cursor = database.connection.cursor()
    assert [scan(cursor, DATABASE, 2).transactions for _ in range(4)] == [2, 2, 1, 0]
    assert database.query('SELECT id FROM {db}.cdc."dbo_t_CT"') == [(n,) for n in range(5)]


def test_the_log_is_truncated_but_its_end_is_remembered(database: Database) -> None:
    """The engine counts on from the last commit."""
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    database.commit(insert(table, (1, "x")))
    last = database.commit(insert(table, (2, "x")))
    harvest(database)
    assert database.query("FROM {db}.log.records") == []
    assert database.query("FROM {db}.log.harvested") == [(last,)]
    harvest(database)
    assert database.query('SELECT count(*) FROM {db}.cdc."dbo_t_CT"') == [(2,)]


def test_a_scan_that_fails_leaves_everything_as_it_was(database: Database) -> None:
    table = database.create_table("t", COLUMNS, key=["id"])
    other = database.create_table("u", COLUMNS, key=["id"])
    enable(database, "t")
    enable(database, "u")
    database.commit(insert(table, (1, "x")), insert(other, (1, "x"), command=2))
    database.connection.execute(f'ALTER TABLE "{DATABASE}".cdc."dbo_u_CT" RENAME name TO moved')
    with pytest.raises(ScanError) as failed:
        harvest(database)
    assert [error.number for error in failed.value.errors] == [40517, 22863, 22859]
    assert (failed.value.phase.number, failed.value.commit_number, failed.value.sequence) == (7, 1, 1)
    assert database.query('FROM {db}.cdc."dbo_t_CT"') == []
    assert database.query("FROM {db}.cdc.lsn_time_mapping") == []
    database.connection.execute(f'ALTER TABLE "{DATABASE}".cdc."dbo_u_CT" RENAME moved TO name')
    harvest(database)
    assert database.query('SELECT id FROM {db}.cdc."dbo_t_CT"') == [(1,)]


def test_what_was_committed_before_the_instance_is_not_captured(database: Database) -> None:
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    database.commit(insert(table, (1, "early")))
    enable(database, "t", capture_instance="second")
    database.commit(insert(table, (2, "late")))
    harvest(database)
    assert database.query('SELECT name FROM {db}.cdc."dbo_t_CT"') == [("early",), ("late",)]
    assert database.query('SELECT name FROM {db}.cdc."second_CT"') == [("late",)]
    assert database.query("SELECT count(*) FROM {db}.cdc.lsn_time_mapping") == [(2,)]


def test_the_max_lsn_is_below_a_new_instance_until_the_next_scan(database: Database) -> None:
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    database.commit(insert(table, (1, "x")))
    harvest(database)
    database.create_table("u", COLUMNS, key=["id"])
    enable(database, "u")
    behind = (
        "SELECT {db}.sys.fn_cdc_get_max_lsn() < start_lsn "
        "FROM {db}.cdc.change_tables WHERE capture_instance = 'dbo_u'"
    )
    assert database.query(behind) == [(True,)]
    database.commit(insert(table, (2, "x")))
    harvest(database)
    assert database.query(behind) == [(False,)]


def test_commit_times_are_datetimes(database: Database) -> None:
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    database.commit(insert(table, (1, "x")), at=datetime(2026, 3, 1, 12, 0, 0, 999_000))
    database.commit(insert(table, (1, "x")), at=datetime(2026, 3, 1, 12, 0, 2, 5_600))
    harvest(database)
    assert database.query("SELECT tran_end_time, tran_id FROM {db}.cdc.lsn_time_mapping") == [
        (datetime(2026, 3, 1, 12, 0, 1), b"\0\0\0\0\0\x01"),
        (datetime(2026, 3, 1, 12, 0, 2, 7_000), b"\0\0\0\0\0\x02"),
    ]


def test_a_moved_key_is_one_command_with_one_sequence_value(database: Database) -> None:
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    database.commit(*move(table, (1, "x"), (2, "x")))
    harvest(database)
    assert database.query(
        'SELECT "__$operation", id, "__$command_id", dense_rank() OVER (ORDER BY "__$seqval") '
        'FROM {db}.cdc."dbo_t_CT"'
    ) == [(1, 1, 1, 1), (2, 2, 1, 1)]


def test_only_the_listed_columns_are_captured_in_the_tables_order(database: Database) -> None:
    table = database.create_table("t", {"id": "int", "a": "int", "b": "int", "c": "int"}, key=["id"])
    enable(database, "t", captured_column_list="[c], id,a")
    database.commit(insert(table, (1, 2, 3, 4)), update(table, ((1, 2, 3, 4), (1, 2, 3, 5)), command=2))
    harvest(database)
    assert database.query('SELECT id, a, c, hex("__$update_mask") FROM {db}.cdc."dbo_t_CT"') == [
        (1, 2, 4, "07"),
        (1, 2, 4, "04"),
        (1, 2, 5, "04"),
    ]


def test_every_type_arrives_as_it_was(database: Database) -> None:
    types: dict[str, SqlType | str] = {
        "id": "bigint",
        "bit": "bit",
        "tiny": "tinyint",
        "money": "money",
        "exact": SqlType("decimal", precision=38, scale=10),
        "real": "real",
        "guid": "uniqueidentifier",
        "time": SqlType("time", scale=7),
        "nano": SqlType("datetime2", scale=7),
        "offset": SqlType("datetimeoffset", scale=7),
        "bytes": SqlType("varbinary", length=20),
        "version": "rowversion",
    }
    table = database.create_table("t", types, key=["id"])
    enable(database, "t")
    cursor = database.connection.cursor()
    cursor.execute(
        f'INSERT INTO "{DATABASE}".dbo.t VALUES (1, TRUE, 255, -922337203685477.5808, 0.0000000001, 0.1, '
        "'6F9619FF-8B86-D011-B42D-00C04FC964FF', '23:59:59.9999999', 639079199999999999, "
        "{'utc': 3155378975999999999, 'offset_minutes': -90}, "
        "'ab'::BLOB, 'abcdefgh'::BLOB)"
    )
    image = cursor.sql(f'FROM "{DATABASE}".dbo.t').to_arrow_table()
    stored = cursor.execute(f'FROM "{DATABASE}".dbo.t').fetchall()
    rows = [[column[0].as_py() if i < 7 else column[0] for i, column in enumerate(image.columns)]]
    database.commit(insert(table, *rows))
    harvest(database)
    names = ", ".join(f'"{name}"' for name in types)
    assert database.query(f'SELECT {names} FROM {{db}}.cdc."dbo_t_CT"') == stored
    (change_table,) = [t for t in database.catalog.tables() if t.name == "dbo_t_CT"]
    version = change_table.column("version")
    assert version is not None
    assert (version.type.name, version.type.length) == ("binary", 8)


def test_two_hundred_thousand_changes_arrive_within_seconds(database: Database) -> None:
    table = database.create_table("t", {"id": "int", "n": "int", "name": "sysname"}, key=["id"])
    enable(database, "t")
    before = [(n, 0, "customer") for n in range(200_000)]
    database.commit(update(table, *((row, (row[0], 1, row[2])) for row in before)))
    started = datetime.now()
    harvest(database)
    elapsed = (datetime.now() - started).total_seconds()
    assert database.query('SELECT count(*), count(DISTINCT "__$seqval") FROM {db}.cdc."dbo_t_CT"') == [
        (400_000, 200_000)
    ]
    assert elapsed < 10


def test_a_commit_larger_than_a_chunk_keeps_its_sequence(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.sqlserver.cdc.log_reader._CHUNK_ROWS", 2)
    table = database.create_table("t", COLUMNS, key=["id"])
    enable(database, "t")
    database.commit(*(insert(table, (n, "x"), (n + 100, "x"), command=n) for n in range(1, 6)))
    harvest(database)
    assert database.query(
        'SELECT count(DISTINCT "__$seqval"), bool_and(id % 100 = "__$command_id") FROM {db}.cdc."dbo_t_CT"'
    ) == [(10, True)]
