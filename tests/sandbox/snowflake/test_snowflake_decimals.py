"""Arithmetic of NUMBERs: result types of Snowflake's page "Arithmetic operators", exact values, errors."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session
from snowflake.snowpark import functions as f
from snowflake.snowpark.types import DecimalType, StructField, StructType

from tests.sandbox.snowflake.snowflake_client import Run

T = "(SELECT $1 AS a, $2 AS b FROM VALUES (1.50::NUMBER(12, 2), 3), (2.25, 7), (NULL, 2)) t"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("1 / 3", "0.333333"),
        ("-2 / 3", "-0.666667"),
        ("1.5 / 7", "0.2142857"),
        ("1.1234567::NUMBER(9, 7) / 2", "0.561728350000"),
        ("1 / 3 * 3", "0.999999"),
        ("(1 / 3 + 1 / 3) / 2", "0.333333000000"),
        ("1.123456789 * 1.123456789", "1.262155156750"),
        ("2000000000 * 2000000000 * 2000000000", "8000000000000000000000000000"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("DIV0(5, 0)", "0.000000"),
        ("IFF(TRUE, 1, 1 / 0)", "1.000000"),
        ("ROUND(5 / 3, 2)", "1.67"),
        ("12345678901234567890123456789012 / 7", "1763668414462081127160493827001.714286"),
    ],
)
def test_scale_and_rounding_of_arithmetic(run: Run, query: str, expected: str) -> None:
    assert [str(row[0]) for row in run(f"SELECT {query} AS value")] == [expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"SELECT AVG(a), AVG(b), SUM(a) / COUNT(*) FROM {T}", ["1.87500000", "4.000000", "1.25000000"]),
        (f"SELECT MEDIAN(b), AVG(DISTINCT b) FROM {T} WHERE b < 4", ["2.500", "2.500000"]),
        (f"SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY b) AS p FROM {T} WHERE b < 4", ["2.500"]),
        (f"SELECT x / 2 FROM (SELECT AVG(b) AS x FROM {T}) s", ["2.000000000000"]),
        (f"WITH c AS (SELECT AVG(b) AS m FROM {T}) SELECT m * 1.5 AS v FROM c", ["6.0000000"]),
        (f"SELECT b / 2 FROM {T} GROUP BY b / 2 HAVING AVG(a) > 2 ORDER BY b / 2", ["3.500000"]),
        (f"SELECT AVG(a) OVER (ORDER BY b) AS m FROM {T} ORDER BY b DESC", ["1.87500000"]),
        (f"SELECT AVG(a) FROM {T} WHERE b = 2", ["None"]),
    ],
)  # fmt: skip
def test_averages_and_what_is_computed_from_them(run: Run, query: str, expected: list[str]) -> None:
    assert [str(value) for value in run(query)[0]] == expected


def test_the_description_tells_precision_and_scale(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (a NUMBER(12, 2), b NUMBER(5, 0), c NUMBER(10, 1), d NUMBER(30, 5))")
    columns = (
        "a / b, a * b, a * c, a * d, a + 1.5::NUMBER(5, 3), AVG(a) OVER (), SUM(b) OVER (), b::FLOAT / 2"
    )
    cursor.execute(f"SELECT {columns} FROM t")
    assert [(column.precision, column.scale) for column in cursor.description] == [
        (18, 8),
        (17, 2),
        (22, 3),
        (38, 7),
        (14, 3),
        (38, 8),
        (38, 0),
        (None, None),
    ]


def test_what_is_written_has_been_divided_exactly(run: Run) -> None:
    run("CREATE TABLE t (id NUMBER, d NUMBER(38, 12))")
    run("INSERT INTO t VALUES (1, 2 / 3)")
    run("UPDATE t SET d = d + id / 3")
    assert run("SELECT d FROM t") == [(Decimal("1.000000000000"),)]
    run("MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET d = s.id / 7")
    run("CREATE TABLE u AS SELECT AVG(d) / 2 AS h FROM t")
    run("CREATE VIEW v AS SELECT h / 3 AS third FROM u")
    assert run("SELECT d, h, third FROM t, u, v") == [
        (Decimal("0.142857000000"), Decimal("0.071428500000"), Decimal("0.023809500000"))
    ]
    assert run("SELECT %s / 3", 2) == [(Decimal("0.666667"),)]


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("1 / 0", 100051),
        ("a / (b - b) FROM " + T, 100051),
        ("MOD(5, 0)", 100051),
        ("99999999999999999999999999999999999999 * 10", 100039),
        ("123::NUMBER(2, 0)", 100039),
    ],
)
def test_arithmetic_that_fails(run: Run, expression: str, error: int) -> None:
    with pytest.raises(ProgrammingError) as raised:
        run(f"SELECT {expression}")
    assert raised.value.errno == error


def numbers(scale: int) -> st.SearchStrategy[Decimal]:
    most = Decimal(10) ** 12
    return st.decimals(-most, most, places=scale, allow_nan=False)


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), scales=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_quotients_and_products_are_those_of_decimal_arithmetic(
    run: Run, data: st.DataObject, scales: tuple[int, int]
) -> None:
    left, right = (data.draw(numbers(scale)) for scale in scales)
    a, b = (
        f"'{value}'::NUMBER({22 if scale else 13}, {scale})"
        for value, scale in zip((left, right), scales, strict=True)
    )
    scale_of_ratio = max(scales[0], min(scales[0] + 6, 12))
    scale_of_product = min(sum(scales), max(*scales, 12))
    with localcontext(prec=60):
        product = (left * right).quantize(Decimal(1).scaleb(-scale_of_product), ROUND_HALF_UP)
        assert run(f"SELECT {a} * {b}")[0][0] == product
        if right:
            ratio = (left / right).quantize(Decimal(1).scaleb(-scale_of_ratio), ROUND_HALF_UP)
            assert run(f"SELECT {a} / {b}")[0][0] == ratio


def test_numbers_of_38_digits_through_every_client(connection: SnowflakeConnection) -> None:
    most = 10**38 - 1
    session = Session.builder.configs({"connection": connection}).create()
    schema = StructType([StructField("N", DecimalType(38, 0))])
    frame = session.create_dataframe([[Decimal(most)], [Decimal(-1)]], schema)
    frame.write.save_as_table("numbers_of_38_digits", mode="overwrite", table_type="temporary")
    table = session.table("numbers_of_38_digits")
    assert sorted(row[0] for row in table.collect()) == [-1, most]
    cursor = connection.cursor().execute("SELECT n, SUM(n) OVER () AS s FROM numbers_of_38_digits ORDER BY n")
    fetched = cursor.fetch_arrow_all()
    assert [int(value) for value in fetched["N"].to_pylist()] == [-1, most]
    assert [int(value) for value in fetched["S"].to_pylist()] == [most - 1] * 2
    found = table.select(f.avg(f.col("n") / 10**30).alias("M"), (f.max("n") / 10**30).alias("R")).collect()
    assert [found[0]["M"], found[0]["R"]] == [Decimal("50000000.000000000000"), Decimal("100000000.000000")]
