"""What each grant lets a login do, asked over the wire: the number of the error, or 0 where it works."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing

import pymssql
import pytest

from sandbox.process import Service

PASSWORD = secrets.token_urlsafe(12)
SETUP = """
CREATE SCHEMA app
GO
CREATE TABLE dbo.t (id int PRIMARY KEY, a int, b int)
GO
INSERT INTO dbo.t VALUES (1, 10, 100)
GO
CREATE TABLE app.u (id int PRIMARY KEY)
GO
EXEC sys.sp_cdc_enable_db
GO
EXEC sys.sp_cdc_enable_table N'dbo', N't', @role_name = N'gate'
GO
CREATE LOGIN etl WITH PASSWORD = N'{password}'
GO
CREATE USER etl FOR LOGIN etl
"""
CHANGES = "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_t(sys.fn_cdc_get_min_lsn('dbo_t'), 0x00, 'all')"
MATRIX = [
    ("", "SELECT * FROM dbo.t", 229),
    ("", "SELECT 1 FROM app.u", 229),
    ("", "WITH q AS (SELECT id FROM dbo.t) SELECT * FROM q", 229),
    ("", "SELECT (SELECT MAX(id) FROM dbo.t)", 229),
    ("", "EXEC(N'SELECT * FROM dbo.t')", 229),
    ("", "EXEC sp_executesql N'SELECT * FROM dbo.t'", 229),
    ("", "SELECT * FROM msdb.dbo.cdc_jobs", 229),
    ("", "SELECT * FROM msdb.dbo.restorehistory", 0),
    ("", "SELECT * FROM closed.dbo.t", 916),
    ("", "USE closed", 916),
    ("", "CREATE TABLE dbo.x (a int)", 262),
    ("", "CREATE SCHEMA x", 262),
    ("", "ALTER TABLE dbo.t ADD c int", 1088),
    ("", "TRUNCATE TABLE app.u", 1088),
    ("", "DROP TABLE app.u", 3701),
    ("", "GRANT SELECT ON dbo.t TO etl", 15151),
    ("", "CREATE LOGIN x WITH PASSWORD = N'p'", 15247),
    ("", "CREATE USER x WITHOUT LOGIN", 15247),
    ("", "ALTER ROLE db_owner ADD MEMBER etl", 15151),
    ("", "ALTER LOGIN sa WITH PASSWORD = N'mine'", 15151),
    ("", "EXEC sys.sp_cdc_enable_table N'app', N'u', @role_name = NULL", 22904),
    ("", "EXEC sys.sp_cdc_enable_db", 22902),
    ("", "EXEC msdb.dbo.sp_start_job N'cdc.matrix_capture'", 229),
    ("", "SELECT * FROM sys.dm_cdc_errors", 262),
    ("", "SELECT * FROM sys.dm_server_services", 300),
    ("", CHANGES, 229),
    ("GRANT VIEW DATABASE STATE TO etl", "SELECT * FROM sys.dm_cdc_errors", 0),
    ("GRANT SELECT ON dbo.t TO etl", "SELECT * FROM dbo.t", 0),
    ("GRANT SELECT ON dbo.t TO etl", "INSERT INTO dbo.t VALUES (2, 2, 2)", 229),
    ("GRANT SELECT ON dbo.t TO etl", "SELECT * FROM cdc.dbo_t_CT", 229),
    ("GRANT SELECT ON SCHEMA::cdc TO etl", "SELECT * FROM cdc.dbo_t_CT", 0),
    ("GRANT SELECT ON SCHEMA::cdc TO etl", "SELECT * FROM dbo.t", 229),
    ("GRANT SELECT ON dbo.t (id, a) TO etl", "SELECT id, a FROM dbo.t", 0),
    ("GRANT SELECT ON dbo.t (id, a) TO etl", "SELECT * FROM dbo.t", 230),
    ("GRANT SELECT ON dbo.t (id, a) TO etl", "SELECT id FROM dbo.t WHERE b = 1", 230),
    ("GRANT SELECT ON dbo.t TO etl; DENY SELECT ON dbo.t (b) TO etl", "SELECT b FROM dbo.t", 230),
    ("GRANT SELECT ON dbo.t TO etl; DENY SELECT ON SCHEMA::dbo TO etl", "SELECT id FROM dbo.t", 229),
    ("ALTER ROLE db_datareader ADD MEMBER etl", "SELECT * FROM app.u", 0),
    ("EXEC sp_addrolemember N'db_datareader', N'etl'", "SELECT * FROM app.u", 0),
    (
        "ALTER ROLE db_datareader ADD MEMBER etl; ALTER ROLE db_denydatareader ADD MEMBER etl",
        "SELECT * FROM app.u",
        229,
    ),
    ("GRANT UPDATE ON dbo.t TO etl", "UPDATE dbo.t SET a = 1", 0),
    ("GRANT UPDATE ON dbo.t TO etl", "UPDATE dbo.t SET a = 1 WHERE id = 1", 229),
    ("GRANT UPDATE ON dbo.t TO etl", "UPDATE dbo.t SET a = 1 OUTPUT deleted.a", 229),
    ("GRANT UPDATE ON dbo.t (a) TO etl", "UPDATE dbo.t SET b = 1", 230),
    ("GRANT DELETE ON app.u TO etl", "DELETE FROM app.u WHERE id IN (SELECT id FROM dbo.t)", 229),
    ("GRANT INSERT ON app.u TO etl", "INSERT INTO app.u SELECT id FROM dbo.t", 229),
    ("GRANT ALTER ON dbo.t TO etl", "ALTER TABLE dbo.t ADD c int", 22914),
    ("GRANT CREATE TABLE TO etl", "CREATE TABLE app.x (a int)", 2760),
    ("GRANT SELECT ON dbo.t TO etl", CHANGES, 229),
    ("ALTER ROLE gate ADD MEMBER etl", CHANGES, 229),
    ("GRANT SELECT ON dbo.t TO etl; ALTER ROLE gate ADD MEMBER etl", CHANGES, 313),
]
"""What `sa` runs first, what the login runs then, and the error it meets; 313 is past every permission."""


def number_of(connection: pymssql.Connection, statement: str) -> int:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()
    except pymssql.Error as error:
        return int(error.args[0])
    return 0


def number_once_closed(connection: pymssql.Connection, statement: str) -> int:
    """The same, as soon as the server has noticed that the login's clients are gone (15434)."""
    end = time.monotonic() + 10
    while (number := number_of(connection, statement)) == 15434 and time.monotonic() < end:
        pass
    return number


