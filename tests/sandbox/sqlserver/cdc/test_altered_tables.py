"""Captured tables that change: columns added, dropped and retyped, a second instance, long LOBs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.sqlserver import cdc
from sandbox.sqlserver.engine.engine import StandInEngine
from tests.sandbox.sqlserver.engine.engine_client import DATABASE, PASSWORDS, Client

ENABLE = "EXEC sys.sp_cdc_enable_table 'dbo', 't', NULL, @capture_instance = '{}', @supports_net_changes = 1"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInEngine]:
    engine = StandInEngine(tmp_path_factory.mktemp("altered"), PASSWORDS, prepare=cdc.install)
    engine.register(cdc.PROCEDURES)
    engine.create_database(DATABASE)
    with Client(engine) as client:
        client.run("EXEC sys.sp_cdc_enable_db")
    yield engine
    engine.close()


@pytest.fixture
def table(engine: StandInEngine) -> Iterator[Client]:
    with Client(engine) as client:
        client.run(
            "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(5), x varchar(max))"
        )
        client.run(ENABLE.format("one"))
        yield client


def changes(client: Client, instance: str, columns: str) -> list[tuple[object, ...]]:
    client.run("EXEC sys.sp_cdc_scan")
    return client.rows(
        f"SELECT [__$operation], {columns} FROM cdc.{instance}_CT ORDER BY [__$start_lsn], [__$operation]"
    )


def test_an_added_column_is_captured_by_a_second_instance_and_there_is_no_third(table: Client) -> None:
    table.run("ALTER TABLE t ADD c int NULL; INSERT INTO t VALUES (1, 1, 'b', NULL, 7)")
    table.run(ENABLE.format("two"))
    assert table.error(ENABLE.format("three")) == 22962
    table.run("INSERT INTO t VALUES (2, 2, 'b', NULL, 8)")
    assert changes(table, "one", "id, a") == [(2, 1, 1), (2, 2, 2)]
    assert changes(table, "two", "id, c") == [(2, 2, 8)]


def test_a_dropped_column_is_null_from_then_on(table: Client) -> None:
    table.run("INSERT INTO t VALUES (1, 1, 'b', NULL); ALTER TABLE t DROP COLUMN a; UPDATE t SET b = 'c'")
    assert changes(table, "one", "a, b") == [(2, 1, "b"), (3, None, "b"), (4, None, "c")]


def test_a_wider_type_is_carried_into_the_change_table(table: Client) -> None:
    table.run("INSERT INTO t VALUES (1, 1, 'b', NULL)")
    changes(table, "one", "id")
    table.run("INSERT INTO t VALUES (2, 2, 'c', NULL)")  # not yet harvested
    table.run("ALTER TABLE t ALTER COLUMN a bigint; ALTER TABLE t ALTER COLUMN b nvarchar(20)")
    table.run("ALTER TABLE t ALTER COLUMN b nvarchar(20) NOT NULL")
    table.run("INSERT INTO t VALUES (3, 5000000000, N'longer than five', NULL)")
    assert changes(table, "one", "a, b") == [(2, 1, "b"), (2, 2, "c"), (2, 5_000_000_000, "longer than five")]
    types = (
        "SELECT column_name, column_type FROM cdc.captured_columns WHERE column_name IN ('a', 'b') ORDER BY 1"
    )
    assert table.rows(types) == [("a", "bigint"), ("b", "nvarchar")]
    history = "SELECT required_column_update FROM cdc.ddl_history ORDER BY ddl_lsn"
    assert table.rows(history) == [(True,), (True,), (False,)]
    low, high = "sys.fn_cdc_get_min_lsn('one')", "sys.fn_cdc_get_max_lsn()"
    for kind in ("all", "net"):
        assert (
            table.value(f"MAX(a) FROM cdc.fn_cdc_get_{kind}_changes_one({low}, {high}, 'all')")
            == 5_000_000_000
        )


def test_the_key_of_an_instance_and_a_captured_table_stay_as_they_are(table: Client) -> None:
    assert table.error("ALTER TABLE t ALTER COLUMN id bigint") == 5074
    assert table.error("ALTER TABLE t DROP COLUMN id") == 5074
    assert table.error("TRUNCATE TABLE t") == 4711


def test_dropping_a_captured_table_drops_its_instances(table: Client) -> None:
    table.run("DROP TABLE t")
    assert table.value("COUNT(*) FROM cdc.change_tables") == 0
    assert table.error("SELECT * FROM cdc.one_CT") == 208


def test_a_lob_longer_than_max_text_repl_size_is_refused_where_it_is_captured(table: Client) -> None:
    table.run("INSERT INTO t VALUES (1, 1, 'b', REPLICATE(CAST('x' AS varchar(max)), 65536))")
    longer = "REPLICATE(CAST('x' AS varchar(max)), 65537)"
    assert table.error(f"INSERT INTO t VALUES (2, 1, 'b', {longer})") == 7139
    assert table.error(f"UPDATE t SET x = {longer}") == 7139
    table.run("UPDATE t SET a = 2")
    table.run("CREATE TABLE free (x varchar(max))")
    table.run(f"INSERT INTO free VALUES ({longer}); DROP TABLE free")
    table.run("EXEC sp_configure 'max text repl size', -1; RECONFIGURE")
    table.run(f"UPDATE t SET x = {longer}; EXEC sp_configure 'max text repl size', 65536; RECONFIGURE")
    assert table.value("LEN(x) FROM t") == 65537
