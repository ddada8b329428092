"""Plain fakesnow and sqlglot still have the faults that mends/ mends; an upgrade turns a test red.

Red here means: the fault is gone, drop the mend that the test names.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from fakesnow.instance import FakeSnow
from snowflake.connector.errors import Error

from sandbox.snowflake import mends
from sandbox.snowflake.engine import Engine
from sandbox.snowflake.mends import dialects

REFUSED = "an error"


@dataclass(frozen=True)
class Fault:
    """What the last of some statements gives: plain, and with the mend, which is Snowflake's answer."""

    mend: str
    statements: list[str]
    plain: Any
    mended: Any


TWO_FOR_ONE = """MERGE INTO m USING (SELECT 1 AS id, 2 AS v UNION ALL SELECT 1, 3) s ON m.id = s.id
WHEN MATCHED THEN UPDATE SET m.v = s.v"""
NESTED = '(SELECT PARSE_JSON(\'{"a": {"b": [1, {"c": "x"}]}}\') AS v)'
FAULTS = [
    Fault("binaries", ["SELECT '78'::BINARY"], b"78", b"x"),
    Fault(
        "checksums", ["SELECT MD5_NUMBER_UPPER64('Snowflake')"], REFUSED, Decimal(17145559544104499780)
    ),  # the value of Snowflake's page
    Fault(
        "checksums", ["SELECT MD5_NUMBER_LOWER64('Snowflake')"], REFUSED, Decimal(9203306159527282910)
    ),
    Fault("checksums", ["SELECT OCTET_LENGTH(a) FROM (SELECT 'aø🐚' AS a)"], REFUSED, 7),
    Fault("counts", ["SELECT COUNT_IF(a = 1) FROM (SELECT 1 AS a) WHERE FALSE"], None, 0),
    Fault(
        "flatten",
        [f"SELECT KEY FROM {NESTED} t, LATERAL FLATTEN(INPUT => v, PATH => 'a')"], "a", "b",
    ),
    Fault(
        "formats",
        ["SELECT TO_CHAR(t, 'YYYY') FROM (SELECT '2024-01-31'::TIMESTAMP AS t)"],
        "2024-01-31 00:00:00", "2024",
    ),
    Fault("identifiers.quoted", ["SELECT at FROM (SELECT 1 AS at)"], REFUSED, 1),
    Fault(
        "identifiers.from_function",
        ["SELECT COUNT(*) >= 0 FROM IDENTIFIER('\"INFORMATION_SCHEMA\".\"TABLES\"')"], REFUSED, True,
    ),
    Fault(
        "merges",
        ["CREATE TABLE m (id INT, v INT)", "INSERT INTO m VALUES (1, 1)", TWO_FOR_ONE], Decimal(2), REFUSED,
    ),
    Fault("numbers.types", ["SELECT 12345678901234567890::NUMBER"], REFUSED, Decimal(12345678901234567890)),
    Fault("numbers.wide_literals", ["SELECT 9223372036854775807 + 1"], REFUSED, Decimal(9223372036854775808)),
    Fault(
        "numbers.aggregate_names",
        ["SELECT SUM(a) FROM (SELECT 0.1::NUMBER(38, 2) AS a UNION ALL SELECT 0.2)"],
        0.1 + 0.2, Decimal("0.30"),
    ),
    Fault(
        "overwrites",
        [
            "CREATE TABLE o (a INT)", "INSERT INTO o VALUES (1)",
            "INSERT OVERWRITE INTO o SELECT a + 1 FROM o", "SELECT COUNT(*) FROM o",
        ],
        0, 1,
    ),
    Fault("paths", [f"SELECT v['a']['b'][1]['c']::STRING FROM {NESTED}"], None, "x"),
    Fault("positions", ["SELECT $1 AS a FROM VALUES (7)"], REFUSED, 7),
    Fault(
        "queries.asof_join",
        ["SELECT r.b FROM (SELECT 1 AS a) l ASOF JOIN (SELECT 2 AS b) r MATCH_CONDITION (l.a >= r.b)"],
        REFUSED, None,
    ),
    Fault(
        "queries.sequence_in_window",
        ["SELECT ROW_NUMBER() OVER (ORDER BY SEQ8()) FROM (SELECT 1 AS a)"], REFUSED, 1,
    ),
    Fault("queries.plain_integers", ["SELECT '2024-01-31'::DATE + 1::INT"], REFUSED, date(2024, 2, 1)),
    Fault("queries.regexp_replace", ["SELECT REGEXP_REPLACE('a1', '1', 'b', 1, 0)"], REFUSED, "ab"),
    Fault(
        "queries.greatest_and_least_by",
        ["SELECT MAX_BY(a, b) FROM (SELECT 1 AS a, 1 AS b UNION ALL SELECT NULL, 2)"],
        1,
        None,
    ),
    Fault("queries.listagg", ["SELECT LISTAGG(a) FROM (SELECT 'x' AS a) WHERE FALSE"], None, ""),
    Fault("queries.seed", ["SELECT RANDOM(99999999999) IS NOT NULL"], REFUSED, True),
    Fault("queries.array_construct", ["SELECT ARRAY_CONSTRUCT(1, 'x') AS a"], REFUSED, '[1,"x"]'),
    Fault("queries.typeof", ["SELECT TYPEOF(PARSE_JSON('[1]'))"], "JSON", "ARRAY"),
    Fault("queries.split_to_table", ["SELECT VALUE FROM TABLE(SPLIT_TO_TABLE('a', '.'))"], REFUSED, "a"),
    Fault(
        "sequences",
        ["CREATE SEQUENCE q", "CREATE TABLE s (id INT DEFAULT q.NEXTVAL)", "SELECT COUNT(*) FROM s"],
        REFUSED, 0,
    ),
    Fault(
        "stages",
        ["CREATE STAGE st", "PUT 'file:///dev/null' '@st/a path'", "SELECT 'read'"], REFUSED, "read",
    ),
    Fault("syntax", ["CREATE TABLE y IF NOT EXISTS (a INT)", "SELECT COUNT(*) FROM y"], REFUSED, 0),
    Fault("syntax", ["CREATE SCOPED TEMPORARY TABLE z (a INT)", "SELECT COUNT(*) FROM z"], REFUSED, 0),
    Fault("temporary", ["CREATE TEMPORARY TABLE PUBLIC.t (a INT)", "SELECT COUNT(*) FROM t"], REFUSED, 0),
    Fault("texts", ["SELECT 'abc'::VARCHAR(2)"], "abc", REFUSED),
    Fault(
        "timestamps.types",
        [
            "CREATE TABLE n (t TIMESTAMP_NTZ(9))", "INSERT INTO n VALUES ('2024-01-31 00:00:00.1234567')",
            "SELECT t::VARCHAR FROM n",
        ],
        "2024-01-31 00:00:00.123456", "2024-01-31 00:00:00.1234567",
    ),
    Fault(
        "timestamps.arithmetic",
        ["SELECT DATE_TRUNC('month', '2024-01-31'::DATE)::VARCHAR"], "2024-01-01 00:00:00", "2024-01-01",
    ),
    Fault("variables", ["SET a = 1 + 1", "SELECT $a * 2"], 3, Decimal(4)),
    Fault("variables", ["SET b = 'x'", "SET bc = 'y'", "SELECT $bc"], "x", "y"),
]  # fmt: skip


