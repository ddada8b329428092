"""Whatever a client sends, the answer is Snowflake's error or a refusal by name: no trace of the engine."""

from __future__ import annotations

import re

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Connect, Run

REFUSED = {
    "SELECT TO_VARCHAR(1, '00')": "TO_CHAR of a number with a format",
    "INSERT ALL INTO t VALUES (x) SELECT 1 AS x": "INSERT ALL",
    "CREATE SCHEMA other CLONE PUBLIC": "CREATE SCHEMA … CLONE",
    "CREATE FUNCTION f(a INT) RETURNS INT AS 'a'": "CREATE FUNCTION",
    "SELECT GET_DDL('TABLE', 't')": "the function GET_DDL",
    "SELECT SYSTEM$TYPEOF(1)": "the function SYSTEM$TYPEOF",
    "SELECT XMLGET(1, 'a')": "the function XMLGET",
    "SELECT AI_COMPLETE('m', 'p')": "the function AI_COMPLETE",
    "SELECT CURRENT_IP_ADDRESS()": "the function CURRENT_IP_ADDRESS",
    "SELECT PARSE_URL('http://a/b')": "the function PARSE_URL",
    "SELECT SOUNDEX('a')": "the function SOUNDEX",
    "SELECT * FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY())": "the table function",
    "SELECT * FROM TABLE(my_function(1))": "the table function MY_FUNCTION",
    "SELECT * FROM INFORMATION_SCHEMA.PACKAGES": "INFORMATION_SCHEMA.PACKAGES",
    "SELECT * FROM t AT(OFFSET => -60)": "time travel",
    "SELECT * FROM t MATCH_RECOGNIZE (ORDER BY a PATTERN (x+) DEFINE x AS a > 1)": "MATCH_RECOGNIZE",
    "SELECT a FROM t CONNECT BY a < 3": "CONNECT BY",
    "SELECT * FROM t PIVOT (SUM(a) FOR b IN (ANY))": "PIVOT … IN (ANY)",
    "SELECT $1 FROM @stage": "SELECT from a stage",
    "CREATE TABLE g (a GEOGRAPHY)": "the type GEOGRAPHY",
    "CREATE TABLE g (a VECTOR(FLOAT, 3))": "",
    "ALTER TABLE t ADD SEARCH OPTIMIZATION": "ALTER TABLE",
    "SELECT REGEXP_SUBSTR(b, b) FROM t": "this form of the statement, at fakesnow",
}
WRONG = {
    "SELECT 1 +": (1003, "42000", "syntax error line 1"),
    "SELECT GROUPING SETS": (1003, "42000", "syntax error line 1"),
    "CREATE TABLE": (1003, "42000", "syntax error"),
    "SELECT NO_SUCH_FUNCTION(1)": (2140, "42601", "Unknown function NO_SUCH_FUNCTION"),
    "SELECT * FROM no_such_table": (2003, "42S02", "NO_SUCH_TABLE"),
    "SELECT no_such_column FROM t": (904, "42000", "NO_SUCH_COLUMN"),
    "SELECT $no_such_variable": (2211, "02000", "Session variable '$NO_SUCH_VARIABLE' does not exist"),
    "SELECT LAST_DAY(5)": (1044, "42P13", "last_day"),
    "SELECT SUM('x')": (1044, "42P13", "sum"),
    "SELECT * FROM t WHERE a = 'x'": (100038, "22018", "x"),
    "SELECT TO_NUMBER('x')": (100038, "22018", "x"),
    "CREATE TABLE t (a INT)": (2002, "42710", "already exists"),
}
ENGINES_WORDS = re.compile(
    r"duckdb|(Binder|Catalog|Parser|Conversion|Invalid Input|Internal) Error|<class|Did you mean", re.I
)


@pytest.fixture
def refused(run: Run) -> dict[str, ProgrammingError]:
    """The error of each statement."""
    run("CREATE TABLE t (a INT, b VARCHAR)")
    run("INSERT INTO t VALUES (1, 'b')")
    errors = {}
    for statement in (*REFUSED, *WRONG):
        with pytest.raises(ProgrammingError) as raised:
            run(statement)
        errors[statement] = raised.value
    return errors


def test_odd_statements_are_refused_by_name_or_have_snowflakes_number(
    refused: dict[str, ProgrammingError],
) -> None:
    for statement, name in REFUSED.items():
        error = refused[statement]
        assert (error.errno, error.sqlstate) == (2, "0A000"), statement
        assert f"stand-in: {name}" in str(error.msg), statement
    for statement, (number, state, text) in WRONG.items():
        error = refused[statement]
        assert (error.errno, error.sqlstate) == (number, state), statement
        assert text in str(error.msg), statement
    assert [str(error.msg) for error in refused.values() if ENGINES_WORDS.search(str(error.msg))] == []


def test_variables_have_the_value_that_they_had_when_they_were_set(connect: Connect) -> None:
    cursor = connect().cursor()
    cursor.execute("SET a = 1 + 1")
    cursor.execute("SET ab = 'it''s \\\\ $a'")
    cursor.execute("SET (x, y) = (DATE '2024-01-31', $a * 2)")
    rows = cursor.execute("SELECT $a * 2, $AB, '$a', $x = '2024-01-31'::DATE, $y, $$ $a $$").fetchall()
    assert rows == [(4, "it's \\ $a", "$a", True, 4, " $a ")]
