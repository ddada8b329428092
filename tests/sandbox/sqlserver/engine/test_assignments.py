"""SELECT @v = … row by row, what a failed INSERT leaves behind, and what 547 and 15434 tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.results import LoginRequest, SqlServerError
from tests.sandbox.sqlserver.engine.engine_client import DATABASE, Client, open_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInEngine]:
    engine = open_engine(tmp_path_factory.mktemp("assignments"))
    with Client(engine) as client:
        client.run("CREATE TABLE dbo.w (id int PRIMARY KEY, word varchar(9) NULL, n int)")
        client.run("INSERT INTO dbo.w VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', 30)")
        client.run("CREATE TABLE dbo.parent (k int PRIMARY KEY)")
        client.run("""CREATE TABLE dbo.child (
            id int IDENTITY PRIMARY KEY, n int NOT NULL UNIQUE, s varchar(3),
            f int REFERENCES dbo.parent (k), CHECK (n < 100), CONSTRAINT two CHECK (n > 0 OR s = 'x'))""")
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("assigned", "value"),
    [
        ("@s = @s + word FROM dbo.w ORDER BY id DESC", "threetwoone"),
        ("@s = @s + ',' + UPPER(LEFT(word, 1)) FROM dbo.w WHERE n > 10 ORDER BY n", ",T,T"),
        ("@s = COALESCE(NULLIF(@s, '') + ';', '') + word FROM dbo.w ORDER BY id", "one;two;three"),
        ("TOP (2) @s = @s + word FROM dbo.w ORDER BY id", "onetwo"),
        ("@n = @n + n, @s = @s + CAST(@n AS varchar(9)) + ' ' FROM dbo.w ORDER BY id", "10 30 60 "),
        ("@s = @s + CAST(SUM(n) AS varchar(9)) FROM dbo.w", "60"),
        ("@s = @s + CAST(COUNT(*) AS varchar(9)) FROM dbo.w GROUP BY n % 20 ORDER BY n % 20", "12"),
        ("@s = @s + CASE WHEN n > 10 THEN word ELSE '-' END FROM dbo.w ORDER BY id", "-twothree"),
        ("@s = @s + word FROM dbo.w WHERE id > 9", ""),
        ("@s = word FROM dbo.w ORDER BY id", "three"),
        ("@n = 5, @s = CAST(@n + 1 AS varchar(9))", "6"),
    ],
)
def test_each_row_assigns_in_order(client: Client, assigned: str, value: str) -> None:
    assert client.rows(f"DECLARE @s varchar(100) = '', @n int = 0; SELECT {assigned}; SELECT @s") == [
        (value,)
    ]


@pytest.mark.parametrize(
    ("assigned", "number"),
    [
        ("DISTINCT @s = @s + word FROM dbo.w", 40517),
        ("@s = @s + word FROM dbo.w ORDER BY 1", 40517),
        ("@s = CAST(SUM(n + LEN(@s)) AS varchar(9)) FROM dbo.w", 40517),
        ("@s = word, id FROM dbo.w", 141),
        ("@x = word FROM dbo.w", 137),
    ],
)
def test_what_has_no_order_of_rows_is_refused(client: Client, assigned: str, number: int) -> None:
    assert client.error(f"DECLARE @s varchar(100) = ''; SELECT {assigned}") == number


def test_a_failed_insert_uses_up_its_identity_values(client: Client) -> None:
    client.run("INSERT INTO dbo.child (n) VALUES (1)")
    for columns, values, number in (
        ("n", "(2), (1)", 2627),
        ("n", "(NULL)", 515),
        ("n, s", "(3, 'long')", 2628),
        ("n, f", "(3, 7)", 547),
        ("n", "(100)", 547),
    ):
        assert client.error(f"INSERT INTO dbo.child ({columns}) VALUES {values}") == number
    client.run("INSERT INTO dbo.child (n) VALUES (50)")
    assert client.rows("SELECT id, n FROM dbo.child ORDER BY id") == [(1, 1), (8, 50)]
    assert client.value("SCOPE_IDENTITY()") == 8


def test_a_conflict_names_its_column_where_it_is_one(client: Client) -> None:
    client.run("INSERT INTO dbo.parent VALUES (1); INSERT INTO dbo.child (n, f) VALUES (60, 1)")
    for sql, told in (
        ("INSERT INTO dbo.child (n, f) VALUES (70, 7)", "table \"dbo.parent\", column 'k'."),
        ("UPDATE dbo.child SET n = 500 WHERE n = 60", "table \"dbo.child\", column 'n'."),
        ("UPDATE dbo.child SET n = -1, s = 'y' WHERE n = 60", 'table "dbo.child".'),
        ("DELETE FROM dbo.parent", "table \"dbo.child\", column 'f'."),
    ):
        with pytest.raises(SqlServerError) as caught:
            client.run(sql)
        assert caught.value.text.endswith(told), caught.value.text


def test_a_login_that_is_connected_cannot_be_dropped(engine: StandInEngine, client: Client) -> None:
    client.run("CREATE LOGIN visitor WITH PASSWORD = 'Long-1234'; CREATE USER visitor FOR LOGIN visitor")
    session = engine.login(LoginRequest("visitor", "Long-1234", DATABASE))
    assert client.error("DROP LOGIN visitor") == 15434
    session.close()
    client.run("DROP LOGIN visitor")
