"""What an error ends: its statement, its scope, its batch, its transaction; and how drivers see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mssql_python
import pymssql
import pytest

from deployments.settings import SqlServerSettings
from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.results import Done, ErrorRaised, Message, ResultSet, ReturnStatus, SqlServerError
from tests.sandbox.sqlserver.engine.engine_client import Client, open_engine

TABLES = """
DROP TABLE IF EXISTS dbo.c;
DROP TABLE IF EXISTS dbo.p;
CREATE TABLE dbo.p (id int PRIMARY KEY, v varchar(5) NOT NULL CHECK (v <> 'bad'), u int UNIQUE);
CREATE TABLE dbo.c (id int REFERENCES dbo.p (id));
INSERT INTO dbo.p VALUES (1, 'one', 1);
"""
STATEMENT = {
    "INSERT INTO p VALUES (1, 'x', 9)": 2627,
    "INSERT INTO p VALUES (8, 'x', 1)": 2627,
    "INSERT INTO p (id) VALUES (8)": 515,
    "INSERT INTO p VALUES (8, 'bad', 8)": 547,
    "INSERT INTO c VALUES (7)": 547,
    "INSERT INTO p VALUES (8, 'overlong', 8)": 2628,
    "UPDATE p SET u = u / 0": 8134,
    "SELECT u / 0 FROM p": 8134,
    "UPDATE p SET u = u * 2147483647 * 2": 8115,
    "EXEC no_such_procedure": 2812,
    "DROP TABLE no_such_table": 3701,
    "COMMIT; COMMIT": 3902,
    "EXEC ('SELECT * FROM no_such_table; PRINT N''not reached''')": 208,
    "EXEC ('SELEC')": 2812,
    "EXEC ('SELECT (')": 102,
    "RAISERROR (N'told', 16, 1)": 50000,
    "SET XACT_ABORT ON; RAISERROR (N'told', 16, 1); SET XACT_ABORT OFF": 50000,
}
BATCH = {
    "SELECT * FROM no_such_table": 208,
    "SELECT no_such_column FROM p": 207,
    "THROW 50001, N'thrown', 1": 50001,
    "SET XACT_ABORT ON; INSERT INTO p VALUES (1, 'x', 9)": 2627,
    "SELECT CAST('x' AS int)": 245,
    "EXEC ('SELECT CAST(''x'' AS int)')": 245,
    "SELECT CAST('x' AS datetime)": 241,
}


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInEngine]:
    """One engine for all cases: opening one costs more than a case."""
    engine = open_engine(tmp_path_factory.mktemp("errors"))
    yield engine
    engine.close()


@pytest.fixture
def tables(shared_engine: StandInEngine) -> Iterator[Client]:
    with Client(shared_engine) as client:
        client.run(TABLES)
        yield client


def _run(client: Client, sql: str) -> tuple[list[int], list[str]]:
    """The numbers of all errors, and what was printed."""
    errors: list[int] = []
    printed: list[str] = []
    try:
        for result in client.session.batch(sql):
            if isinstance(result, ResultSet):
                _ = list(result.batches)
            elif isinstance(result, ErrorRaised):
                errors.append(result.error.number)
            elif isinstance(result, Message):
                printed.append(result.text)
    except SqlServerError as error:
        errors.append(error.number)
    return errors, printed


@pytest.mark.parametrize(("statement", "number"), STATEMENT.items())
def test_after_these_the_batch_goes_on(tables: Client, statement: str, number: int) -> None:
    errors, printed = _run(tables, f"BEGIN TRAN; INSERT INTO p VALUES (5, 'x', 5); {statement}; PRINT N'on'")
    assert (errors, printed) == ([number], ["on"])
    assert tables.rows("SELECT id, v FROM p ORDER BY id") == [(1, "one"), (5, "x")]


@pytest.mark.parametrize(("statement", "number"), BATCH.items())
def test_these_end_the_batch(tables: Client, statement: str, number: int) -> None:
    assert _run(tables, f"PRINT N'before'; {statement}; PRINT N'after'") == ([number], ["before"])


def test_what_ended_is_told_in_its_place(tables: Client) -> None:
    found = list(tables.session.batch("INSERT INTO p VALUES (2, 'two', 2), (2, 'two', 3); DELETE FROM c"))
    assert [type(result) for result in found] == [ErrorRaised, Done]
    assert isinstance(found[0], ErrorRaised)
    assert found[0].terminated


def test_error_number_lasts_one_statement(tables: Client) -> None:
    sql = "INSERT INTO p VALUES (1, 'x', 9); {} SELECT @@ERROR, @@ROWCOUNT"
    assert _rows(tables, sql.format("")) == [(2627, 0)]
    assert _rows(tables, sql.format("PRINT N'between';"))[0][0] == 0
    assert _rows(tables, "INSERT INTO c VALUES (7); IF @@ERROR = 547 SELECT @@ERROR") == [(0,)]


def test_an_error_of_a_condition_runs_neither_branch(tables: Client) -> None:
    found = _run(
        tables, "IF 1 / 0 = 1 PRINT N'yes' ELSE PRINT N'no'; WHILE 1 / 0 = 1 PRINT N'loop'; PRINT N'on'"
    )
    assert found == ([8134, 8134], ["on"])


def test_try_catches_errors_of_all_scopes_within_it(tables: Client) -> None:
    sql = "BEGIN TRY EXEC ('{}') END TRY BEGIN CATCH PRINT ERROR_NUMBER() END CATCH; PRINT N'on'"
    for inner, number in {
        "INSERT INTO c VALUES (7); PRINT 1": "547",
        "EXEC (''INSERT INTO c VALUES (7)''); PRINT 1": "547",
        "SELECT * FROM no_such_table; PRINT 1": "208",
    }.items():
        assert _run(tables, sql.format(inner)) == ([], [number, "on"])


def test_try_does_not_catch_names_of_its_own_scope(tables: Client) -> None:
    sql = "BEGIN TRY SELECT * FROM no_such_table END TRY BEGIN CATCH PRINT ERROR_NUMBER() END CATCH"
    assert _run(tables, f"{sql}; PRINT N'on'") == ([208], [])
    inner = sql.replace("'", "''")
    assert _run(tables, f"EXEC ('{inner}'); PRINT N'on'") == ([208], ["on"])


def test_a_doomed_transaction_ends_with_its_batch(tables: Client) -> None:
    doom = (
        "SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY INSERT INTO c VALUES (7) END TRY BEGIN CATCH {} END CATCH"
    )
    assert _run(tables, doom.format("PRINT XACT_STATE()")) == ([3998], ["-1"])
    assert tables.value("@@TRANCOUNT") == 0
    assert _run(tables, doom.format("ROLLBACK; PRINT XACT_STATE()")) == ([], ["0"])
    raised = doom.replace("INSERT INTO c VALUES (7)", "RAISERROR (N'told', 16, 1)")
    assert _run(tables, raised.format("PRINT XACT_STATE(); ROLLBACK")) == ([], ["1"])


def test_sp_executesql_returns_the_last_error(tables: Client) -> None:
    sql = "DECLARE @status int; EXEC @status = sp_executesql N'INSERT INTO c VALUES (7)'; PRINT @status"
    assert _run(tables, sql) == ([547], ["547"])


def _rows(client: Client, sql: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for result in client.session.batch(sql):
        if isinstance(result, ResultSet):
            for batch in result.batches:
                rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return rows


# --- over the network


BATCH_OF_THREE = "; ".join(f"INSERT INTO dbo.keys_once VALUES ({key})" for key in (1, 1, 2))


@contextmanager
def _table_of_keys(settings: SqlServerSettings) -> Iterator[pymssql.Connection]:
    with (
        pymssql.connect(
            server=settings.host,
            port=str(settings.port),
            user=settings.user,
            password=settings.password.get_secret_value(),
            database=settings.database,
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("DROP TABLE IF EXISTS dbo.keys_once; CREATE TABLE dbo.keys_once (id int PRIMARY KEY)")
        yield connection
        cursor.execute("DROP TABLE dbo.keys_once")


def _keys(connection: pymssql.Connection) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM dbo.keys_once ORDER BY id")
        return [key for (key,) in cursor.fetchall()]


def test_statements_of_a_procedure_are_told_as_its_own(client: Client) -> None:
    """[MS-TDS] 2.2.7.7: DONEINPROC for them, then a status and DONEPROC; a string's are the batch's."""
    client.run("CREATE TABLE #t (i int)")
    results = client.results(
        "EXEC sp_executesql N'INSERT INTO #t VALUES (1); DELETE FROM #t'; EXEC ('DELETE FROM #t'); DELETE #t"
    )
    told = [(r.rows, r.in_procedure) if isinstance(r, Done) else r for r in results]
    assert told == [(1, True), (1, True), ReturnStatus(0), (0, False), (0, False)]


def test_pymssql_raises_and_the_later_statements_ran(sql_server: SqlServerSettings) -> None:
    with _table_of_keys(sql_server) as connection, connection.cursor() as cursor:
        with pytest.raises(pymssql.IntegrityError) as caught:
            cursor.execute(BATCH_OF_THREE)
        assert caught.value.args[0] == 2627
        assert _keys(connection) == [1, 2]


def test_the_odbc_driver_raises_where_the_error_is_and_goes_on(sql_server: SqlServerSettings) -> None:
    with _table_of_keys(sql_server) as connection:
        odbc = mssql_python.connect(
            f"Server=127.0.0.1,{sql_server.port};Database={sql_server.database};UID={sql_server.user};"
            f"PWD={sql_server.password.get_secret_value()};Encrypt=no",
            autocommit=True,
        )
        cursor = odbc.cursor()
        cursor.execute(BATCH_OF_THREE)
        assert cursor.rowcount == 1
        with pytest.raises(mssql_python.IntegrityError, match="duplicate key"):
            cursor.nextset()
        assert cursor.nextset()
        assert cursor.rowcount == 1
        odbc.close()
        assert _keys(connection) == [1, 2]
