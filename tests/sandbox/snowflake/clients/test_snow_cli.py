"""The Snowflake CLI works against the stand-in. A run of it takes seconds: few runs, many statements."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.process import Service
from tests.sandbox.snowflake.clients.snow_cli import Snow
from tests.sandbox.snowflake.snowflake_client import Run

SCRIPT = """
CREATE TABLE &{table} (id NUMBER(10, 0) NOT NULL, name VARCHAR(20), amount NUMBER(10, 2), at TIMESTAMP_NTZ);
INSERT INTO &{table} VALUES
    (1, 'it''s; a &{ampersand}', 1.50, '2024-01-31 12:34:56.789'), (2, NULL, NULL, NULL);
-- a comment; with a semicolon
SELECT * FROM &{table} ORDER BY id;
UPDATE &{table} SET amount = 2 WHERE id = 2;
"""


@pytest.fixture
def snow(snowflake_service: Service, schema: str, tmp_path: Path) -> Snow:
    password = snowflake_service.password("PLATFORM")
    return Snow.configured(tmp_path / "home", snowflake_service.port, password, schema)


def test_a_script_with_variables_gives_its_results(snow: Snow, tmp_path: Path) -> None:
    script = tmp_path / "script.sql"
    script.write_text(SCRIPT.replace("&{ampersand}", "b"))
    created, inserted, selected, updated = snow.json("sql", "-f", str(script), "-D", "table=orders")
    assert created == [{"status": "Table ORDERS successfully created."}]
    assert inserted == [{"number of rows inserted": 2}]
    assert selected == [
        {"ID": 1, "NAME": "it's; a b", "AMOUNT": "1.50", "AT": "2024-01-31T12:34:56.789000"},
        {"ID": 2, "NAME": None, "AMOUNT": None, "AT": None},
    ]
    assert updated == [{"number of rows updated": 1, "number of multi-joined rows updated": 0}]


def test_csv_and_a_failing_statement_after_a_good_one(snow: Snow, run: Run) -> None:
    run("CREATE TABLE t (id NUMBER)")
    statements = "INSERT INTO t VALUES (7); SELECT id, 'x,y' AS v FROM t; SELECT nope FROM t; DELETE FROM t"
    done = snow.run("sql", "-q", statements, "--format", "csv")
    assert done.returncode == 1
    assert 'ID,V\n7,"x,y"\n' in done.stdout
    assert "000904 (42000)" in done.stderr
    assert run("SELECT COUNT(*) FROM t") == [(1,)]


def test_objects_and_stages_are_listed(snow: Snow, run: Run) -> None:
    run("CREATE TABLE t (id NUMBER(10, 0) COMMENT 'the key')")
    run("CREATE STAGE landing")
    assert [row["name"] for row in snow.json("object", "list", "table")] == ["T"]
    assert [row["name"] for row in snow.json("stage", "list")] == ["LANDING"]
