"""Captured tables that change: columns added, dropped and retyped, a second instance, long LOBs."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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


def test_a_column_that_takes_the_name_of_a_dropped_one_is_another_one(table: Client) -> None:
    table.run("INSERT INTO t VALUES (1, 1, 'b', NULL); ALTER TABLE t DROP COLUMN a")
    table.run("ALTER TABLE t ADD a varchar(5) NOT NULL DEFAULT 'new'; UPDATE t SET b = 'c', a = 'newer'")
    table.run(ENABLE.format("two"))
    table.run("ALTER TABLE t ALTER COLUMN a varchar(9); UPDATE t SET b = 'd'")
    assert changes(table, "one", "a, b") == [
        (2, 1, "b"),
        (3, None, "b"),
        (4, None, "c"),
        (3, None, "c"),
        (4, None, "d"),
    ]
    assert changes(table, "two", "a, b") == [(3, "newer", "c"), (4, "newer", "d")]


def test_moments_of_all_years_pass_through_a_change_of_their_scale(table: Client) -> None:
    table.run("DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, at datetime2(7), far datetimeoffset)")
    table.run(ENABLE.format("one"))
    first, last = "0001-01-01 00:00:00.0000001", "9999-12-31 23:59:59.9999999"
    table.run(f"INSERT INTO t VALUES (1, '{first}', '{last} +14:00')")
    changes(table, "one", "id")
    table.run("UPDATE t SET at = '2262-04-12'")  # not yet harvested
    table.run("ALTER TABLE t ALTER COLUMN at datetime2(3)")
    table.run(f"UPDATE t SET far = '{first} -14:00'")
    shown = "CONVERT(varchar(40), at, 121), CONVERT(varchar(40), far, 121)"
    start, middle = "0001-01-01 00:00:00.000", "2262-04-12 00:00:00.000"
    assert changes(table, "one", shown) == [
        (2, start, f"{last} +14:00"),
        (3, start, f"{last} +14:00"),
        (4, middle, f"{last} +14:00"),
        (3, middle, f"{last} +14:00"),
        (4, middle, f"{first} -14:00"),
    ]


def test_a_wider_type_is_carried_into_the_change_table(table: Client) -> None:
    table.run("INSERT INTO t VALUES (1, 1, 'b', NULL)")
    changes(table, "one", "id")
    table.run("INSERT INTO t VALUES (2, 2, 'c', NULL)")  # not yet harvested
    table.run("ALTER TABLE t ALTER COLUMN a bigint; ALTER TABLE t ALTER COLUMN b nvarchar(20)")
    table.run("ALTER TABLE t ALTER COLUMN b nvarchar(20) NOT NULL")
    table.run("INSERT INTO t VALUES (3, 5000000000, N'longer than five', NULL)")
    assert table.value("COUNT(*) FROM cdc.ddl_history") == 0
    assert table.type_of("MAX(a) FROM cdc.one_CT").name == "int"
    assert changes(table, "one", "a, b") == [(2, 1, "b"), (2, 2, "c"), (2, 5_000_000_000, "longer than five")]
    assert table.type_of("MAX(a) FROM cdc.one_CT").name == "bigint"
    assert table.value("schema_change_count FROM sys.dm_cdc_log_scan_sessions WHERE tran_count = 5") == 3
    types = (
        "SELECT column_name, column_type FROM cdc.captured_columns WHERE column_name IN ('a', 'b') ORDER BY 1"
    )
    assert table.rows(types) == [("a", "bigint"), ("b", "nvarchar")]
    history = "SELECT required_column_update FROM cdc.ddl_history ORDER BY ddl_lsn"
    assert table.rows(history) == [(True,), (True,), (False,)]
    assert table.value("COUNT(*) FROM cdc.ddl_history WHERE ddl_lsn > sys.fn_cdc_get_max_lsn()") == 0
    low, high = "sys.fn_cdc_get_min_lsn('one')", "sys.fn_cdc_get_max_lsn()"
    for kind in ("all", "net"):
        assert (
            table.value(f"MAX(a) FROM cdc.fn_cdc_get_{kind}_changes_one({low}, {high}, 'all')")
            == 5_000_000_000
        )


def test_each_row_is_captured_in_the_type_of_its_time_even_inside_one_transaction(table: Client) -> None:
    table.run(ENABLE.format("two") + ", @captured_column_list = 'id, b'")
    table.run(
        "BEGIN TRAN; INSERT INTO t VALUES (1, 1, 'x', 'long'); SAVE TRAN s; "
        "ALTER TABLE t ALTER COLUMN b varchar(9); ROLLBACK TRAN s; "
        "ALTER TABLE t ALTER COLUMN a varchar(9); INSERT INTO t VALUES (2, 'two', 'y', 'l'); COMMIT"
    )
    assert changes(table, "one", "a, b") == [(2, "1", "x"), (2, "two", "y")]
    assert changes(table, "two", "b") == [(2, "x"), (2, "y")]
    history = "SELECT OBJECT_NAME(object_id), required_column_update FROM cdc.ddl_history ORDER BY object_id"
    assert table.rows(history) == [("one_CT", True), ("two_CT", False)]


def test_what_was_written_before_the_statement_meets_the_old_type(table: Client) -> None:
    """It fits, and then stands in the way of the new one: phase 6, not 7."""
    table.run("INSERT INTO t VALUES (1, 1, 'long', NULL); DELETE t; ALTER TABLE t ALTER COLUMN b int")
    assert table.error("EXEC sys.sp_cdc_scan") == 245
    phases = "SELECT DISTINCT phase_number FROM sys.dm_cdc_errors WHERE session_id = "
    phases += "(SELECT MAX(session_id) FROM sys.dm_cdc_log_scan_sessions)"
    assert table.rows(phases) == [(6,)]
    table.run("EXEC sys.sp_cdc_disable_table 'dbo', 't', 'one'; EXEC sys.sp_cdc_scan")


NARROWER = [
    ("UPDATE t SET b = 'a'", "b varchar(2)", 2628, "truncated in table"),
    ("UPDATE t SET b = '1'", "b int", 245, "Conversion failed"),
    ("UPDATE t SET a = 1", "a tinyint", 220, "Arithmetic overflow"),
]


@pytest.mark.parametrize(("fitting", "column", "number", "text"), NARROWER)
def test_a_type_that_captured_changes_cannot_take_stops_the_scan_until_they_are_gone(
    table: Client, fitting: str, column: str, number: int, text: str
) -> None:
    """Microsoft's page "Known limitations, issues, and errors with CDC": errors 245, 2628, 8115."""
    table.run("INSERT INTO t VALUES (1, 1000, 'long', NULL); EXEC sys.sp_cdc_scan")
    table.run(f"{fitting}; EXEC sys.sp_cdc_scan; ALTER TABLE t ALTER COLUMN {column}")
    table.run("INSERT INTO t VALUES (2, 2, '2', NULL)")
    for _ in range(2):  # it is tried again, and meets the same
        assert table.error("EXEC sys.sp_cdc_scan") == number
    errors = (
        "SELECT e.error_number, e.phase_number, e.error_severity, s.scan_phase, s.error_count "
        "FROM sys.dm_cdc_errors AS e JOIN sys.dm_cdc_log_scan_sessions AS s ON s.session_id = e.session_id "
        "WHERE e.session_id = (SELECT MAX(session_id) FROM sys.dm_cdc_log_scan_sessions) ORDER BY entry_time"
    )
    assert table.rows(errors) == [(n, 6, 16, "Schema versioning", 3) for n in (number, 22860, 22859)]
    places = "SELECT DISTINCT start_lsn, begin_lsn, sequence_value FROM sys.dm_cdc_errors WHERE "
    ((start, begin, sequence),) = table.rows(
        f"{places} session_id = (SELECT MAX(session_id) FROM sys.dm_cdc_errors)"
    )
    assert begin <= sequence < start
    assert table.value(f"COUNT(*) FROM sys.dm_cdc_errors WHERE error_message LIKE '%{text}%'") >= 2
    assert table.value("COUNT(*) FROM cdc.one_CT") == 3
    consumed = "DECLARE @to binary(10) = sys.fn_cdc_get_max_lsn(); DELETE t; "
    table.run(consumed + "EXEC sys.sp_cdc_cleanup_change_table 'one', @to, 5000")
    assert table.value("COUNT(*) FROM cdc.one_CT") == 2  # the update is at the low water mark itself
    table.run("EXEC sys.sp_cdc_disable_table 'dbo', 't', 'one'; EXEC sys.sp_cdc_scan")
    table.run(ENABLE.format("again") + "; INSERT INTO t VALUES (3, 3, '3', NULL)")
    assert changes(table, "again", "id") == [(2, 3)]


