"""Both readers of SQL Server: the same schema, the same values, the same words when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest

from deployments.connections import (
    ConnectionFailed,
    connect_sql_server,
    connect_sql_server_arrow,
)
from deployments.settings import SqlServerSettings
from flows.ingest.errors import SourceError, TableError
from flows.ingest.health.cost import CostMeter
from flows.ingest.source.arrow_session import ArrowSession
from flows.ingest.source.messages import DeadlockError
from flows.ingest.source.reader import SourceReader
from flows.ingest.source.session import SourceSession
from flows.ingest.tables.captured import Column
from flows.ingest.tables.types import _MAPPINGS, SqlType
from flows.sessions import open_reader
from sandbox.process import Service
from tests.places import READER, sql_server_settings
from tests.sandbox.sqlserver.clients.type_limits import LIMITS, TypeLimits, literal

DRIVERS = ("mssql-python", "pymssql")
MANY = pa.schema([pa.field("value", pa.int64()), pa.field("text", pa.string())])
MANY_ROWS = "SELECT value, CONVERT(nvarchar(40), value) FROM GENERATE_SERIES(1, 200000)"


def opened(driver: str, settings: SqlServerSettings) -> SourceReader:
    if driver == "pymssql":
        return SourceSession(connect_sql_server(settings, "test"))
    return ArrowSession(connect_sql_server_arrow(settings))


@pytest.fixture(scope="module")
def readers(sql_server: SqlServerSettings) -> Iterator[dict[str, SourceReader]]:
    """A session of each driver, as sa, encrypted."""
    settings = sql_server.model_copy(update={"encryption": "require"})
    sessions = {driver: opened(driver, settings) for driver in DRIVERS}
    yield sessions
    for session in sessions.values():
        session.close()


@pytest.fixture
def administrator(readers: dict[str, SourceReader]) -> SourceReader:
    return readers["pymssql"]


def column_of(reader: SourceReader, table: str) -> Column:
    """The column `c` of a table as discovery sees it."""
    row = reader.rows(
        "SELECT ty.name, c.max_length, c.precision, c.scale FROM sys.columns AS c "
        "JOIN sys.types AS ty ON ty.user_type_id = c.system_type_id "
        f"WHERE c.object_id = OBJECT_ID(N'dbo.{table}') AND c.name = N'c'"
    )[0]
    return Column.of("c", 1, SqlType(*row), f"dbo.{table}")


@pytest.mark.parametrize("limits", LIMITS, ids=lambda limits: limits.declared)
def test_a_type_has_the_same_values_at_its_limits_with_both(
    readers: dict[str, SourceReader], administrator: SourceReader, limits: TypeLimits
) -> None:
    """Column by column: one Arrow type, all digits; NULL, too, also where a batch ends in between."""
    table = f"limits_{LIMITS.index(limits)}"
    administrator._execute(f"CREATE TABLE dbo.{table} (id int IDENTITY PRIMARY KEY, c {limits.declared})")
    for value in ("NULL",) if limits.name == "rowversion" else (*map(literal, limits.values), "NULL"):
        column, given = (
            ("DEFAULT VALUES", "") if limits.name == "rowversion" else ("(c)", f"VALUES ({value})")
        )
        administrator._execute(f"INSERT INTO dbo.{table} {column} {given}")
    column = column_of(administrator, table)
    schema = pa.schema([pa.field("C", column.mapping.arrow)])
    statement = f"SELECT {column.read_expression} FROM dbo.{table} ORDER BY id"
    batches = {driver: list(reader.read(statement, schema, "", 2)) for driver, reader in readers.items()}
    one, other = (pa.Table.from_batches(batches[driver], schema) for driver in DRIVERS)
    assert one.num_rows == (1 if limits.name == "rowversion" else len(limits.values) + 1)
    assert one.equals(other)
    assert all(batch.num_rows <= 2 for read in batches.values() for batch in read)


def test_every_type_that_is_replicated_is_compared() -> None:
    compared = {limits.name for limits in LIMITS}
    aliases = {"timestamp": "rowversion"}
    assert {aliases.get(name, name) for name in _MAPPINGS} - compared <= {"sql_variant"}


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_result_without_rows_has_no_batch(readers: dict[str, SourceReader], driver: str) -> None:
    assert list(readers[driver].read(f"{MANY_ROWS} WHERE value < 0", MANY, "", 100)) == []


@pytest.fixture(scope="module")
def stranger(sql_server_service: Service, sql_server: SqlServerSettings) -> SqlServerSettings:
    """The reader's login, which may enter the database and nothing else."""
    with closing(opened("pymssql", sql_server)) as administrator:
        administrator._execute(f"IF USER_ID(N'{READER}') IS NULL CREATE USER [{READER}] FOR LOGIN [{READER}]")
        administrator._execute("CREATE TABLE dbo.secrets (id int)")
    return sql_server_settings(sql_server_service, READER)


