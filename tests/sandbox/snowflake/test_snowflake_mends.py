"""Plain fakesnow and sqlglot still have the faults that mends/ mends; an upgrade turns a test red."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest
import sqlglot
from fakesnow import transforms as theirs
from fakesnow.variables import Variables
from sqlglot import Expr
from sqlglot.errors import ParseError

from sandbox.snowflake.mends import counts, flatten, sequences, syntax, variables


def plain(sql: str, *steps: object) -> str:
    expression: Expr = sqlglot.parse_one(sql, read="snowflake")
    for step in steps:
        expression = expression.transform(step)  # type: ignore[arg-type]
    return expression.sql("duckdb")


def test_flatten_passes_over_its_path() -> None:
    sql = "SELECT * FROM TABLE(FLATTEN(INPUT => v, PATH => 'inner'))"
    assert "inner" not in plain(sql, theirs.flatten)
    assert "inner" in plain(sql, flatten.path, theirs.flatten)


def test_a_default_of_the_next_number_gets_an_alias() -> None:
    sql = "CREATE TABLE t (id INT DEFAULT s.NEXTVAL)"
    assert " AS " in plain(sql, theirs.sequence_nextval).upper()
    assert " AS " not in plain(sql, sequences.default, theirs.sequence_nextval).upper()


def test_if_not_exists_after_the_name_is_not_read() -> None:
    sql = "CREATE TABLE t IF NOT EXISTS (a INT)"
    with pytest.raises(ParseError):
        sqlglot.parse_one(sql, read="snowflake", error_level=sqlglot.ErrorLevel.RAISE)
    assert syntax.readable(sql) == "CREATE TABLE IF NOT EXISTS t (a INT)"


def test_a_variable_is_replaced_in_a_text() -> None:
    known = Variables()
    known._set("A", "1")
    sql = "SELECT '$A', $A"
    assert known.inline_variables(sql) == "SELECT '1', 1"
    assert variables.inlined(sql, {"A": "1"}) == "SELECT '$A', 1"


def test_count_if_of_no_row_is_null_in_the_engine() -> None:
    query = "SELECT {} FROM (SELECT 1) t(a) WHERE FALSE"
    with duckdb.connect() as engine:
        assert engine.execute(query.format("COUNT_IF(a = 1)")).fetchall() == [(None,)]
        mended = counts.count_if(sqlglot.parse_one("COUNT_IF(a = 1)", read="snowflake")).sql("duckdb")
        assert engine.execute(query.format(mended)).fetchall() == [(0,)]


def test_a_dialect_is_known_before_it_is_whole() -> None:
    at_first_use = "import sys, {}; print('sqlglot.dialects.duckdb' in sys.modules)"
    for module, is_loaded in (("sqlglot, fakesnow.server", False), ("sandbox.snowflake.translate", True)):
        done = subprocess.run(
            [sys.executable, "-c", at_first_use.format(module)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str(is_loaded)
