"""Tables: types, constraints, identity, DML, DDL, the catalog, permissions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.results import LoginRequest, SqlServerError
from tests.sandbox.sqlserver.engine.engine_client import Client, open_engine

EVERY_TYPE = """
CREATE TABLE dbo.every (
    id int IDENTITY(10, 5) NOT NULL PRIMARY KEY, b bit, ti tinyint, si smallint, bi bigint, r real, f float,
    d decimal(38, 10), m money, sm smallmoney, c char(3), vc varchar(10), nc nchar(3), nvc
    nvarchar(max), bn binary(3),
    vb varbinary(max), g uniqueidentifier, da date, t time(7), sdt smalldatetime, dt datetime, d2
    datetime2(7),
    dto datetimeoffset(7), rv rowversion, twice AS bi * 2 PERSISTED
)"""


def test_every_type_keeps_its_value(client: Client) -> None:
    client.run(EVERY_TYPE)
    client.run(
        "INSERT INTO every (b, ti, si, bi, r, f, d, m, sm, c, vc, nc, nvc, bn, vb, g, da, t, sdt, "
        "dt, d2, dto) VALUES "
        "(1, 255, -32768, -4611686018427387904, 0.5, 1e-300, 1234567890123456789012345678.0123456789, "
        "-922337203685477.5808, 214748.3647, 'a', 'ü', N'李', N'😀', 0x01, 0x00FF, "
        "'d8e2c4a0-1111-4222-8333-444455556666', '0001-01-01', '23:59:59.9999999', '2024-01-01 10:00:31', "
        "'2024-01-01 10:00:00.005', '2024-01-01 00:00:00.1234567', '2024-01-01 00:00:00.1234567 -03:30')"
    )
    (row,) = client.rows("SELECT * FROM every")
    assert row[:16] == (
        10, True, 255, -32768, -4611686018427387904, 0.5, 1e-300,
        Decimal("1234567890123456789012345678.0123456789"),
        Decimal("-922337203685477.5808"), Decimal("214748.3647"), "a  ", "ü", "李  ", "😀",
            b"\x01\x00\x00", b"\x00\xff",
    )  # fmt: skip
    assert row[16:18] == ("D8E2C4A0-1111-4222-8333-444455556666", dt.date(1, 1, 1))
    assert row[19:21] == (dt.datetime(2024, 1, 1, 10, 1), dt.datetime(2024, 1, 1, 10, 0, 0, 7000))
    assert row[22] == "2024-01-01 00:00:00.1234567 -03:30"
    assert row[24] == -9223372036854775808
    shown = client.rows("SELECT CONVERT(varchar(30), t), CONVERT(varchar(30), d2, 126) FROM every")
    assert shown == [("23:59:59.9999999", "2024-01-01T00:00:00.1234567")]
    before = client.value("rv FROM every")
    client.run("UPDATE every SET bi = 5")
    assert client.rows("SELECT twice FROM every") == [(10,)]
    assert client.value("rv FROM every") > before


def test_constraints(client: Client) -> None:
    client.run(
        "CREATE TABLE p (k varchar(5) NOT NULL PRIMARY KEY, n int CHECK (n > 0), u nvarchar(5) NULL UNIQUE)"
    )
    client.run("CREATE TABLE c (id int PRIMARY KEY, k varchar(5) REFERENCES p (k), x int NOT NULL DEFAULT 7)")
    client.run("INSERT INTO p VALUES ('a', 1, NULL)")
    assert client.error("INSERT INTO p VALUES ('A ', 1, 'x')") == 2627
    assert client.error("INSERT INTO p VALUES ('b', 1, NULL)") == 2627
    assert client.error("INSERT INTO p VALUES ('b', 0, 'x')") == 547
    assert client.error("INSERT INTO p VALUES (NULL, 1, 'x')") == 515
    assert client.error("INSERT INTO p VALUES ('toolong', 1, 'x')") == 2628
    assert client.error("INSERT INTO c (id, k) VALUES (1, 'zz')") == 547
    client.run("INSERT INTO c (id, k) VALUES (1, 'a'), (2, NULL)")
    assert client.rows("SELECT id, k, x FROM c ORDER BY id") == [(1, "a", 7), (2, None, 7)]
    assert client.error("DELETE FROM p") == 547
    assert client.error("UPDATE p SET k = 'b'") == 547
    assert client.error("DROP TABLE p") == 3726
    assert client.error("UPDATE c SET x = NULL") == 515
    client.run("CREATE UNIQUE INDEX ix ON c (k)")
    assert client.error("INSERT INTO c (id, k) VALUES (3, 'a')") == 2601
    assert client.rows("SELECT COUNT(*) FROM p") == [(1,)]


def test_a_key_can_be_deleted_and_inserted_swapped_and_moved(client: Client) -> None:
    client.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
    client.run("BEGIN TRAN; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, 10); COMMIT")
    client.run("UPDATE t SET id = 3 - id WHERE id < 3; UPDATE t SET id = id + 1")
    assert client.rows("SELECT id, v FROM t ORDER BY id") == [(2, 2), (3, 10), (4, 3)]


def test_identity_goes_on_after_rollback_and_restart(
    engine: StandInEngine, client: Client, tmp_path: Path
) -> None:
    client.run("CREATE TABLE t (id int IDENTITY(1, 1) PRIMARY KEY, v int); INSERT INTO t VALUES (1), (2)")
    client.run("BEGIN TRAN; INSERT INTO t VALUES (3); ROLLBACK; INSERT INTO t VALUES (4)")
    assert client.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,), (4,)]
    assert client.rows("SELECT @@IDENTITY, SCOPE_IDENTITY(), IDENT_CURRENT('t')") == [(Decimal(4),) * 3]
    assert client.error("INSERT INTO t (id, v) VALUES (9, 9)") == 544
    client.run("SET IDENTITY_INSERT t ON; INSERT INTO t (id, v) VALUES (9, 9); SET IDENTITY_INSERT t OFF")
    object_id = client.value("OBJECT_ID('t')")
    client.session.close()
    engine.close()
    again = open_engine(tmp_path / "server")
    with Client(again) as other:
        other.run("DELETE FROM t; INSERT INTO t VALUES (5)")
        assert other.rows("SELECT id FROM t") == [(10,)]
        assert other.value("OBJECT_ID('dbo.t')") == object_id
        other.run("TRUNCATE TABLE t; INSERT INTO t DEFAULT VALUES")
        assert other.rows("SELECT id, v FROM t") == [(1, None)]


def test_dml_of_all_shapes(client: Client) -> None:
    client.run(
        "CREATE TABLE t (id int PRIMARY KEY, v int, s nvarchar(10) DEFAULT N'd'); CREATE TABLE u "
        "(id int, v int)"
    )
    client.run(
        "INSERT INTO t (id, v) SELECT value, value * 10 FROM GENERATE_SERIES(1, 5); INSERT u "
        "VALUES (1, 100), (1, 100), (2, 200)"
    )
    client.run("UPDATE t SET v += u.v FROM dbo.t AS t JOIN u ON u.id = t.id WHERE t.id < 3")
    assert client.rows("SELECT id, v FROM t WHERE id < 4 ORDER BY id") == [(1, 110), (2, 220), (3, 30)]
    client.run("DELETE x FROM t AS x JOIN u ON u.id = x.id WHERE u.v = 200")
    assert client.rows("DELETE FROM t OUTPUT deleted.id, deleted.v WHERE id = 3") == [(3, 30)]
    assert client.rows("UPDATE t SET v = v + 1 OUTPUT deleted.v, inserted.v WHERE id = 4") == [(40, 41)]
    assert client.rows("INSERT INTO t (id) OUTPUT inserted.id, inserted.s VALUES (7)") == [(7, "d")]
    assert client.rows("DELETE TOP (1) FROM t WHERE id = 7; SELECT @@ROWCOUNT") == [(1,)]
    client.run("UPDATE t SET s = DEFAULT, v = (SELECT MAX(v) FROM u)")
    assert client.rows("SELECT id, v, s FROM t ORDER BY id") == [(1, 200, "d"), (4, 200, "d"), (5, 200, "d")]
    assert client.error("MERGE t USING u ON t.id = u.id WHEN MATCHED THEN DELETE;") == 40517


def test_alter_table(client: Client) -> None:
    client.run("CREATE TABLE t (id int PRIMARY KEY, v varchar(5)); INSERT INTO t VALUES (1, 'abc')")
    client.run("ALTER TABLE t ADD n int NULL, d date NOT NULL CONSTRAINT df DEFAULT '2024-01-01'")
    assert client.rows("SELECT * FROM t") == [(1, "abc", None, dt.date(2024, 1, 1))]
    assert client.error("ALTER TABLE t ADD x int NOT NULL") == 4901
    client.run("ALTER TABLE t ALTER COLUMN v nvarchar(20) NOT NULL; ALTER TABLE t DROP COLUMN n")
    assert client.error("ALTER TABLE t ALTER COLUMN v varchar(2)") == 2628
    assert client.error("ALTER TABLE t DROP COLUMN id") == 5074
    columns = client.rows(
        "SELECT c.name, y.name, c.max_length, c.is_nullable FROM sys.columns AS c JOIN sys.types AS y "
        "ON y.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('t') ORDER BY c.column_id"
    )
    assert columns == [("id", "int", 4, False), ("v", "nvarchar", 40, False), ("d", "date", 3, False)]
    client.run("BEGIN TRAN; ALTER TABLE t ADD gone int; ROLLBACK")
    assert client.error("SELECT gone FROM t") == 207


def test_catalog_views(client: Client) -> None:
    client.run("CREATE SCHEMA sales")
    client.run(
        "CREATE TABLE sales.t (a int NOT NULL, b decimal(9, 2), CONSTRAINT pk_t PRIMARY KEY (a)); "
        "INSERT INTO sales.t VALUES (1, 2)"
    )
    assert client.rows(
        "SELECT s.name, t.name, t.is_tracked_by_cdc FROM sys.tables t JOIN sys.schemas s ON "
        "s.schema_id = t.schema_id"
    ) == [("sales", "t", False)]
    assert client.rows("SELECT OBJECT_SCHEMA_NAME(object_id), OBJECT_NAME(object_id) FROM sys.tables") == [
        ("sales", "t")
    ]
    assert client.rows(
        "SELECT COLUMN_NAME, DATA_TYPE, NUMERIC_SCALE FROM shop.INFORMATION_SCHEMA.COLUMNS ORDER "
        "BY ORDINAL_POSITION"
    ) == [
        ("a", "int", 0),
        ("b", "decimal", 2),
    ]
    assert client.rows("SELECT CONSTRAINT_NAME, COLUMN_NAME FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE") == [
        ("pk_t", "a")
    ]
    assert client.rows("SELECT rows FROM sys.partitions") == [(1,)]
    assert client.rows("SELECT name FROM sys.databases WHERE database_id > 4") == [("shop",)]


def test_a_reader_may_only_read(engine: StandInEngine, client: Client) -> None:
    client.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    client.run("CREATE USER platform_reader; ALTER ROLE db_datareader ADD MEMBER platform_reader")
    with Client(engine, "platform_reader") as reader:
        assert reader.rows("SELECT id FROM t") == [(1,)]
        assert reader.error("INSERT INTO t VALUES (2)") == 229
        assert reader.error("UPDATE t SET id = 2") == 229
        assert reader.error("DELETE FROM t") == 229
        assert reader.error("CREATE TABLE x (a int)") == 262
        assert reader.error("DROP TABLE t") == 3701
        assert reader.value("IS_ROLEMEMBER('db_owner')") == 0


@pytest.mark.parametrize(
    ("user", "password", "database", "number"),
    [("sa", "wrong", "shop", 18456), ("nobody", "owner", "shop", 18456), ("sa", "owner", "nosuch", 4060)],
)
def test_logins(engine: StandInEngine, user: str, password: str, database: str, number: int) -> None:
    with pytest.raises(SqlServerError) as refused:
        engine.login(LoginRequest(user, password, database))
    assert refused.value.number == number
