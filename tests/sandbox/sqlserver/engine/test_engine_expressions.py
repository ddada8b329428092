"""Values and types of expressions, as Microsoft's documentation has them."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

import pytest

from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.engine.types import display
from tests.sandbox.sqlserver.engine.engine_client import Client, open_engine


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine: StandInEngine = open_engine(tmp_path_factory.mktemp("expressions"))
    with Client(engine) as client:
        yield client
    engine.close()


VALUES: list[tuple[str, Any, str]] = [
    ("7 / 2", 3, "int"),
    ("-7 / 2", -3, "int"),
    ("CAST(1.5 AS decimal(10,4)) * CAST(2.25 AS decimal(10,4))", Decimal("3.37500000"), "decimal(21,8)"),
    ("CAST(10 AS decimal(19,4)) / CAST(3 AS decimal(5,4))", Decimal("3.3333333333"), "decimal(29,10)"),
    ("1.0 / 3", Decimal("0.333333"), "decimal(7,6)"),
    (
        "CAST(9999999999999.9999 AS decimal(19,4)) * CAST(2 AS decimal(19,4))",
        Decimal("19999999999999.9998000"),
        "decimal(38,7)",
    ),
    ("CAST(1 AS money) / 3", Decimal("0.3333"), "money"),
    ("99999999999999999999", Decimal("99999999999999999999"), "decimal(20,0)"),
    ("CAST(2.7 AS int)", 2, "int"),
    (f"-{'9' * 38}", Decimal(f"-{'9' * 38}"), "decimal(38,0)"),
    ("DATALENGTH(0x)", 0, "int"),
    (
        "CAST(CAST('1901-01-01 23:59:58.7654' AS datetime2(6)) AS time(3))",
        dt.time(23, 59, 58, 765000),
        "time(3)",
    ),
    ("CAST(CAST('9999-12-31' AS datetime2(7)) AS datetime2(0))", dt.datetime(9999, 12, 31), "datetime2(0)"),
    ("CAST(123.456 AS decimal(5,2))", Decimal("123.46"), "decimal(5,2)"),
    ("1 + '2'", 3, "int"),
    ("'a' + NULL", None, "varchar(1)"),
    ("CONCAT('a', NULL, 1)", "a1", "varchar(13)"),
    ("N'a' + 'b'", "ab", "nvarchar(2)"),
    ("CASE WHEN 'abc' = 'ABC  ' THEN 1 ELSE 0 END", 1, "int"),
    ("CASE WHEN 'abc' = 'ABC' COLLATE Latin1_General_BIN2 THEN 1 ELSE 0 END", 0, "int"),
    ("CASE WHEN 0x00 = 0x0000 THEN 1 ELSE 0 END", 1, "int"),
    ("CASE WHEN 'B' LIKE '[a-c]' THEN 1 ELSE 0 END", 1, "int"),
    ("CASE WHEN '5%' LIKE '5!%' ESCAPE '!' AND '5x' NOT LIKE '5!%' ESCAPE '!' THEN 1 ELSE 0 END", 1, "int"),
    (
        "HASHBYTES('MD5', CONVERT(varchar(max), N'aø🐚' COLLATE Latin1_General_100_BIN2_UTF8))",
        hashlib.md5("aø🐚".encode(), usedforsecurity=False).digest(),
        "varbinary(8000)",
    ),
    ("DATALENGTH(CONVERT(varchar(30), N'aø🐚 ' COLLATE Latin1_General_100_BIN2_UTF8))", 8, "int"),
    ("COLLATIONPROPERTY(N'Latin1_General_100_BIN2_UTF8', N'CodePage')", 65001, "int"),
    ("COLLATIONPROPERTY('SQL_Latin1_General_CP1_CI_AS', 'CodePage')", 1252, "int"),
    ("COLLATIONPROPERTY('Esperanto', 'CodePage')", None, "int"),
    ("LEN('abc  ')", 3, "int"),
    ("LEN(N'a😀')", 3, "int"),
    ("DATALENGTH(N'abc')", 6, "int"),
    ("ISNULL(CAST(NULL AS varchar(2)), 'abcdef')", "ab", "varchar(2)"),
    ("CAST('abc' AS char(5)) + '|'", "abc  |", "varchar(6)"),
    ("CONVERT(varchar(40), 0.1e0, 3)", "1.0000000000000001e-001", "varchar(40)"),
    ("CONVERT(varchar(20), 0xABCD, 1)", "0xABCD", "varchar(20)"),
    ("CONVERT(varbinary(10), 'ABCD', 2)", b"\xab\xcd", "varbinary(10)"),
    ("CAST(258 AS varbinary(4))", b"\x00\x00\x01\x02", "varbinary(4)"),
    ("CAST(N'a' AS varbinary(4))", b"a\x00", "varbinary(4)"),
    (
        "CONVERT(varchar(30), CAST('2024-03-01T10:11:12.1234567' AS datetime2(7)), 126)",
        "2024-03-01T10:11:12.1234567",
        "varchar(30)",
    ),
    ("CONVERT(varchar(30), CAST('2024-03-01' AS date), 112)", "20240301", "varchar(30)"),
    ("CAST(CAST('2024-03-01T15:04:05' AS datetime) AS varchar(30))", "Mar  1 2024  3:04PM", "varchar(30)"),
    ("CAST('2024-01-01 23:59:59.999' AS datetime)", dt.datetime(2024, 1, 2), "datetime"),
    ("CAST('2024-01-01 10:00:00.005' AS datetime)", dt.datetime(2024, 1, 1, 10, 0, 0, 7000), "datetime"),
    ("CAST('2024-01-01 10:00:30' AS smalldatetime)", dt.datetime(2024, 1, 1, 10, 1), "smalldatetime"),
    (
        "CAST('2024-01-01T10:11:12.1239' AS datetime2(3))",
        dt.datetime(2024, 1, 1, 10, 11, 12, 124000),
        "datetime2(3)",
    ),
    ("DATEADD(month, 1, CAST('2024-01-31' AS date))", dt.date(2024, 2, 29), "date"),
    ("DATEDIFF(day, '2024-01-01', '2024-03-01')", 60, "int"),
    ("DATEDIFF(week, '2024-01-06', '2024-01-07')", 1, "int"),
    ("DATEDIFF(year, '2023-12-31', '2024-01-01')", 1, "int"),
    ("EOMONTH('2024-02-10')", dt.date(2024, 2, 29), "date"),
    (
        "CAST('2024-07-01' AS datetime2(0)) AT TIME ZONE 'W. Europe Standard Time'",
        "2024-07-01 00:00:00 +02:00",
        "datetimeoffset(0)",
    ),
    (
        "CAST('9999-07-01 00:00:00.1234567' AS datetime2) AT TIME ZONE 'Eastern Standard Time'",
        "9999-07-01 00:00:00.1234567 -04:00",
        "datetimeoffset(7)",
    ),
    ("DATEADD(hour, -11, CAST('10:00:00.5' AS time))", dt.time(23, 0, 0, 500_000), "time(7)"),
    (
        "CAST('2024-07-01T00:00:00.5+02:00' AS datetimeoffset(3)) AT TIME ZONE 'UTC'",
        "2024-06-30 22:00:00.500 +00:00",
        "datetimeoffset(3)",
    ),
    (
        "CAST(CAST('d8e2c4a0-1111-4222-8333-444455556666' AS uniqueidentifier) AS binary(4))",
        b"\xa0\xc4\xe2\xd8",
        "binary(4)",
    ),
    ("TRY_CAST('x' AS int)", None, "int"),
    ("POWER(2, -1)", 0, "int"),
    ("POWER(5, 3)", 125, "int"),
    ("POWER(10.0, 2)", Decimal("100.0"), "decimal(38,1)"),
    ("CAST(0.5 AS real) * 3", 1.5, "real"),
    ("CASE WHEN 0x0100 = 0x01 THEN 1 ELSE 0 END", 1, "int"),
    ("ASCII('€')", 128, "int"),
    ("ASCII('')", 0, "int"),
    ("CASE WHEN 'a ' LIKE 'a' AND CAST('a' AS char(3)) LIKE 'a' THEN 1 ELSE 0 END", 1, "int"),
    ("CASE WHEN 'a' LIKE 'a ' THEN 1 ELSE 0 END", 0, "int"),
    ("CASE WHEN N'a ' LIKE N'a' OR CAST('a' AS char(3)) LIKE N'a' THEN 1 ELSE 0 END", 0, "int"),
    ("(SELECT COUNT(*) FROM (SELECT TOP 50 PERCENT x FROM (VALUES (1), (2), (3)) AS v(x)) AS t)", 2, "int"),
    ("(SELECT AVG(x) FROM (VALUES (1), (2)) AS v(x))", 1, "int"),
    ("(SELECT COUNT(DISTINCT x) FROM (VALUES ('a'), ('A ')) AS v(x))", 1, "int"),
    (
        "(SELECT STRING_AGG(x, ',') WITHIN GROUP (ORDER BY x DESC) FROM (VALUES ('a'), ('b')) AS v(x))",
        "b,a",
        "varchar(8000)",
    ),
    (
        "HASHBYTES('SHA2_256', '')",
        bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        "varbinary(8000)",
    ),
]


@pytest.mark.parametrize(("expression", "value", "sql_type"), VALUES)
def test_value_and_type(shared: Client, expression: str, value: Any, sql_type: str) -> None:
    assert shared.value(expression) == value
    assert display(shared.type_of(expression)) == sql_type


ERRORS = [
    ("1 / 0", 8134),
    ("2147483647 + 1", 8115),
    ("CAST(2147483648 AS int)", 8115),
    ("1e400", 168),
    ("CAST(12345.6 AS decimal(5,2))", 8115),
    ("1e308 * 10", 8115),
    ("EXP(1000)", 8115),
    ("SQRT(-1)", 3623),
    ("LOG(0)", 3623),
    ("SUM(x) FROM (VALUES (1e308), (1e308)) AS v(x)", 8115),
    ("CAST(922337203685477.5807 AS money) + 1", 8115),
    ("CAST(214748.3647 AS smallmoney) + CAST(1 AS smallmoney)", 8115),
    ("SUM(x) FROM (VALUES (CAST(922337203685477 AS money)), (1)) AS v(x)", 8115),
    ("SUBSTRING('abc', 1, -1)", 537),
    ("LEFT('abc', -1)", 537),
    ("CAST('x' AS int)", 245),
    ("CAST('1.5' AS int)", 245),
    ("CAST('abc' AS decimal(5,2))", 8114),
    ("CAST('nope' AS date)", 241),
    ("CAST('2024-02-30' AS date)", 242),
    ("CAST('x' AS uniqueidentifier)", 8169),
    ("nosuch", 207),
    ("* FROM nosuch", 208),
    ("@nosuch", 137),
    ("CHECKSUM(1)", 40517),
    ("CONVERT(varchar(8), N'abc' COLLATE Latin1_General_100_BIN2_UTF8)", 40517),
    ("COLLATIONPROPERTY('Polish_CI_AS', 'CodePage')", 40517),
    ("COLLATIONPROPERTY('Latin1_General_CI_AS', 'LCID')", 40517),
    ("NOSUCH(1)", 195),
    ("1 FROM", 102),
    ("CAST('1752-12-31' AS datetime)", 242),
    ("CAST(CAST('1752-12-31' AS date) AS datetime)", 242),
    ("CAST('9999-12-31 23:59:59.9999999' AS datetime2(6))", 241),
    ("CAST(CAST('9999-12-31 23:59:59.9999995' AS datetime2(7)) AS datetime2(6))", 242),
    ("CAST('0001-01-01 00:00:00 +00:01' AS datetimeoffset)", 241),
    ("DATEADD(nanosecond, 100, CAST('9999-12-31 23:59:59.9999999' AS datetime2))", 517),
    ("DATEADD(hour, 2147483647, CAST('2024-01-01' AS datetime2))", 517),
    ("DATEADD(month, -1, CAST('0001-01-31' AS datetimeoffset))", 517),
    ("DATEADD(year, 8000, CAST('2024-01-01' AS datetime))", 517),
    ("SWITCHOFFSET(CAST('9999-12-31 23:59 +00:00' AS datetimeoffset), '+00:01')", 9813),
    ("TODATETIMEOFFSET(CAST('0001-01-01' AS datetime2), '+00:01')", 9813),
    ("DATEDIFF(second, CAST('0001-01-01' AS datetime2), CAST('9999-12-31' AS datetime2))", 535),
    ("DATEDIFF_BIG(nanosecond, CAST('0001-01-01' AS datetime2), CAST('9999-12-31' AS datetime2))", 535),
    ("SUM(d) FROM (VALUES (CAST('2024-01-01' AS datetime2))) AS v(d)", 8117),
    ("name FROM sys.tables GROUP BY object_id", 8120),
]


@pytest.mark.parametrize(("expression", "number"), ERRORS)
def test_error(shared: Client, expression: str, number: int) -> None:
    assert shared.error(f"SELECT {expression}") == number


def test_grouping_ordering_and_distinct_follow_the_collation(shared: Client) -> None:
    source = "(VALUES ('b', 1), ('A', 2), ('B ', 3), ('a', 4)) AS v(x, n)"
    assert shared.rows(f"SELECT LOWER(RTRIM(x)), SUM(n) FROM {source} GROUP BY x ORDER BY 1") == [
        ("a", 6),
        ("b", 4),
    ]
    assert len(shared.rows(f"SELECT DISTINCT x FROM {source}")) == 2
    assert [n for (n,) in shared.rows(f"SELECT n FROM {source} ORDER BY x, n DESC")] == [4, 2, 3, 1]
    assert shared.rows(f"SELECT n FROM {source} WHERE x IN ('B') ORDER BY n") == [(1,), (3,)]


def test_queries_of_all_shapes(shared: Client) -> None:
    assert shared.rows("SELECT TOP (2) value FROM GENERATE_SERIES(1, 9, 3) AS g ORDER BY value DESC") == [
        (7,),
        (4,),
    ]
    assert shared.rows(
        "SELECT value FROM GENERATE_SERIES(1, 5) ORDER BY value OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY"
    ) == [(2,), (3,)]
    assert shared.rows(
        "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i, SUM(i) "
        "OVER (ORDER BY i) FROM n"
    ) == [(1, 1), (2, 3), (3, 6)]
    assert shared.rows(
        "SELECT a.value, z.twice FROM GENERATE_SERIES(1, 2) AS a CROSS APPLY (SELECT a.value * 2 "
        "AS twice) AS z"
    ) == [(1, 2), (2, 4)]
    assert shared.rows("SELECT 1 UNION SELECT 1 UNION ALL SELECT 2") == [(1,), (2,)]
    assert shared.rows(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM GENERATE_SERIES(1, 1)) AND 2 NOT IN (SELECT 1)"
    ) == [(1,)]


def test_flow_of_control(shared: Client) -> None:
    assert shared.rows(
        "DECLARE @i int = 0, @s nvarchar(20) = N''; WHILE 1 = 1 BEGIN SET @i += 1; IF @i = 2 CONTINUE "
        "IF @i > 4 BREAK ELSE SELECT @s = @s + CAST(@i AS nvarchar(5)) END SELECT @s"
    ) == [("134",)]
    assert shared.rows(
        "BEGIN TRY THROW 50001, 'mine', 3 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), "
        "ERROR_MESSAGE(), ERROR_STATE() END CATCH"
    ) == [(50001, "mine", 3)]
    assert shared.error("RAISERROR('%s has %d', 16, 1, 'x', 5)") == 50000
    assert shared.rows("EXEC sp_executesql N'SELECT @a + @b', N'@a int, @b int', @a = 1, @b = 2") == [(3,)]
    assert shared.rows(
        "DECLARE @r int; EXEC sp_executesql N'SET @x = 7', N'@x int OUTPUT', @x = @r OUTPUT; SELECT @r"
    ) == [(7,)]
    assert shared.error("EXEC sp_nosuch") == 2812
