"""The job beside the sessions: it captures by itself, stops, starts, and says what it did."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from sandbox.sqlserver.cdc import CaptureJob
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.results import SqlServerError
from tests.sandbox.sqlserver.cdc.double import DATABASE, Database, enable, harvest, insert, rows

LIMIT_SECONDS = 20.0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def table(database: Database) -> TableDef:
    table = database.create_table("t", {"id": "int"}, key=["id"])
    enable(database, "t")
    return table


@pytest.fixture
def job(database: Database) -> Iterator[CaptureJob]:
    job = CaptureJob(database.connection, polling_interval=0.01, quiet_interval=3600)
    job.start()
    yield job
    job.stop()


def captured(database: Database) -> int:
    return int(database.query('SELECT count(*) FROM {db}.cdc."dbo_t_CT"')[0][0])


def empty_scans(database: Database) -> int:
    return int(
        database.query("SELECT coalesce(sum(empty_scan_count), 0) FROM {db}.sys.dm_cdc_log_scan_sessions")[0][
            0
        ]
    )


AGENT = "SELECT status_desc FROM {db}.sys.dm_server_services WHERE servicename LIKE 'SQL Server Agent%'"


def test_the_agent_runs_while_the_job_does(database: Database) -> None:
    job = CaptureJob(database.connection)
    job.start()
    assert database.query(AGENT) == [("Running",)]
    job.stop()
    assert database.query(AGENT) == [("Stopped",)]


@pytest.mark.usefixtures("job")
def test_it_captures_by_itself(database: Database, table: TableDef) -> None:
    for number in range(20):
        database.commit(insert(table, (number,)))
    wait_until(lambda: captured(database) == 20)
    told = "SELECT sum(tran_count), sum(command_count) FROM {db}.sys.dm_cdc_log_scan_sessions"
    wait_until(lambda: database.query(told) == [(20, 20)])


@pytest.mark.usefixtures("job")
def test_a_stopped_job_captures_nothing_until_it_is_started(database: Database, table: TableDef) -> None:
    wait_until(lambda: empty_scans(database) > 0)
    database.execute("sys.sp_cdc_stop_job")
    seen = empty_scans(database)
    database.commit(insert(table, (1,)))
    with pytest.raises(
        SqlServerError,
        match=r"^22022: SQLServerAgent Error: Request to stop job .*_capture \(from User sa\) refused "
        r"because the job is not currently running\.$",
    ):
        database.execute("sys.sp_cdc_stop_job")
    assert (captured(database), empty_scans(database)) == (0, seen)
    assert database.query("SELECT stop_execution_date IS NULL FROM msdb.dbo.sysjobactivity") == [(False,)]

    database.execute("msdb.dbo.sp_start_job", job_name=f"cdc.{DATABASE}_capture")
    wait_until(lambda: captured(database) == 1)
    with pytest.raises(
        SqlServerError,
        match=r"^22022: SQLServerAgent Error: Request to run job .*_capture \(from User sa\) refused "
        r"because the job is already running from a request by User sa\.$",
    ):
        database.execute("sys.sp_cdc_start_job")


def test_stopped_stays_stopped_over_a_restart(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.execute("sys.sp_cdc_enable_db")
    table = database.create_table("t", {"id": "int"}, key=["id"])
    enable(database, "t")
    database.execute("sys.sp_cdc_stop_job")
    database.commit(insert(table, (1,)))
    database.connection.close()

    again = Database(tmp_path)
    job = CaptureJob(again.connection, polling_interval=0.01)
    job.start()
    again.execute("msdb.dbo.sp_start_job", job_name=f"cdc.{DATABASE}_cleanup")  # does not touch the other
    assert captured(again) == 0
    again.execute("sys.sp_cdc_start_job")
    wait_until(lambda: captured(again) == 1)
    job.stop()
    again.connection.close()


@pytest.mark.usefixtures("table", "job")
def test_a_new_instance_is_reached_by_the_next_scan(database: Database) -> None:
    wait_until(
        lambda: (
            database.query("SELECT {db}.sys.fn_cdc_get_max_lsn() = {db}.sys.fn_cdc_get_min_lsn('dbo_t')")
            == [(True,)]
        )
    )


def test_quiet_leaves_dummy_rows(database: Database, table: TableDef) -> None:
    database.commit(insert(table, (1,)))
    job = CaptureJob(database.connection, polling_interval=0.01, quiet_interval=0.05)
    job.start()
    dummies = "SELECT count(*) FROM {db}.cdc.lsn_time_mapping WHERE tran_id = '\\x00'::BLOB"
    wait_until(lambda: database.query(dummies)[0][0] >= 3)
    database.commit(insert(table, (2,)))
    wait_until(lambda: captured(database) == 2)
    job.stop()
    lsns = [row[0] for row in database.query("SELECT start_lsn FROM {db}.cdc.lsn_time_mapping")]
    assert lsns == sorted(set(lsns))
    assert database.query(
        'SELECT count(*) FROM {db}.cdc."dbo_t_CT" AS c INNER JOIN {db}.cdc.lsn_time_mapping AS m '
        "ON m.start_lsn = c.\"__$start_lsn\" WHERE m.tran_id <> '\\x00'::BLOB"
    ) == [(2,)]


@pytest.mark.usefixtures("job")
def test_what_stops_a_scan_is_shown_and_the_scan_goes_on_when_it_is_gone(
    database: Database, table: TableDef
) -> None:
    database.connection.execute(f'ALTER TABLE "{DATABASE}".cdc."dbo_t_CT" RENAME id TO elsewhere')
    database.commit(insert(table, (1,)))
    wait_until(lambda: database.query("SELECT count(*) > 0 FROM {db}.sys.dm_cdc_errors") == [(True,)])
    database.connection.execute(f'ALTER TABLE "{DATABASE}".cdc."dbo_t_CT" RENAME elsewhere TO id')
    wait_until(lambda: captured(database) == 1)


@pytest.mark.usefixtures("table")
def test_settings_of_the_jobs(database: Database) -> None:
    capture, cleanup = rows(database.execute("sys.sp_cdc_help_jobs"))
    assert (capture["maxtrans"], capture["maxscans"], capture["pollinginterval"]) == (500, 10, 5)
    assert (capture["job_name"], capture["continuous"]) == (f"cdc.{DATABASE}_capture", True)
    assert (cleanup["retention"], cleanup["threshold"]) == (4320, 4999)

    database.execute("sys.sp_cdc_change_job", job_type="capture", pollinginterval=0, maxtrans=7)
    database.execute("sys.sp_cdc_change_job", job_type="cleanup", retention=60)
    capture, cleanup = rows(database.execute("sys.sp_cdc_help_jobs"))
    assert (capture["maxtrans"], capture["maxscans"], capture["pollinginterval"]) == (7, 10, 0)
    assert cleanup["retention"] == 60

    assert database.query(
        "SELECT database_id, maxtrans, retention FROM msdb.dbo.cdc_jobs ORDER BY job_type"
    ) == [(5, 7, None), (5, None, 60)]

    database.execute("sys.sp_cdc_drop_job", job_type="capture")
    assert len(rows(database.execute("sys.sp_cdc_help_jobs"))) == 1
    database.execute("sys.sp_cdc_add_job", job_type="capture", maxscans=3)
    capture, _ = rows(database.execute("sys.sp_cdc_help_jobs"))
    assert (capture["maxtrans"], capture["maxscans"]) == (500, 3)


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (22991, {"maxtrans": 0}),
        (22970, {"maxscans": 0}),
        (22990, {"pollinginterval": 86_400}),
        (22995, {"retention": 1}),
        (22996, {"job_type": "cleanup", "maxtrans": 1}),
        (22994, {"job_type": "cleanup", "retention": 0}),
        (22850, {"job_type": "cleanup", "threshold": 0}),
        (22992, {"job_type": "nonsense"}),
    ],
)
@pytest.mark.usefixtures("table")
def test_wrong_settings(database: Database, number: int, arguments: dict[str, object]) -> None:
    with pytest.raises(SqlServerError) as caught:
        database.execute("sys.sp_cdc_change_job", **arguments)
    assert caught.value.number == number


def test_an_unknown_job_is_named(database: Database) -> None:
    with pytest.raises(SqlServerError, match="14262: The specified @job_name"):
        database.execute("msdb.dbo.sp_start_job", job_name="nonsense")
    with pytest.raises(SqlServerError, match="14262: The specified @job_id"):
        database.execute("msdb.dbo.sp_stop_job", job_id=UUID(int=1))
    with pytest.raises(SqlServerError, match="14294: Supply either @job_id or @job_name"):
        database.execute("msdb.dbo.sp_stop_job")
    with pytest.raises(SqlServerError, match="22997"):
        database.execute("sys.sp_cdc_start_job")


@pytest.mark.usefixtures("job")
def test_a_scan_on_demand_goes_beside_the_job(database: Database, table: TableDef) -> None:
    for number in range(10):
        database.commit(insert(table, (number,)))
        database.execute("sys.sp_cdc_scan")
        assert captured(database) == number + 1
    harvest(database)
    assert captured(database) == 10
