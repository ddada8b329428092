"""CDC as a client meets it: pymssql, Shellcorp's tables and traffic, a server that is killed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.process import Service
from sandbox.shellcorp.server import Server
from sandbox.shellcorp.traffic.run import Limits, Traffic
from tests.sandbox.sqlserver.cdc import wire
from tests.sandbox.sqlserver.cdc.wire import query, refusal, run, value

WHOLE = "sys.fn_cdc_get_min_lsn('dbo_customers'), sys.fn_cdc_get_max_lsn()"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with wire.start(tmp_path_factory.mktemp("cdc")) as service:
        yield service


@pytest.fixture(scope="module")
def server(service: Service) -> Server:
    return wire.install_small(service)


def test_traffic_folded_back_is_the_source(server: Server) -> None:
    instances = wire.instances(server)
    bases = {instance.name: wire.table_rows(server, instance) for instance in instances}
    tally = Traffic(server, seed=5, say=print).run(Limits(rate=1000, transactions=100))
    assert tally.committed.total() > 30
    wire.wait_until(wire.captured_up_to_now(server))
    for instance in instances:
        assert wire.fold(server, instance, bases[instance.name]) == wire.table_rows(server, instance)


def test_functions_answer_a_client(server: Server) -> None:
    run(server, "UPDATE dbo.customers SET segment = 'key account' WHERE customer_id = 1")
    wire.wait_until(wire.captured_up_to_now(server))
    ((lsn, name),) = query(
        server,
        "SELECT TOP (1) [__$start_lsn], segment FROM cdc.fn_cdc_get_all_changes_dbo_customers"
        f"({WHOLE}, 'all update old') WHERE [__$operation] = 4 AND customer_id = 1 "
        "ORDER BY [__$start_lsn] DESC",
    )
    assert (len(lsn), name) == (10, "key account")
    hexed = "0x" + lsn.hex()
    at = value(server, f"SELECT sys.fn_cdc_map_lsn_to_time({hexed})")
    moment = at.isoformat(" ", "milliseconds")
    back = value(server, f"SELECT sys.fn_cdc_map_time_to_lsn('largest less than or equal', '{moment}')")
    assert back >= lsn
    assert value(server, f"SELECT sys.fn_cdc_increment_lsn({hexed})") > lsn
    assert value(server, "SELECT sys.fn_cdc_get_min_lsn('nonsense')") == bytes(10)
    assert query(
        server,
        "SELECT [__$operation], segment FROM cdc.fn_cdc_get_net_changes_dbo_customers"
        f"({hexed}, {hexed}, 'all')",
    ) == [(4, "key account")]
    ordinal = value(server, "SELECT sys.fn_cdc_get_column_ordinal('dbo_customers', 'segment')")
    assert value(
        server,
        f"SELECT sys.fn_cdc_is_bit_set({ordinal}, [__$update_mask]) FROM cdc.dbo_customers_CT "
        f"WHERE [__$start_lsn] = {hexed} AND [__$operation] = 4",
    ) in (True, 1)


def test_an_lsn_out_of_range_is_error_313(server: Server) -> None:
    number, text = refusal(
        server,
        "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_customers(0x00, sys.fn_cdc_get_max_lsn(), 'all')",
    )
    assert number == 313
    assert "An insufficient number of arguments were supplied" in text


def test_errors_of_procedures_reach_the_client(server: Server) -> None:
    enable = "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'{}', @role_name = NULL"
    assert refusal(server, enable.format("nonsense"))[0] == 22931
    assert refusal(server, enable.format("customers"))[0] == 22926
    assert refusal(server, "TRUNCATE TABLE dbo.customers")[0] == 4711


def test_the_jobs_are_seen_as_on_a_real_server(server: Server) -> None:
    running = (
        "SELECT COUNT(*) FROM msdb.dbo.cdc_jobs AS j "
        "JOIN msdb.dbo.sysjobactivity AS a ON a.job_id = j.job_id "
        "WHERE j.database_id = DB_ID() AND j.job_type = N'capture' AND a.stop_execution_date IS NULL"
    )
    assert value(server, running) == 1
    run(server, "EXEC sys.sp_cdc_stop_job @job_type = N'capture'")
    assert value(server, running) == 0
    before = value(server, "SELECT sys.fn_cdc_get_max_lsn()")
    run(server, "UPDATE dbo.customers SET segment = 'sleeping' WHERE customer_id = 2")
    assert value(server, "SELECT sys.fn_cdc_get_max_lsn()") == before
    run(server, "EXEC msdb.dbo.sp_start_job @job_name = N'cdc.shellcorp_capture'")
    wire.wait_until(lambda: value(server, "SELECT sys.fn_cdc_get_max_lsn()") > before)
    assert (
        value(
            server,
            "SELECT status_desc FROM sys.dm_server_services WHERE servicename LIKE 'SQL Server Agent%'",
        )
        == "Running"
    )
    assert len(query(server, "EXEC sys.sp_cdc_help_jobs")) == 2
    assert value(server, "SELECT COUNT(*) FROM sys.dm_cdc_log_scan_sessions WHERE tran_count > 0") > 0


def test_help_names_the_instances(server: Server) -> None:
    rows = query(server, "EXEC sys.sp_cdc_help_change_data_capture")
    assert ("dbo", "orders", "orders_v1") in [row[:3] for row in rows]
    assert value(server, "SELECT COUNT(*) FROM sys.tables WHERE is_tracked_by_cdc = 1") == len(rows)
    assert value(server, "SELECT is_cdc_enabled FROM sys.databases WHERE name = DB_NAME()") in (True, 1)


def test_cleanup_moves_the_min_lsn(server: Server) -> None:
    run(server, "UPDATE dbo.accounts SET status = 'checked' WHERE account_number IN "
        "(SELECT TOP (3) account_number FROM dbo.accounts ORDER BY account_number)")  # fmt: skip
    wire.wait_until(wire.captured_up_to_now(server))
    low = value(server, "SELECT MAX([__$start_lsn]) FROM cdc.dbo_accounts_CT")
    run(
        server,
        "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_accounts', "
        f"@low_water_mark = 0x{low.hex()}",
    )
    kept = value(server, "SELECT sys.fn_cdc_get_min_lsn('dbo_accounts')")
    assert kept <= low
    assert value(server, "SELECT MIN([__$start_lsn]) FROM cdc.dbo_accounts_CT") >= kept
    assert value(server, "SELECT sys.fn_cdc_get_min_lsn('dbo_customers')") < kept


def test_ddl_on_a_captured_table(server: Server) -> None:
    run(server, "CREATE TABLE dbo.changing (id int NOT NULL PRIMARY KEY, old_one int NULL)")
    enable = (
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'changing', @role_name = NULL"
    )
    run(server, enable)
    run(server, "INSERT INTO dbo.changing VALUES (1, 10)")
    run(server, "ALTER TABLE dbo.changing ADD new_one int NULL")
    run(server, enable + ", @capture_instance = N'changing_v2'")
    run(server, "INSERT INTO dbo.changing VALUES (2, 20, 200)")
    run(server, "ALTER TABLE dbo.changing DROP COLUMN old_one")
    run(server, "INSERT INTO dbo.changing VALUES (3, 300)")
    wire.wait_until(wire.captured_up_to_now(server))
    assert query(server, "SELECT id, old_one FROM cdc.dbo_changing_CT ORDER BY id") == [
        (1, 10),
        (2, 20),
        (3, None),
    ]
    assert query(server, "SELECT id, old_one, new_one FROM cdc.changing_v2_CT ORDER BY id") == [
        (2, 20, 200),
        (3, None, 300),
    ]
    history = query(server, "EXEC sys.sp_cdc_get_ddl_history @capture_instance = N'dbo_changing'")
    assert [row[4] for row in history] == [
        "ALTER TABLE dbo.changing ADD new_one int NULL",
        "ALTER TABLE dbo.changing DROP COLUMN old_one",
    ]
    run(server, "DROP TABLE dbo.changing")
    assert (
        value(server, "SELECT COUNT(*) FROM cdc.change_tables WHERE capture_instance LIKE '%changing%'") == 0
    )


def test_commit_times_are_the_servers_own(tmp_path: Path) -> None:
    with wire.start(tmp_path, "--timezone", "Asia/Kathmandu", "--polling-interval", "0.05") as service:
        server = wire.server_of(service)
        run(server, "EXEC sys.sp_cdc_enable_db")
        run(server, "CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY)")
        run(server, "EXEC sys.sp_cdc_enable_table N'dbo', N't', NULL")
        run(server, "INSERT INTO dbo.t VALUES (1)")
        wire.wait_until(lambda: value(server, "SELECT COUNT(*) FROM cdc.dbo_t_CT") == 1)
        seconds = "SELECT DATEDIFF(second, MIN(tran_end_time), GETDATE()) FROM cdc.lsn_time_mapping"
        assert 0 <= value(server, seconds) < wire.LIMIT_SECONDS
        assert value(server, "SELECT DATEDIFF(minute, GETUTCDATE(), GETDATE())") == 5 * 60 + 45


def test_a_server_killed_while_it_captures_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    die = random.Random(seed)
    service = wire.start(tmp_path)
    server = wire.install_small(service)
    instances = wire.instances(server)
    bases = {instance.name: wire.table_rows(server, instance) for instance in instances}
    traffic = Traffic(server, seed=seed, say=print)
    writer = threading.Thread(target=traffic.run, args=(Limits(rate=200),))
    writer.start()
    try:
        for _ in range(3):
            time.sleep(die.uniform(0.2, 1.2))  # the moment of the kill, not a wait for a state
            service.kill()
            service = wire.start(tmp_path, port=server.port)
        traffic.stop()
        writer.join(wire.LIMIT_SECONDS)
        assert not writer.is_alive()
        wire.wait_until(wire.captured_up_to_now(server))
        for instance in instances:
            assert wire.fold(server, instance, bases[instance.name]) == wire.table_rows(server, instance)
            assert (
                query(
                    server,
                    f"SELECT [__$start_lsn] FROM cdc.[{instance.name}_CT] "
                    "GROUP BY [__$start_lsn], [__$seqval], [__$operation] HAVING COUNT(*) > 1",
                )
                == []
            )
    finally:
        traffic.stop()
        service.kill()
        writer.join(wire.LIMIT_SECONDS)
