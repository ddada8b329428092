"""snowflake-connector-python: what its documentation promises, beside plain statements."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from snowflake.connector import DictCursor, SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError
from snowflake.connector.pandas_tools import write_pandas

from tests.sandbox.snowflake.snowflake_client import Connect, Run

ENDLESS = (
    "SELECT COUNT(*) AS n FROM TABLE(GENERATOR(ROWCOUNT => 900000)) a, TABLE(GENERATOR(ROWCOUNT => 900000)) b"
)


def test_asynchronous_queries(connection: SnowflakeConnection, connect: Connect) -> None:
    cursor = connection.cursor()
    cursor.execute_async("SELECT 5 AS a, 'x' AS b")
    query_id = str(cursor.sfqid)
    cursor.get_results_from_sfqid(query_id)
    assert cursor.fetchall() == [(5, "x")]
    assert not connection.is_still_running(connection.get_query_status_throw_if_error(query_id))
    assert connect().cursor().query_result(query_id).fetchall() == [(5, "x")]
    cursor.execute_async("SELECT 1 / 0 AS a")
    with pytest.raises(ProgrammingError, match="ivision by zero"):
        cursor.query_result(str(cursor.sfqid))
    unknown = str(uuid.uuid4())
    with pytest.raises(ProgrammingError, match="not found"):
        cursor.query_result(unknown)


def test_a_query_is_aborted_by_its_id(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute_async(ENDLESS)
    query_id = str(cursor.sfqid)
    assert cursor.abort_query(query_id)
    with pytest.raises(ProgrammingError) as raised:
        cursor.query_result(query_id)
    assert raised.value.errno == 604
    with pytest.raises(ProgrammingError) as raised:
        cursor.execute(ENDLESS, timeout=1)
    assert raised.value.errno == 604


def test_several_statements_in_one_request(connection: SnowflakeConnection, run: Run) -> None:
    run("CREATE TABLE t (id NUMBER)")
    cursor = connection.cursor()
    cursor.execute("SELECT ';' AS a; INSERT INTO t VALUES (1), (2); SELECT COUNT(*) FROM t", num_statements=3)
    answers = [cursor.fetchall()]
    while cursor.nextset():
        answers.append(cursor.fetchall())
    assert answers == [[(";",)], [(2,)], [(2,)]]
    for count in (1, 3):
        with pytest.raises(ProgrammingError) as raised:
            cursor.execute("DELETE FROM t; SELECT 1", num_statements=count)
        assert raised.value.errno == 8
    assert run("SELECT COUNT(*) FROM t") == [(2,)]
    rows = [each.fetchall() for each in connection.execute_string("SELECT 1; -- end;\nSELECT 'a;b'")]
    assert rows == [[(1,)], [("a;b",)]]


def test_describe_changes_nothing(connection: SnowflakeConnection, run: Run) -> None:
    run("CREATE TABLE t (id NUMBER(5, 0), name VARCHAR(3))")
    described = [
        (c.name, c.type_code, c.precision, c.scale) for c in connection.cursor().describe("SELECT * FROM t")
    ]
    assert described == [("ID", 0, 5, 0), ("NAME", 2, None, None)]
    names = [column.name for column in connection.cursor().describe("INSERT INTO t VALUES (1, 'a')")]
    assert names == ["number of rows inserted"]
    connection.cursor().describe("DROP TABLE t")
    assert run("SELECT * FROM t") == []


def test_bound_values_and_batches(connect: Connect, run: Run) -> None:
    run("CREATE TABLE t (id NUMBER, amount NUMBER(10, 2), name VARCHAR)")
    bound = connect(paramstyle="qmark").cursor()
    assert bound.execute("SELECT ?, ?, ?, ?", (Decimal("1.25"), "x", True, None)).fetchall() == [
        (Decimal("1.25"), "x", True, None)
    ]
    assert (
        bound.executemany(
            "INSERT INTO t VALUES (?, ?, ?)", [(n, Decimal("0.5"), "a") for n in range(3)]
        ).rowcount
        == 3
    )
    assert connect(paramstyle="numeric").cursor().execute("SELECT :2, :1", (1, "x")).fetchall() == [("x", 1)]
    run("INSERT INTO t VALUES (%s, %s, %s)", 9, None, "it's")
    assert run("SELECT name, amount FROM t WHERE id = 9") == [("it's", None)]


def test_rows_as_dicts_arrow_and_pandas(connection: SnowflakeConnection, run: Run) -> None:
    frame = pd.DataFrame({"ID": [1, 2], "NAME": ["x", None]})
    for overwrite, rows in ((True, 2), (False, 4), (True, 2)):
        assert write_pandas(connection, frame, "W", auto_create_table=True, overwrite=overwrite)[:3:2] == (
            True,
            2,
        )
        assert run("SELECT COUNT(*) FROM w") == [(rows,)]
    cursor: Any = connection.cursor(DictCursor)
    assert cursor.execute("SELECT id, name FROM w ORDER BY id").fetchall()[1] == {"ID": 2, "NAME": None}
    cursor = connection.cursor().execute("SELECT id, name FROM w ORDER BY id")
    assert [table.num_rows for table in cursor.fetch_arrow_batches()] == [2]
    pandas = connection.cursor().execute("SELECT id, name FROM w ORDER BY id").fetch_pandas_batches()
    pd.testing.assert_frame_equal(pd.concat(pandas), frame, check_dtype=False)
    batches = connection.cursor().execute("SELECT id FROM w ORDER BY id").get_result_batches() or []
    assert [row for batch in batches for row in batch] == [(1,), (2,)]


def test_the_session_knows_its_history_and_parameters(connect: Connect) -> None:
    cursor = connect(session_parameters={"QUERY_TAG": '{"run": "r1"}'}).cursor()
    cursor.execute("SELECT 7 AS x")
    first = cursor.sfqid
    assert cursor.execute("SELECT LAST_QUERY_ID()").fetchall() == [(first,)]
    assert cursor.execute("SELECT x + 1 AS y FROM TABLE(RESULT_SCAN(LAST_QUERY_ID(-2))) r").fetchall() == [
        (8,)
    ]
    cursor.execute("SHOW PARAMETERS LIKE 'query%'")
    shown = cursor.execute(
        'SELECT "key", "value", "level" FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))'
    ).fetchall()
    assert shown == [("QUERY_TAG", '{"run": "r1"}', "SESSION")]
    with pytest.raises(ProgrammingError):
        cursor.execute("SELECT nope")
    history = cursor.execute(
        "SELECT query_text, query_tag, execution_status, error_code, rows_produced "
        "FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY_BY_SESSION(RESULT_LIMIT => 100)) ORDER BY start_time"
    ).fetchall()
    assert history[0] == ("SELECT 7 AS x", '{"run": "r1"}', "SUCCESS", None, 1)
    assert history[-2][2:4] == ("FAILED_WITH_ERROR", "000904")
    cursor.execute("USE ROLE analyst")
    cursor.execute("USE WAREHOUSE loads")
    assert cursor.execute("SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE()").fetchall() == [("ANALYST", "LOADS")]
    with pytest.raises(DatabaseError, match="TIMEZONE"):
        connect(session_parameters={"TIMEZONE": "Asia/Tokyo"})
