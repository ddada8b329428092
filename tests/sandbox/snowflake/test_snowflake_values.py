from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Connect, Run

SEVEN = "'2024-01-31 00:00:00.1234567'::TIMESTAMP_NTZ(7)"
STEPS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@STEPS
@given(
    number=st.decimals(
        allow_nan=False, allow_infinity=False, places=10, min_value=-(10**27), max_value=10**27
    ),
    moment=st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
)
def test_values_come_back_as_they_went(
    connection: SnowflakeConnection, number: Decimal, moment: datetime, text: str
) -> None:
    sql = "SELECT %s::NUMBER(38, 10), %s::TIMESTAMP_NTZ(6), %s"
    assert connection.cursor().execute(sql, (str(number), str(moment), text)).fetchall() == [
        (number, moment, text)
    ]


def test_null_of_every_type_stays_null(run: Run) -> None:
    types = [
        "NUMBER",
        "FLOAT",
        "VARCHAR",
        "BINARY",
        "BOOLEAN",
        "DATE",
        "TIME",
        "TIMESTAMP_NTZ",
        "TIMESTAMP_NTZ(9)",
    ]
    types += ["TIMESTAMP_TZ", "VARIANT"]
    columns = ", ".join(f"NULL::{kind} AS c{place}" for place, kind in enumerate(types))
    assert run(f"SELECT {columns}") == [(None,) * len(types)]
    run(f"CREATE TABLE t AS SELECT {columns}")
    assert run("SELECT * FROM t") == [(None,) * len(types)]


def test_sums_and_products_of_numbers_are_exact(run: Run) -> None:
    run("CREATE TABLE t (n NUMBER(38, 0), d NUMBER(12, 2))")
    run("INSERT INTO t VALUES (90071992547409931234567, 0.10), (1, 0.20)")
    assert run("SELECT SUM(n), SUM(d), MAX(d * 3) FROM t") == [
        (90071992547409931234568, Decimal("0.30"), Decimal("0.60"))
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"TO_CHAR({SEVEN}, 'HH24:MI:SS.FF7')", "00:00:00.1234567"),
        (f"TO_CHAR(DATEADD(MONTH, 1, {SEVEN}), 'YYYY-MM-DD FF9')", "2024-02-29 123456700"),
        (f"TO_CHAR({SEVEN}::TIMESTAMP_NTZ, 'FF9')", "123456700"),
        ("DATE_TRUNC('MONTH', '2024-02-29'::DATE)", date(2024, 2, 1)),
        ("DATEADD(DAY, 1, '2024-02-28'::DATE)", date(2024, 2, 29)),
        ("DATEDIFF(DAY, '2024-02-28 23:00:00'::TIMESTAMP_NTZ, '2024-02-29 01:00:00'::TIMESTAMP_NTZ)", 1),
        ("'9999-12-31'::TIMESTAMP_NTZ", datetime(9999, 12, 31)),
        ("LISTAGG(NULL::VARCHAR, ',')", ""),
        ("COUNT_IF(TRUE) FROM (SELECT 1) WHERE FALSE", 0),
        ("COUNT_IF(n > 1) FROM (SELECT $1 AS n FROM VALUES (1), (2), (NULL))", 1),
        ("TRY_TO_TIMESTAMP('x')", None),
        ("TRY_TO_TIMESTAMP_NTZ('2024-01-01 00:00:00.5')", datetime(2024, 1, 1, 0, 0, 0, 500000)),
        ("TRY_TO_TIMESTAMP_TZ('x')", None),
        ("TRY_CAST('x' AS TIMESTAMP_NTZ(9))", None),
        ("TRY_CAST('x' AS NUMBER)", None),
        ("TRY_TO_DATE('2024-02-30')", None),
        ("TRY_TO_NUMBER('1.5', 10, 1)", Decimal("1.5")),
        ("TRY_TO_BOOLEAN('maybe')", None),
        ("IFF('a' = 'A', 'same', 'other')", "other"),
        ("IFF(EQUAL_NULL(NULL, NULL), 'same', 'other')", "same"),
        ("GET_PATH(PARSE_JSON('{\"a\": {\"b\": 5}}'), 'a.b')::NUMBER", 5),
    ],
)
def test_functions(run: Run, expression: str, expected: object) -> None:
    value, _, source = expression.partition(" FROM ")
    assert run(f"SELECT {value} AS value {'FROM ' + source if source else ''}") == [(expected,)]


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("1 / 0", 100051),
        ("'x'::NUMBER", 100038),
        ("'x'::DATE", 100040),
        ("'x'::TIMESTAMP_NTZ", 100035),
        ("'abc'::VARCHAR(2)", 100078),
        ("'9999-12-31'::TIMESTAMP_NTZ(9)", 100035),
        ("'2024-01-01 00:00:00.1234567'::TIMESTAMP_NTZ", 100035),
        ("no_such_column", 904),
        ("no_such_function(1)", 2140),
        ("(SELECT 1 FROM no_such_table)", 2003),
        ("1 +", 1003),
    ],
)
def test_errors_have_snowflakes_numbers(run: Run, expression: str, error: int) -> None:
    with pytest.raises(DatabaseError) as raised:
        run(f"SELECT {expression}")
    assert raised.value.errno == error


def test_a_wrong_password_is_refused_without_a_retry(connect: Connect) -> None:
    with pytest.raises(DatabaseError) as raised:
        connect(password="wrong")
    assert raised.value.errno in (390100, 250001)
    assert "wrong" not in str(raised.value)


def test_statements_end_when_cancelled_or_out_of_time(connect: Connect) -> None:
    rows = "TABLE(GENERATOR(ROWCOUNT => 2000000))"
    slow = f"SELECT COUNT(*) FROM {rows} a, {rows} b"
    session = connect()
    with pytest.raises(ProgrammingError) as raised:
        session.cursor().execute(slow, timeout=1)
    assert raised.value.errno == 604
    session.cursor().execute("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1")
    with pytest.raises(ProgrammingError) as raised:
        session.cursor().execute(slow)
    assert raised.value.errno == 630
    assert session.cursor().execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("text", ["$A", "it''s $B", "\\' $C", "$1"])
def test_a_dollar_in_a_text_is_no_variable(run: Run, text: str) -> None:
    assert run(f"SELECT '{text}'") == [(text.replace("''", "'").replace("\\'", "'"),)]


def test_a_variable_stands_for_its_value_in_code_alone(connection: SnowflakeConnection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET answer = 42")
        cursor.execute("SELECT $answer, '$answer'")
        assert cursor.fetchall() == [(42, "$answer")]
