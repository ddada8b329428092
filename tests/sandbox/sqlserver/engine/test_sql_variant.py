"""sql_variant in the engine: what it holds, tells and refuses, how it compares, what CDC captures of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.sqlserver import cdc
from sandbox.sqlserver.engine.engine import StandInEngine
from tests.sandbox.sqlserver.engine.engine_client import DATABASE, PASSWORDS, Client

GUID = "CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)"

TOLD = {
    # BaseType, Precision, Scale, TotalBytes, MaxLength: [Microsoft: "SQL_VARIANT_PROPERTY"]
    "CAST(1 AS bit)": ("bit", 1, 0, 3, 1),
    "CAST(1 AS tinyint)": ("tinyint", 3, 0, 3, 1),
    "5": ("int", 10, 0, 6, 4),
    "CAST(5 AS bigint)": ("bigint", 19, 0, 10, 8),
    "CAST(1.5 AS decimal(8, 2))": ("decimal", 8, 2, 9, 5),
    "CAST(1.5 AS numeric(38, 10))": ("numeric", 38, 10, 13, 9),
    "CAST(12345678901234567890 AS decimal(38, 0))": ("decimal", 38, 0, 13, 9),
    "CAST(1.5 AS money)": ("money", 19, 4, 10, 8),
    "1e0": ("float", 53, 0, 10, 8),
    "CAST(1 AS real)": ("real", 24, 0, 6, 4),
    "CAST('2024-01-01' AS date)": ("date", 10, 0, 5, 3),
    "CAST('2024-01-01' AS datetime)": ("datetime", 23, 3, 10, 8),
    "CAST('2024-01-01' AS smalldatetime)": ("smalldatetime", 16, 0, 6, 4),
    "CAST('2024-01-01' AS datetime2(3))": ("datetime2", 23, 3, 10, 7),
    "CAST('00:00' AS time(7))": ("time", 16, 7, 8, 5),
    "CAST('2024-01-01' AS datetimeoffset(0))": ("datetimeoffset", 26, 0, 11, 8),
    GUID: ("uniqueidentifier", 0, 0, 18, 16),
    "'abc'": ("varchar", 0, 0, 11, 3),
    "CAST(N'abc' AS nvarchar(20))": ("nvarchar", 0, 0, 14, 40),
    "CAST('a' AS char(10))": ("char", 0, 0, 18, 10),
    "0x0102": ("varbinary", 0, 0, 6, 2),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInEngine]:
    engine = StandInEngine(tmp_path_factory.mktemp("variants"), PASSWORDS, prepare=cdc.install)
    engine.register(cdc.PROCEDURES)
    engine.create_database(DATABASE)
    yield engine
    engine.close()


def test_it_holds_a_value_of_any_type_in_a_column(client: Client) -> None:
    client.run(f"""
        CREATE TABLE dbo.held (id int PRIMARY KEY, v sql_variant NULL DEFAULT 7, CONSTRAINT u UNIQUE (v));
        INSERT INTO dbo.held VALUES (1, N'ł'), (2, 2.50), (3, 0x00FF), (4, {GUID}), (5, NULL);
        INSERT INTO dbo.held (id) VALUES (6);
        UPDATE dbo.held SET v = CAST('2024-02-29' AS date) WHERE id = 5""")
    assert client.rows("SELECT id, CAST(v AS nvarchar(50)) FROM dbo.held WHERE id <> 3 ORDER BY id") == [
        (1, "ł"),
        (2, "2.50"),
        (4, "6F9619FF-8B86-D011-B42D-00C04FC964FF"),
        (5, "2024-02-29"),
        (6, "7"),
    ]
    assert (
        client.value("CONVERT(varchar(9), CAST(v AS varbinary(9)), 1) FROM dbo.held WHERE id = 3") == "0x00FF"
    )
    assert client.error("INSERT INTO dbo.held VALUES (9, CAST(7 AS tinyint))") == 2627  # 7 equals 7
    client.run("SELECT v, id INTO #copy FROM dbo.held; UPDATE #copy SET v = id")
    assert client.rows("SELECT COUNT(*), SUM(CAST(v AS int)) FROM #copy") == [(6, 21)]


def test_it_tells_of_its_value(client: Client) -> None:
    rows = ", ".join(f"({at}, CAST({value} AS sql_variant))" for at, value in enumerate(TOLD))
    client.run("CREATE TABLE #told (id int, v sql_variant)")
    client.run(f"INSERT INTO #told VALUES {rows}")
    names = ("Precision", "Scale", "TotalBytes", "MaxLength")
    numbers = ", ".join(f"CAST(SQL_VARIANT_PROPERTY(v, '{name}') AS int)" for name in names)
    base = "CAST(SQL_VARIANT_PROPERTY(v, 'BaseType') AS sysname)"
    found = client.rows(f"SELECT {base}, {numbers} FROM #told ORDER BY id")
    assert dict(zip(TOLD, found, strict=True)) == TOLD


def test_a_property_that_is_none_and_a_value_that_is_null(client: Client) -> None:
    collation = "CAST(SQL_VARIANT_PROPERTY('a', 'Collation') AS sysname)"
    assert client.value(collation) == "SQL_Latin1_General_CP1_CI_AS"
    for call in ("(1, 'Collation')", "('a', 'Weight')", "(NULL, 'BaseType')"):
        assert client.value(f"SQL_VARIANT_PROPERTY{call}") is None
    assert client.value("CAST(CAST(NULL AS sql_variant) AS int)") is None
    assert client.type_of("SERVERPROPERTY('Edition')").name == "sql_variant"
    assert client.value("CAST(DATABASEPROPERTYEX(DB_NAME(), 'Status') AS sysname)") == "ONLINE"


def test_values_of_another_family_compare_by_their_family(client: Client) -> None:
    """[Microsoft: "sql_variant (Transact-SQL)", "Comparing sql_variant values"]: the lowest family first."""
    ascending = [
        "NULL", GUID, "0x01", "0x0200", "'a'", "N'B'", "-2.5", "CAST(-2 AS bigint)", "CAST(1 AS bit)",
        "CAST(1.0001 AS money)", "CAST(99999999999999999999999999999999999999 AS decimal(38))",
        "-1e300", "0e0", "CAST(0.5 AS real)", "CAST('00:00' AS time)",
        "CAST('1900-01-01 01:00 +00:00' AS datetimeoffset)",
        "CAST('2024-01-01' AS date)", "CAST('2024-01-02 01:00' AS datetime)",
        "CAST('2024-01-02 01:01' AS datetime2)",
    ]  # fmt: skip
    rows = ", ".join(f"({at}, CAST({value} AS sql_variant))" for at, value in enumerate(ascending))
    client.run("CREATE TABLE #v (id int, v sql_variant)")
    client.run(f"INSERT INTO #v VALUES {rows}")
    assert client.rows("SELECT id FROM #v ORDER BY v") == [(at,) for at in range(len(ascending))]
    assert client.rows("SELECT id FROM #v WHERE v IN (CAST(-2.0 AS sql_variant), N'A ')") == [(4,), (7,)]
    assert client.rows("SELECT COUNT(*) FROM #v WHERE v > '9'") == [(15,)]
    assert client.rows("SELECT COUNT(DISTINCT v), CAST(MAX(v) AS date) FROM #v")[0][0] == len(ascending) - 1
    assert client.rows("SELECT COUNT(*) FROM #v AS a JOIN #v AS b ON a.v = b.v") == [(len(ascending) - 1,)]


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("SELECT CAST(CAST('a' AS varchar(max)) AS sql_variant)", 529),
        ("SELECT CAST(CAST('<a/>' AS xml) AS sql_variant)", 529),
        ("DECLARE @v sql_variant = CAST('a' AS varchar(max))", 206),
        ("DECLARE @t nvarchar(9) = SERVERPROPERTY('Edition')", 257),
        ("CREATE TABLE #i (i int); INSERT INTO #i SELECT CAST(1 AS sql_variant)", 257),
        ("SELECT LEN(SERVERPROPERTY('Edition'))", 8116),
        ("SELECT 1 + CAST(1 AS sql_variant)", 257),
        ("SELECT CAST(1 AS sql_variant) % 1", 402),
        ("SELECT SUM(CAST(1 AS sql_variant))", 8117),
        ("SELECT 'a' + SERVERPROPERTY('Edition')", 402),
        ("SELECT 1 WHERE SERVERPROPERTY('Edition') LIKE 'D%'", 8116),
        ("SELECT CAST(CAST('x' AS sql_variant) AS int)", 245),
        (f"SELECT CAST(CAST({GUID} AS sql_variant) AS int)", 529),
        ("SELECT CAST('a' COLLATE Latin1_General_BIN2 AS sql_variant)", 40517),
    ],
)
def test_what_it_does_not_do_is_refused(client: Client, sql: str, number: int) -> None:
    assert client.error(sql) == number


@pytest.mark.parametrize(
    "declared", ["hierarchyid", "geography", "geometry", "json", "vector(3)", "sys.hierarchyid"]
)
def test_types_that_are_not_modelled_are_refused_by_name(client: Client, declared: str) -> None:
    for sql in (
        f"CREATE TABLE #refused (x {declared})",
        f"DECLARE @x {declared}",
        f"SELECT CAST(NULL AS {declared})",
    ):
        with pytest.raises(Exception, match="40517: not modelled.*" + declared.split(".")[-1].split("(")[0]):
            client.run(sql)


def test_a_type_of_the_clr_is_refused_by_name(client: Client) -> None:
    with pytest.raises(Exception, match=r"40517: not modelled.*CREATE TYPE"):
        client.run("CREATE TYPE dbo.point EXTERNAL NAME shapes.[Shapes.Point]")


def test_cdc_captures_it(client: Client) -> None:
    client.run("EXEC sys.sp_cdc_enable_db")
    client.run("CREATE TABLE dbo.seen (id int PRIMARY KEY, v sql_variant NULL)")
    client.run("EXEC sys.sp_cdc_enable_table 'dbo', 'seen', NULL")
    client.run("INSERT INTO dbo.seen VALUES (1, CAST(1.50 AS decimal(9, 4))); UPDATE dbo.seen SET v = N'ł'")
    client.run("UPDATE dbo.seen SET v = NULL; DELETE FROM dbo.seen; EXEC sys.sp_cdc_scan")
    kind = "CAST(SQL_VARIANT_PROPERTY(v, 'BaseType') AS sysname)"
    rows = client.rows(
        f"SELECT [__$operation], {kind}, CAST(v AS nvarchar(20)) FROM cdc.dbo_seen_CT "
        "ORDER BY [__$start_lsn], [__$operation]"
    )
    assert rows == [
        (2, "decimal", "1.5000"),
        (3, "decimal", "1.5000"),
        (4, "nvarchar", "ł"),
        (3, "nvarchar", "ł"),
        (4, None, None),
        (1, None, None),
    ]


def test_the_catalog_tells_it(client: Client) -> None:
    client.run("CREATE TABLE dbo.told (v sql_variant)")
    assert client.rows(
        "SELECT t.name, c.system_type_id, c.max_length, c.precision FROM sys.columns AS c "
        "JOIN sys.types AS t ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('dbo.told')"
    ) == [("sql_variant", 98, 8016, 0)]
    assert (
        client.value("DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'told'") == "sql_variant"
    )
    row = client.rows("EXEC sp_columns 'told'")[0]
    assert row[3:8] == ("v", -150, "sql_variant", 8000, 8000)
