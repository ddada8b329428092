"""From the log to the change tables, on a hand-made log."""

from __future__ import annotations

import pytest

from sandbox.sqlserver.cdc import lsn
from sandbox.sqlserver.cdc.harvest import scan
from tests.sandbox.sqlserver.cdc.double import DATABASE, Database, delete, insert, update


@pytest.fixture
def database() -> Database:
    database = Database()
    database.execute("sys.sp_cdc_enable_db")
    return database


def harvest(database: Database) -> None:
    scan(database.connection.cursor(), DATABASE, 500)


def enable(database: Database, table: str, **arguments: object) -> None:
    database.execute(
        "sys.sp_cdc_enable_table", source_schema="dbo", source_name=table, role_name=None, **arguments
    )


def test_a_commit_arrives_in_the_change_table(database: Database) -> None:
    table = database.create_table("t", {"id": "int", "name": "sysname"}, key=["id"])
    enable(database, "t")
    assert database.query("SELECT {db}.sys.fn_cdc_get_max_lsn()") == [(None,)]
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
