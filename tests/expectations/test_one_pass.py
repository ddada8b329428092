"""One pass over a table settles all that can be counted, and says the same as each rule by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.settings import SnowflakeSettings
from expectations.gate import Gate
from expectations.rules import (
    always,
    between,
    failing,
    has_rows,
    matches,
    never_null,
    one_of,
    refers_to,
    same_in_all_rows,
    unique,
)
from expectations.rules.rule import Phrase
from tests.expectations.small import database, suite_of_orders

RULES: tuple[Phrase, ...] = (
    has_rows(),
    never_null("ID"),
    never_null("NOTE", severity="warning"),
    unique("ID"),
    unique("CODE", "PLACE", severity="warning"),
    one_of("CODE", "A", "it's"),
    between("PLACE", low=0, high=9),
    matches("NOTE", "[a-z]%?", "is one letter"),
    always("NOTE is not of many %", "NOTE NOT LIKE '%z%' AND MOD(PLACE, 7) <> 6", severity="warning"),
    same_in_all_rows("DAY", severity="info"),
    refers_to("RAW.CODES", "CODE"),
    failing("At most nine rows", "SELECT {keys} FROM checked QUALIFY COUNT(*) OVER () > 9", "warning"),
)
COUNTED = 10


@pytest.fixture(scope="module")
def place(snowflake: SnowflakeSettings) -> Iterator[tuple[SnowflakeSettings, SnowflakeConnection]]:
    with database(snowflake, "ONE_PASS") as (settings, connection):
        connection.cursor().execute("CREATE TABLE RAW.CODES AS SELECT 'A' AS CODE UNION ALL SELECT 'it''s'")
        yield settings, connection


@pytest.fixture(scope="module")
def gate(
    place: tuple[SnowflakeSettings, SnowflakeConnection], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gate]:
    with Gate(place[0], "one pass", tmp_path_factory.mktemp("docs")) as gate:
        yield gate


def fill(connection: SnowflakeConnection, rows: list[str]) -> None:
    values = " UNION ALL ".join(f"SELECT {row}" for row in ["NULL, NULL, NULL, NULL, NULL", *rows])
    connection.cursor().execute(
        "CREATE OR REPLACE TABLE RAW.ORDERS (ID NUMBER, CODE VARCHAR, PLACE NUMBER, NOTE VARCHAR, DAY DATE)"
    )
    connection.cursor().execute(
        f"INSERT INTO RAW.ORDERS SELECT * FROM ({values}) AS V (ID, CODE, PLACE, NOTE, DAY) "
        "WHERE DAY IS NOT NULL OR CODE IS NOT NULL"
    )


def some_row(chance: random.Random) -> str:
    code = chance.choice(["'A'", "'it''s'", "'A'", "'C'", "NULL"])
    note = chance.choice(["'a'", "'b%'", "'z'", "'abc'", "NULL"])
    day = chance.choice(["'2026-01-01'", "'2026-01-01'", "'2026-01-02'", "NULL"])
    number, where = chance.choice([1, 2, 3, "NULL"]), chance.choice([0, 5, 6, 9, 12, "NULL"])
    return f"{number}, {code}, {where}, {note}, {day}"


def statements_of(connection: SnowflakeConnection, model: str) -> list[str]:
    """The gate's statements on a table since the stand-in started."""
    found = connection.cursor().execute(
        "SELECT QUERY_TEXT FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
        "WHERE QUERY_TAG LIKE %s ORDER BY START_TIME",
        (f'%"model": "{model}", "run": "one pass"%',),
    )
    return [str(row[0]) for row in found.fetchall() if not str(row[0]).startswith("ALTER SESSION")]


@pytest.mark.parametrize("seed", range(4))
def test_counting_finds_what_each_rule_finds_by_itself(
    seed: int,
    gate: Gate,
    place: tuple[SnowflakeSettings, SnowflakeConnection],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = random.Random(seed)
    fill(place[1], [some_row(chance) for _ in range(chance.choice([0, 1, 4, 12]))])
    suite = suite_of_orders(monkeypatch, *RULES)
    counted = gate.check("raw", "orders").checks

    alone = tuple(replace(rule, is_row_local=False, breaks=None, counted=None) for rule in suite.rules)
    suite_of_orders(monkeypatch, alone)
    for check, by_itself in zip(counted, gate.check("raw", "orders").checks, strict=True):
        assert check.success == by_itself.success, (seed, check, by_itself)
        assert set(check.sample_keys) == set(by_itself.sample_keys), (seed, check)
        assert check.failing_rows == by_itself.failing_rows or check.success, (seed, check, by_itself)


def test_a_table_in_order_costs_one_scan_and_one_for_each_rule_that_no_count_settles(
    gate: Gate, place: tuple[SnowflakeSettings, SnowflakeConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(place[1], ["1, 'A', 1, 'a', '2026-01-01'", "2, 'it''s', 2, 'b%', '2026-01-01'"])
    suite = suite_of_orders(monkeypatch, *RULES)
    before = len(statements_of(place[1], "RAW.ORDERS"))
    assert gate.check("raw", "orders").outcome == "open"
    sent = statements_of(place[1], "RAW.ORDERS")[before:]
    assert len(sent) == 1 + len(suite.rules) - COUNTED, "\n".join(sent)
    assert sum(statement.count("COUNT_IF") for statement in sent) == sent[0].count("COUNT_IF")