def connect(service: Service, user: str, password: str, database: str) -> pymssql.Connection:
    return pymssql.connect(
        server="127.0.0.1",
        port=str(service.port),
        user=user,
        password=password,
        database=database,
        autocommit=True,
    )


@pytest.fixture(scope="module")
def owner(sql_server_service: Service) -> Iterator[pymssql.Connection]:
    with closing(connect(sql_server_service, "sa", sql_server_service.password("sa"), "master")) as owner:
        for statement in ("CREATE DATABASE matrix", "CREATE DATABASE closed", "USE matrix"):
            assert number_of(owner, statement) == 0
        for statement in SETUP.format(password=PASSWORD).split("GO\n"):
            assert number_of(owner, statement) == 0, statement
        yield owner
        assert number_once_closed(owner, "USE master; DROP LOGIN etl") == 0


@pytest.mark.parametrize(("granted", "statement", "expected"), MATRIX)
def test_what_a_grant_allows(
    owner: pymssql.Connection, sql_server_service: Service, granted: str, statement: str, expected: int
) -> None:
    assert number_of(owner, "DROP USER etl; CREATE USER etl FOR LOGIN etl") == 0
    assert number_of(owner, granted or "SELECT 1") == 0
    with closing(connect(sql_server_service, "etl", PASSWORD, "matrix")) as login:
        assert number_of(login, "BEGIN TRAN") == 0
        assert number_of(login, statement) == expected


def test_metadata_and_min_lsn_show_what_is_permitted(
    owner: pymssql.Connection, sql_server_service: Service
) -> None:
    question = """
        SELECT OBJECT_ID(N'dbo.t'), OBJECT_ID(N'app.u'), IS_MEMBER(N'gate'), HAS_PERMS_BY_NAME(N'dbo.t',
            N'OBJECT', N'SELECT'), sys.fn_cdc_get_min_lsn(N'dbo_t'), (SELECT COUNT(*) FROM sys.tables),
            (SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS), SUSER_SNAME(), USER_NAME()
        """
    nothing = bytes(10)
    assert number_of(owner, "DROP USER etl; CREATE USER etl FOR LOGIN etl") == 0
    with closing(connect(sql_server_service, "etl", PASSWORD, "matrix")) as login, login.cursor() as cursor:
        cursor.execute(question)
        assert cursor.fetchall() == [(None, None, 0, None, nothing, 0, 0, "etl", "etl")]
        assert number_of(owner, "GRANT SELECT ON dbo.t TO etl; ALTER ROLE gate ADD MEMBER etl") == 0
        cursor.execute(question)
        (table, other, member, may, min_lsn, tables, columns, *_names) = cursor.fetchall()[0]
        assert (table is None, other, member, may, tables, columns) == (False, None, 1, 1, 1, 3)
        assert min_lsn > nothing


def test_logins_come_and_go(owner: pymssql.Connection, sql_server_service: Service) -> None:
    def login(password: str) -> int:
        try:
            connect(sql_server_service, "guest_of_a_day", password, "master").close()
        except pymssql.Error as error:
            return int(error.args[0][0])
        return 0

    assert number_of(owner, "CREATE LOGIN guest_of_a_day WITH PASSWORD = N'it''s'") == 0
    assert (login("it's"), login("its")) == (0, 18456)
    assert number_of(owner, "ALTER LOGIN guest_of_a_day DISABLE") == 0
    assert login("it's") in (18456, 18470), "18470; pymssql repeats an earlier failure's"
    assert number_of(owner, "ALTER LOGIN guest_of_a_day ENABLE") == 0
    assert number_of(owner, "ALTER LOGIN guest_of_a_day WITH PASSWORD = N'new'") == 0
    assert (login("new"), login("it's")) == (0, 18456)
    assert number_once_closed(owner, "DROP LOGIN guest_of_a_day") == 0
    assert login("new") == 18456