@pytest.fixture(scope="module")
def plain() -> Any:
    return FakeSnow().connect("D", "PUBLIC")


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    engine = Engine(tmp_path_factory.mktemp("engine"), "D", lock_timeout_seconds=5)
    yield engine.open_session("D", "PUBLIC")
    engine.close()


def answer(connection: Any, statements: list[str]) -> Any:
    """The first value of the last statement; `REFUSED` where one of them is an error."""
    cursor = connection.cursor()
    try:
        for statement in statements:
            cursor.execute(statement)
    except (Error, duckdb.Error):
        return REFUSED
    return next(iter(cursor._arrow_table.to_pylist()[0].values()))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.mend)
def test_the_fault_is_still_there_and_mended(fault: Fault, plain: Any, mended: Any) -> None:
    assert answer(plain, fault.statements) == fault.plain, f"drop mends/{fault.mend}: upstream has mended it"
    assert answer(mended, fault.statements) == fault.mended


def test_now_is_when_the_transaction_began(plain: Any, mended: Any) -> None:
    """mends/moments."""
    for connection, moves in ((plain, False), (mended, True)):
        moments = [
            answer(connection, [*begin, "SELECT CURRENT_TIMESTAMP()"])
            for begin in (["BEGIN", "SELECT 1"], ["SELECT 2"])
        ]
        answer(connection, ["COMMIT"])
        assert (moments[0] != moments[1]) == moves


def test_a_dialect_is_known_before_it_is_whole() -> None:
    """mends/dialects."""
    at_first_use = "import sys, sqlglot; print('sqlglot.dialects.duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", at_first_use], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert all(sqlglot.Dialect.get_or_raise(each.__name__.lower()) for each in dialects.LOADED)


def test_every_mend_has_its_fault_here() -> None:
    files = {file.stem for file in Path(mends.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {fault.mend.partition(".")[0] for fault in FAULTS} | {"moments", "dialects"}
    for name in files:
        text = (Path(mends.__file__).parent / f"{name}.py").read_text()
        assert "fakesnow 0.12.1" in text or "sqlglot 30.22.0" in text, name
        assert "To be dropped when" in " ".join(text.split()) or name == "queries", name
