"""Faults on demand, as clients see them: each through FreeTDS and through Microsoft's ODBC driver."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from sandbox.process import Service
from tests.sandbox.sqlserver.clients.drivers import BOTH, Connect, with_pymssql

READER = "platform_reader"
MANY = "SELECT value FROM GENERATE_SERIES(1, 100000)"
VICTIM = "deadlocked on lock resources with another process and has been chosen as the deadlock victim"


@pytest.fixture(params=list(BOTH))
def connect(request: pytest.FixtureRequest) -> Connect:
    return BOTH[request.param]


@pytest.fixture(scope="module", autouse=True)
def reader(sql_server_service: Service) -> None:
    arm(sql_server_service, f"IF USER_ID(N'{READER}') IS NULL CREATE USER {READER}")


@pytest.fixture(autouse=True)
def no_fault_stays(sql_server_service: Service) -> Iterator[None]:
    yield
    arm(sql_server_service, "EXEC sandbox.clear_faults")


def arm(service: Service, *statements: str) -> None:
    with closing(with_pymssql(service)) as connection:
        for statement in statements:
            connection.cursor().execute(statement)


def rows(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(statement)
    return [tuple(row) for row in cursor.fetchall()]


def test_a_connection_is_cut_after_so_many_bytes_once(sql_server_service: Service, connect: Connect) -> None:
    cut, read = connect(sql_server_service, READER), []  # not closed: it cannot say goodbye any more
    arm(sql_server_service, "EXEC sandbox.cut_connection N'platform_reader', @after_bytes = 100000")
    with pytest.raises(Exception, match=r"(?i)link failure|connection|server") as caught:  # noqa: PT012
        cursor = cut.cursor()
        cursor.execute(MANY)
        while row := cursor.fetchone():
            read.append(row[0])
    assert type(caught.value).__module__.startswith(("pymssql", "mssql_python"))
    assert read == list(range(1, len(read) + 1))
    assert 100000 / 20 < len(read) < 100000 / 4, "a row has 4 bytes; framing and TLS cost less than 16"
    with closing(connect(sql_server_service, READER)) as again:
        assert len(rows(again, MANY)) == 100_000


def test_a_cut_can_come_several_times_and_spares_other_logins(sql_server_service: Service) -> None:
    arm(sql_server_service, "EXEC sandbox.cut_connection N'Platform_Reader', 0, 2")
    for _ in range(2):
        with closing(with_pymssql(sql_server_service, "sa")) as spared:
            assert rows(spared, "SELECT 1") == [(1,)]
        with pytest.raises(Exception, match=r"connection|EOF"):
            with_pymssql(sql_server_service, READER)
    with closing(with_pymssql(sql_server_service, READER)) as whole:
        assert rows(whole, "SELECT 1") == [(1,)]


def test_answers_are_delayed_until_the_faults_are_cleared(
    sql_server_service: Service, connect: Connect
) -> None:
    def seconds() -> float:
        started = time.monotonic()
        assert rows(connection, "SELECT 1") == [(1,)]
        return time.monotonic() - started

    with closing(connect(sql_server_service, READER)) as connection:
        arm(sql_server_service, "EXEC sandbox.delay @login = N'platform_reader', @milliseconds = 400")
        assert seconds() >= 0.4
        arm(sql_server_service, "EXEC sandbox.clear_faults")
        assert seconds() < 0.4


def test_the_next_matching_statement_is_a_deadlock_victim_and_its_transaction_is_gone(
    sql_server_service: Service, connect: Connect
) -> None:
    with closing(connect(sql_server_service, "sa")) as connection:
        cursor = connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS dbo.victims; CREATE TABLE dbo.victims (id int PRIMARY KEY)")
        arm(
            sql_server_service,
            "EXEC sandbox.deadlock @login = N'sa', @statement_like = N'%insert%victims%(2)%', @times = 1",
        )
        cursor.execute("BEGIN TRANSACTION; INSERT INTO dbo.victims VALUES (1)")
        with pytest.raises(Exception, match=VICTIM):
            cursor.execute("INSERT INTO dbo.victims VALUES (2)")
        cursor = connection.cursor()
        assert rows(connection, "SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM dbo.victims)") == [(0, 0)]
        cursor.execute("INSERT INTO dbo.victims VALUES (2)")
        assert rows(connection, "SELECT id FROM dbo.victims") == [(2,)]
        cursor.execute("DROP TABLE dbo.victims")


def test_the_error_of_a_deadlock_is_sql_servers(sql_server_service: Service) -> None:
    arm(sql_server_service, "EXEC sandbox.deadlock N'platform_reader'")
    with closing(with_pymssql(sql_server_service, READER)) as connection:
        told = rows(
            connection,
            "BEGIN TRY SELECT 1 AS victim END TRY BEGIN CATCH "
            "SELECT ERROR_NUMBER(), ERROR_SEVERITY(), ERROR_STATE(), ERROR_MESSAGE(), @@SPID END CATCH",
        )
    ((number, severity, state, message, process),) = told
    assert (number, severity, state) == (1205, 13, 51)
    assert message == f"Transaction (Process ID {process}) was {VICTIM}. Rerun the transaction."


@pytest.mark.parametrize("call", ["cut_connection N'sa', -1", "deadlock N'sa', N'%', 0", "delay NULL, 5"])
def test_what_means_nothing_is_refused(sql_server_service: Service, call: str) -> None:
    with pytest.raises(Exception, match="means nothing"):
        arm(sql_server_service, f"EXEC sandbox.{call}")


def test_what_is_still_to_come_is_listed(sql_server_service: Service) -> None:
    arm(
        sql_server_service,
        "EXEC sandbox.cut_connection N'platform_reader', 1000000, 2",
        "EXEC sandbox.delay N'platform_reader', 1",
        "EXEC sandbox.deadlock N'platform_reader', N'%nothing%'",
    )
    with closing(with_pymssql(sql_server_service)) as connection:
        listed = rows(connection, "EXEC sandbox.help_faults")
        assert listed == [
            ("cut", "platform_reader", 2),
            ("delay", "platform_reader", None),
            ("deadlock", "platform_reader", 1),
        ]
        connection.cursor().execute("EXEC sandbox.clear_faults")
        assert rows(connection, "EXEC sandbox.help_faults") == []


def test_only_the_administrator_may_ask_for_faults(sql_server_service: Service) -> None:
    with closing(with_pymssql(sql_server_service, READER)) as connection:
        for call in (
            "cut_connection N'sa', 1",
            "delay N'sa', 1",
            "deadlock N'sa'",
            "clear_faults",
            "help_faults",
        ):
            with pytest.raises(Exception, match="EXECUTE permission was denied") as caught:
                rows(connection, f"EXEC sandbox.{call}")
            assert caught.value.args[0] == 229
