from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Connect, Run

COPY = (
    "COPY INTO {table} FROM '@landing/{path}' FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) "
    "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
)


def put(run: Run, folder: Path, path: str, columns: dict[str, Any], name: str = "part.parquet") -> None:
    pq.write_table(pa.table(columns), folder / name)
    run(f"PUT 'file://{folder}/{name}' '@landing/{path}' AUTO_COMPRESS = FALSE OVERWRITE = TRUE")


@pytest.fixture
def stage(run: Run) -> None:
    run("CREATE STAGE landing")


@pytest.mark.usefixtures("stage")
def test_put_list_and_remove_keep_paths_apart(run: Run, tmp_path: Path) -> None:
    put(run, tmp_path, "run 1/a", {"id": [1]})
    put(run, tmp_path, "run 1/b", {"id": [1]})
    assert [row[0] for row in run("LIST @landing")] == [
        "landing/run 1/a/part.parquet",
        "landing/run 1/b/part.parquet",
    ]
    assert run("REMOVE '@landing/run 1/a'") == [("landing/run 1/a/part.parquet", "removed")]
    assert [row[0] for row in run("LIST @landing")] == ["landing/run 1/b/part.parquet"]


def test_put_into_a_table_stage(run: Run, tmp_path: Path) -> None:
    run("CREATE TABLE t (id NUMBER)")
    pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "a.parquet")
    run(f"PUT 'file://{tmp_path}/a.parquet' '@%t/x' AUTO_COMPRESS = FALSE")
    run(COPY.format(table="t", path="").replace("@landing/", "@%t/x"))
    assert run("SELECT SUM(id) FROM t") == [(3,)]


@pytest.mark.usefixtures("stage")
def test_texts_become_the_types_of_the_columns(run: Run, tmp_path: Path) -> None:
    run("CREATE TABLE t (n NUMBER(38, 0), d NUMBER(10, 2), at TIMESTAMP_NTZ(9), day DATE, clock TIME(7), "
        "flag BOOLEAN, f FLOAT, raw BINARY, tz TIMESTAMP_TZ(7), missing VARCHAR)")  # fmt: skip
    texts = {
        "N": "99999999999999999999999999999999999999",
        "D": "-1.25",
        "AT": "2024-02-29 23:59:59.9999999",
        "DAY": "0001-01-01",
        "CLOCK": "23:59:59.9999999",
        "FLAG": "true",
        "F": "1e300",
        "RAW": "00FF",
        "TZ": "2024-01-01 00:00:00.5 +02:00",
        "extra": "ignored",
    }
    put(run, tmp_path, "t", {name: [text, None] for name, text in texts.items()})
    rows = run(COPY.format(table="t", path="t"))
    assert [(row[0], row[1], row[3]) for row in rows] == [("landing/t/part.parquet", "LOADED", 2)]
    loaded = run("SELECT * FROM t WHERE n IS NOT NULL")[0]
    assert loaded[0] == 99999999999999999999999999999999999999
    assert loaded[1:6] == (
        Decimal("-1.25"),
        datetime(2024, 2, 29, 23, 59, 59, 999999),
        date(1, 1, 1),
        time(23, 59, 59, 999999),
        True,
    )
    assert (loaded[6], bytes(loaded[7])) == (1e300, b"\x00\xff")
    assert loaded[8].isoformat() == "2024-01-01T00:00:00.500000+02:00"
    assert run("SELECT * FROM t WHERE n IS NULL") == [(None,) * 10]
    assert run("SELECT TO_CHAR(at, 'HH24:MI:SS.FF7') FROM t WHERE n IS NOT NULL") == [("23:59:59.9999999",)]


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("NUMBER(5, 0)", "x", 100038),
        ("NUMBER(2, 0)", "1000", 100039),
        ("TIMESTAMP_NTZ(3)", "yesterday", 100035),
        ("DATE", "2024-13-01", 100040),
        ("BOOLEAN", "perhaps", 100037),
        ("VARCHAR(3)", "four", 100078),
        ("VARCHAR NOT NULL", None, 100072),
    ],
)
def test_a_value_that_does_not_fit_loads_nothing(
    run: Run, tmp_path: Path, column: str, value: str | None, error: int
) -> None:
    run(f"CREATE TABLE t (v {column})")
    put(run, tmp_path, "t", {"v": pa.array([value, value], pa.string())})
    with pytest.raises(DatabaseError) as raised:
        run(COPY.format(table="t", path="t"))
    assert raised.value.errno == error
    assert run("SELECT COUNT(*) FROM t") == [(0,)]


@pytest.mark.usefixtures("stage")
def test_a_file_is_loaded_once_unless_forced_or_changed(run: Run, tmp_path: Path) -> None:
    run("CREATE TABLE t (id NUMBER)")
    put(run, tmp_path, "t", {"id": [1]})
    copy = COPY.format(table="t", path="t/")
    assert [row[1] for row in run(copy)] == ["LOADED"]
    assert [row[1] for row in run(copy + " FORCE = FALSE")] == ["LOAD_SKIPPED"]
    assert [row[1] for row in run(copy + " FORCE = TRUE")] == ["LOADED"]
    put(run, tmp_path, "t", {"id": [2]})
    assert [row[1] for row in run(copy)] == ["LOADED"]
    assert run("SELECT id FROM t ORDER BY id") == [(1,), (1,), (2,)]


@pytest.mark.usefixtures("stage")
def test_load_metadata_and_purge_follow_the_transaction(run: Run, tmp_path: Path) -> None:
    for table in ("a", "b"):
        run(f"CREATE TABLE {table} (id NUMBER)")
        put(run, tmp_path, f"run/{table}", {"id": [1, 2]})
    for ending, rows, files in (("ROLLBACK", 0, 2), ("COMMIT", 2, 0)):
        run("BEGIN")
        for table in ("a", "b"):
            loaded = run(COPY.format(table=table, path=f"run/{table}/") + " PURGE = TRUE")
            assert [row[3] for row in loaded] == [2]
        assert len(run("LIST @landing")) == 2
        run(ending)
        assert run("SELECT (SELECT COUNT(*) FROM a), (SELECT COUNT(*) FROM b)") == [(rows, rows)]
        assert len(run("LIST @landing")) == files


@pytest.mark.usefixtures("stage")
def test_copy_of_nothing_says_so_and_unknown_options_are_refused(run: Run) -> None:
    run("CREATE TABLE t (id NUMBER)")
    assert run(COPY.format(table="t", path="nowhere/")) == [("Copy executed with 0 files processed.",)]
    with pytest.raises(ProgrammingError, match="the COPY option PATTERN"):
        run(COPY.format(table="t", path="") + " PATTERN = '.*'")
    with pytest.raises(ProgrammingError) as raised:
        run(COPY.format(table="nope", path="nowhere/"))
    assert raised.value.errno == 2003


@pytest.mark.usefixtures("stage")
def test_names_that_are_reserved_words_of_the_engine_load(connect: Connect, tmp_path: Path) -> None:
    cursor = connect().cursor()

    def run(sql: str) -> list[tuple[Any, ...]]:
        return cursor.execute(sql).fetchall()

    run('CREATE TABLE "ORDER" (offset NUMBER, "GROUP" VARCHAR)')
    put(run, tmp_path, "o", {"OFFSET": [1], "GROUP": ["x"]})
    run(COPY.format(table='"ORDER"', path="o"))
    assert run('SELECT * FROM "ORDER"') == [(1, "x")]
