"""Remote procedure calls as the drivers make them: prepared statements, batches, calls with outputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import jpype
import mssql_python
import pytest

from sandbox.process import Service
from tests.sandbox.sqlserver.clients.drivers import with_mssql_python
from tests.sandbox.sqlserver.clients.jdbc import Jdbc


@pytest.fixture
def table(sql_server_service: Service) -> Iterator[str]:
    with closing(with_mssql_python(sql_server_service)) as connection:
        connection.cursor().execute(
            "DROP TABLE IF EXISTS dbo.calls;"
            "CREATE TABLE dbo.calls (id int PRIMARY KEY, name nvarchar(20) NOT NULL, price decimal(38,4))"
        )
    return "dbo.calls"


@pytest.fixture
def odbc(sql_server_service: Service) -> Iterator[Any]:
    with closing(with_mssql_python(sql_server_service)) as connection:
        yield connection


@pytest.fixture
def jdbc(java: Any, sql_server_service: Service) -> Iterator[Any]:
    with closing(Jdbc(java, sql_server_service)) as client:
        yield client.connection


def rows_of(result: Any) -> list[tuple[int, str]]:
    found = []
    while result.next():
        found.append((result.getInt(1), str(result.getString(2))))
    return found


# ODBC


def test_odbc_runs_a_prepared_statement_again_with_other_values(odbc: Any, table: str) -> None:
    cursor = odbc.cursor()
    for number in range(4):
        cursor.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (number, f"n°{number}", None))
        assert cursor.rowcount == 1
    for number in (3, 1, 2):
        cursor.execute(f"SELECT id, name FROM {table} WHERE id = ? OR name = ?", (number, "n°0"))
        assert [tuple(row) for row in cursor.fetchall()] == [(0, "n°0"), (number, f"n°{number}")]


def test_odbc_sends_arrays_of_parameters(odbc: Any, table: str) -> None:
    cursor = odbc.cursor()
    rows = [(number, "ł" * (number % 20), None if number % 3 else f"{number}.25") for number in range(100)]
    cursor.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
    cursor.execute(f"SELECT id, name, CAST(price AS varchar(50)) FROM {table} ORDER BY id")
    expected = [(number, name, price and f"{price}00") for number, name, price in rows]
    assert [tuple(row) for row in cursor.fetchall()] == expected


def test_odbc_tells_which_row_of_an_array_failed_and_keeps_none(odbc: Any, table: str) -> None:
    odbc.autocommit = False
    cursor = odbc.cursor()
    with pytest.raises(mssql_python.IntegrityError, match="PRIMARY KEY"):
        cursor.executemany(f"INSERT INTO {table} VALUES (?, ?, NULL)", [(1, "a"), (2, "b"), (1, "c")])
    odbc.rollback()
    cursor = odbc.cursor()
    cursor.execute(f"SELECT COUNT(*) FROM {table}")
    assert cursor.fetchone()[0] == 0


def test_odbc_calls_procedures(odbc: Any) -> None:
    cursor = odbc.cursor()
    for number in (21, 22):
        cursor.execute("{CALL sp_executesql(?, ?, ?)}", ("SELECT @n * 2 AS twice", "@n int", number))
        assert [tuple(row) for row in cursor.fetchall()] == [(2 * number,)]
    cursor.execute("{CALL sandbox.help_faults}")
    assert [column[0] for column in cursor.description] == ["fault", "login", "times"]


def test_odbc_reads_outputs_that_a_batch_selects(odbc: Any) -> None:
    cursor = odbc.cursor()
    cursor.execute(
        "DECLARE @status int, @total decimal(38,4); EXEC @status = sp_executesql "
        "N'SELECT @t = @n * 2; SELECT 1 AS one', "
        "N'@n decimal(38,4), @t decimal(38,4) OUTPUT', ?, @total OUTPUT; "
        "SELECT @status, CAST(@total AS varchar(50))",
        ("1234567890123456.7891",),
    )
    assert [tuple(row) for row in cursor.fetchall()] == [(1,)]
    assert cursor.nextset()
    assert [tuple(row) for row in cursor.fetchall()] == [(0, "2469135780246913.5782")]


# JDBC


@pytest.mark.parametrize("method", ["prepexec", "prepare"])
def test_jdbc_prepares_a_statement_once_and_executes_its_handle(
    java: Any, sql_server_service: Service, table: str, method: str
) -> None:
    """sp_executesql or a handle at first, then sp_execute; sp_unprepare when it is closed."""
    with closing(Jdbc(java, sql_server_service, prepareMethod=method)) as client:
        client.execute(f"INSERT INTO {table} VALUES (1, N'ä', 1.5), (2, N'€', NULL)")
        statement = client.connection.prepareStatement(f"SELECT id, name FROM {table} WHERE id = ?")
        for number, name in ((1, "ä"), (2, "€"), (3, None), (1, "ä")):
            statement.setInt(1, number)
            assert rows_of(statement.executeQuery()) == ([(number, name)] if name else [])
        assert statement.getPreparedStatementHandle() > 0
        statement.close()
        client.connection.closeUnreferencedPreparedStatementHandles()
        client.execute("SELECT 1")


def test_jdbc_sends_batches_of_parameters(jdbc: Any, table: str) -> None:
    statement = jdbc.prepareStatement(f"INSERT INTO {table} VALUES (?, ?, ?)")
    for number in range(50):
        statement.setInt(1, number)
        statement.setNString(2, f"n{number}")
        statement.setBigDecimal(3, None)
        statement.addBatch()
    assert list(statement.executeBatch()) == [1] * 50
    result = jdbc.createStatement().executeQuery(f"SELECT id, name FROM {table} ORDER BY id")
    assert rows_of(result) == [(number, f"n{number}") for number in range(50)]


def test_jdbc_tells_which_statements_of_a_batch_failed(jdbc: Any, table: str) -> None:
    statement = jdbc.prepareStatement(f"INSERT INTO {table} (id, name) VALUES (?, N'x')")
    for number in (1, 2, 1, 3):
        statement.setInt(1, number)
        statement.addBatch()
    with pytest.raises(jpype.JException) as caught:
        statement.executeBatch()
    assert "PRIMARY KEY" in str(caught.value)
    assert caught.value.getErrorCode() == 2627
    assert list(caught.value.getUpdateCounts())[:3] == [1, 1, -3]


@pytest.mark.parametrize("returns", [False, True])
def test_jdbc_gets_rows_outputs_and_the_return_status_of_a_call(jdbc: Any, java: Any, returns: bool) -> None:
    types = java.JClass("java.sql.Types")
    call = jdbc.prepareCall(
        "{? = call sp_executesql(?, ?, ?, ?, ?)}" if returns else "{call sp_executesql(?, ?, ?, ?, ?)}"
    )
    at = 1 if returns else 0
    if returns:
        call.registerOutParameter(1, types.INTEGER)
    call.setNString(at + 1, "SELECT @n AS n, N'row' AS name; SET @total = @n * 2.5; SET @text = N'ł' + @text")
    call.setNString(at + 2, "@n int, @total decimal(38,4) OUTPUT, @text nvarchar(4000) OUTPUT")
    call.setInt(at + 3, 21)
    call.registerOutParameter(at + 4, types.DECIMAL, 4)
    call.setNString(at + 5, "ä")
    call.registerOutParameter(at + 5, types.NVARCHAR)
    assert call.execute()
    assert rows_of(call.getResultSet()) == [(21, "row")]
    assert not call.getMoreResults()
    assert str(call.getBigDecimal(at + 4).toPlainString()) == "52.5000"
    assert str(call.getString(at + 5)) == "łä"
    if returns:
        assert call.getInt(1) == 0
    call.close()


def test_jdbc_gets_nulls_and_errors_of_calls(jdbc: Any, java: Any) -> None:
    types = java.JClass("java.sql.Types")
    call = jdbc.prepareCall("{call sp_executesql(?, ?, ?)}")
    call.setNString(1, "SET @n = NULL")
    call.setNString(2, "@n int OUTPUT")
    call.setInt(3, 5)
    call.registerOutParameter(3, types.INTEGER)
    call.execute()
    assert call.getInt(3) == 0
    assert call.wasNull()
    missing = jdbc.prepareCall("{call dbo.no_such_procedure(?)}")
    missing.setInt(1, 1)
    with pytest.raises(jpype.JException) as caught:
        missing.execute()
    assert caught.value.getErrorCode() == 2812


def test_jdbc_transactions_end_as_they_are_told(jdbc: Any, table: str) -> None:
    jdbc.setAutoCommit(False)
    statement = jdbc.createStatement()
    statement.execute(f"INSERT INTO {table} (id, name) VALUES (1, N'stays')")
    savepoint = jdbc.setSavepoint("half")
    statement.execute(f"INSERT INTO {table} (id, name) VALUES (2, N'goes')")
    jdbc.rollback(savepoint)
    jdbc.commit()
    statement.execute(f"INSERT INTO {table} (id, name) VALUES (3, N'goes')")
    jdbc.rollback()
    assert rows_of(statement.executeQuery(f"SELECT id, name FROM {table}")) == [(1, "stays")]


def test_a_catalog_views_long_text_arrives_whole(sql_server_service: Service) -> None:
    condition = " OR ".join(f"[c] = {number}" for number in range(60))
    with closing(with_mssql_python(sql_server_service)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE dbo.long_check (c int, CONSTRAINT ck_long CHECK ({condition}))")
        cursor.execute("SELECT definition FROM sys.check_constraints WHERE name = 'ck_long'")
        assert len(cursor.fetchall()[0][0]) > 256