def words(settings: SqlServerSettings, driver: str, statement: str) -> SourceError:
    """The error of a read, after which the session is closed."""
    with closing(opened(driver, settings)) as reader, pytest.raises(SourceError) as caught:
        list(reader.read(statement, MANY, "THINGS", 100))
    return caught.value


@pytest.mark.parametrize(
    ("statement", "kind", "told"),
    [
        ("SELECT * FROM dbo.nothing", TableError, "Invalid object name 'dbo.nothing' (error 208): it does"),
        (
            "SELECT * FROM dbo.secrets",
            TableError,
            "(error 229): GRANT SELECT ON [dbo].[secrets] to the login.",
        ),
        (
            "SELECT 1 / (value - 300), '' FROM GENERATE_SERIES(1, 900)",
            SourceError,
            "(error 8134): check that",
        ),
    ],
)
def test_what_sql_server_refuses_has_the_same_words_with_both(
    stranger: SqlServerSettings, statement: str, kind: type[SourceError], told: str
) -> None:
    """Also an error in the middle of the rows."""
    one, other = (words(stranger, driver, statement) for driver in DRIVERS)
    assert str(one) == str(other)
    assert type(one) is type(other) is kind
    assert str(one).startswith("SQL Server, while reading THINGS: ")
    assert told in str(one)


def test_faults_have_the_same_words_with_both(
    administrator: SourceReader, stranger: SqlServerSettings
) -> None:
    """A deadlock, a connection that is cut in the middle of the rows, a query that takes too long."""
    for fault, kind, told in (
        (f"EXEC sandbox.deadlock N'{READER}', N'SELECT%SERIES%', 1", DeadlockError, "deadlock victim"),
        (f"EXEC sandbox.cut_connection N'{READER}', 30000", SourceError, "the connection was lost: check"),
    ):
        errors = []
        for driver in DRIVERS:
            administrator._execute(fault)
            errors.append(words(stranger, driver, MANY_ROWS))
            administrator._execute("EXEC sandbox.clear_faults")
        assert str(errors[0]) == str(errors[1])
        assert [type(error) for error in errors] == [kind, kind]
        assert told in str(errors[0])
    impatient = stranger.model_copy(update={"query_timeout_seconds": 1})
    late = [str(words(impatient, driver, "WAITFOR DELAY '00:00:05'; SELECT 1, ''")) for driver in DRIVERS]
    assert late[0] == late[1]
    assert "no answer within SQLSERVER_QUERY_TIMEOUT_SECONDS" in late[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "wr}ong;"}, "the login of user sa failed: check SQLSERVER_USER"),
        ({"database": "nowhere"}, "the database cannot be opened: check SQLSERVER_DATABASE"),
        ({"port": 1, "login_timeout_seconds": 2}, "it cannot be reached: check SQLSERVER_HOST"),
    ],
)
def test_a_failed_login_says_what_to_do(
    sql_server: SqlServerSettings, change: dict[str, Any], told: str
) -> None:
    """Of mssql-python: pymssql repeats the number of a process's first failed login at every later one."""
    settings = SqlServerSettings(**(sql_server.model_dump() | change))
    with pytest.raises(ConnectionFailed) as failed:
        opened("mssql-python", settings)
    assert told in str(failed.value)
    assert settings.password.get_secret_value() not in str(failed.value)


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_read_that_is_left_early_leaves_the_session_usable(
    readers: dict[str, SourceReader], driver: str
) -> None:
    with readers[driver].transaction():
        batches = readers[driver].read(MANY_ROWS, MANY, "", 1000)
        assert next(batches).num_rows == 1000
        batches.close()  # type: ignore[attr-defined]
        assert readers[driver].scalar("SELECT @@TRANCOUNT") == 1


def test_where_the_driver_does_not_load_one_line_says_so_and_pymssql_reads(
    sql_server: SqlServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a Debian without libltdl7: the driver names no library, and is only loaded when it connects."""
    import mssql_python

    def without_library(*_: object, **__: object) -> None:
        raise mssql_python.OperationalError("Connection operation failed", "Failed to load the driver. …")

    monkeypatch.setattr(mssql_python, "connect", without_library)
    told: list[str] = []
    with closing(open_reader(sql_server, "test", CostMeter(), told.append)) as reader:
        assert isinstance(reader, SourceSession)
    (line,) = told
    assert "libltdl7 and libgssapi-krb5-2" in line
    insisting = sql_server.model_copy(update={"reader": "mssql-python"})
    with pytest.raises(ConnectionFailed, match="mssql-python cannot be loaded"):
        open_reader(insisting, "test", reader.meter, told.append)