def test_a_scan_beside_alter_table_loses_nothing(engine: StandInEngine, table: Client) -> None:
    """Types change to and fro while two sessions write and the job scans without a pause."""
    rounds = 12
    job = cdc.CaptureJob(engine.new_connection(), polling_interval=0.0, schema_changed=engine.schema_changed)
    ended = threading.Event()
    writing = threading.Barrier(3, timeout=30)
    errors = table.value("COUNT(*) FROM sys.dm_cdc_errors")

    def write(first: int) -> int:
        with Client(engine) as client:
            for number in itertools.count(first, 2):
                client.run(f"INSERT INTO t VALUES ({number}, {number}, '{number}', NULL)")
                client.run(f"UPDATE t SET a = a + 1 WHERE id = {number}")
                if number == first:
                    writing.wait()
                if ended.is_set() and number > first:
                    return number
        raise AssertionError("never reached")

    job.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(write, first) for first in (1, 2)]
            writing.wait()
            try:
                for number in range(rounds):
                    table.run(f"ALTER TABLE t ALTER COLUMN a {('bigint', 'varchar(20)')[number % 2]}")
                    table.run(f"ALTER TABLE t ALTER COLUMN b varchar({20 + number})")
            finally:
                ended.set()
            assert all(writer.result() > 2 for writer in writers)
    finally:
        job.stop()
    table.run("EXEC sys.sp_cdc_scan")
    assert table.value("COUNT(*) FROM sys.dm_cdc_errors") == errors
    kept = table.rows("SELECT id, a, b FROM t ORDER BY id")
    assert table.rows("SELECT id, a, b FROM cdc.one_CT WHERE [__$operation] = 4 ORDER BY id") == kept
    assert table.value("COUNT(*) FROM cdc.one_CT") == 3 * len(kept)
    assert table.value("COUNT(*) FROM cdc.ddl_history") == 2 * rounds


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
