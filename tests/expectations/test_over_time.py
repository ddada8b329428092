"""Rules about a table and its own past: what they tell of days that are made up, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.rules import (
    Suite,
    changes_with_the_source,
    fresh,
    has_not_drifted,
    keeps_up_with,
    mean_is_usual,
    volume_is_usual,
)
from expectations.rules.rule import Phrase

STEADY = [40, 38, 43, 41, 12, 9, 40, 39, 42, 41, 40, 11, 10, 38]
"""Rows on each of fourteen days, two week-ends among them."""
LIKE_ANY = [40, 41]
GROWING = [20, 23, 33, 15, 22, 17, 14, 12, 13, 18, 16, 16, 11, 16]
"""Orders a day of Shellcorp's first data, before 39 and 31 on the last two."""


@pytest.fixture(scope="module")
def connection(snowflake: SnowflakeSettings) -> Iterator[SnowflakeConnection]:
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute("CREATE DATABASE IF NOT EXISTS OVER_TIME")
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS OVER_TIME.OPS")
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS OVER_TIME.T")
        connection.cursor().execute("USE SCHEMA OVER_TIME.T")
        yield connection


def table_of_days(
    connection: SnowflakeConnection, judged: Sequence[int], trained: Sequence[int], value: str = "100"
) -> None:
    """T: as many rows on the last days, yesterday first, and on those before; ID, AT, VALUE and AGO."""
    days = " UNION ALL ".join(
        f"SELECT {ago} AS AGO, {rows} AS DAY_ROWS" for ago, rows in enumerate([*judged, *trained], start=1)
    )
    numbers = "SELECT ROW_NUMBER() OVER (ORDER BY 1) AS N FROM TABLE(GENERATOR(ROWCOUNT => 500))"
    connection.cursor().execute(
        f"CREATE OR REPLACE TABLE T AS SELECT AGO * 1000 + N AS ID, AGO, N, {value} AS VALUE, "
        "DATEADD(minute, N, DATEADD(day, -AGO, TO_DATE(SYSDATE())))::TIMESTAMP_NTZ AS AT "
        f"FROM ({days}) AS days JOIN ({numbers}) AS numbers ON N <= DAY_ROWS"
    )


def told(connection: SnowflakeConnection, phrase: Phrase, table: str = "T") -> dict[str, list[object]]:
    """The keys that each rule names, by its sentence; rules that nothing breaks are left out."""
    found = {}
    for rule, expectation in zip(phrase, Suite(("ID",), phrase).expectations(), strict=True):
        query = str(expectation.unexpected_rows_query).replace("{batch}", table)  # type: ignore[attr-defined]
        if keys := [row[0] for row in connection.cursor().execute(query).fetchall()]:
            found[rule.sentence] = keys
    return found


FEW, MANY = (f"No day has far {word} rows than usual, by AT" for word in ("fewer", "more"))


@pytest.mark.parametrize(
    ("judged", "trained", "broken"),
    [
        (LIKE_ANY, STEADY, None),
        ([12, 40], STEADY, None),  # like a day of a week-end
        ([150, 40], STEADY, MANY),
        ([40, 0], [40, 41, 39, 40, 42, 38, 40] * 2, FEW),
        ([0, 0], [40, 41, 39, 40, 42, 38, 40] * 2, FEW),
        ([5, 40], [40] * 14, FEW),  # no variance at all
        ([31, 49], [40] * 14, None),
        ([39, 31], GROWING, None),
        ([55, 31], GROWING, MANY),
        ([0, 0], [3, 0, 2, 5, 1, 4, 2] * 2, None),  # too few rows to miss any
        ([0, 400], [40] * 6, None),  # too little history
        ([0, 0], [], None),
    ],
)
def test_a_day_is_held_against_the_fourteen_before(
    connection: SnowflakeConnection, judged: list[int], trained: list[int], broken: str | None
) -> None:
    table_of_days(connection, judged, trained)
    assert list(told(connection, volume_is_usual("AT"))) == ([broken] if broken else [])


def test_today_is_not_over_and_not_judged(connection: SnowflakeConnection) -> None:
    table_of_days(connection, LIKE_ANY, [40] * 14)
    connection.cursor().execute("INSERT INTO T SELECT -ID, 0, N, VALUE, SYSDATE() FROM T")
    assert told(connection, volume_is_usual("AT")) == {}


def test_an_odd_day_is_named_by_one_of_its_rows(connection: SnowflakeConnection) -> None:
    table_of_days(connection, [40, 150], [40] * 14)
    assert told(connection, volume_is_usual("AT")) == {MANY: [2150]}
    table_of_days(connection, [40, 0], [40] * 14)
    assert told(connection, volume_is_usual("AT")) == {FEW: [None]}


@pytest.mark.parametrize(
    ("value", "is_broken"),
    [
        ("100", False),
        ("100 + N % 7", False),
        ("IFF(AGO = 1, 300, 100)", True),  # without any variance before
        ("IFF(AGO = 1, 105, 100)", False),
        ("100 + IFF(AGO = 1, 80, 0) + N % 7", True),
        ("AGO * 10", False),  # days that differ anyhow
        ("IFF(AGO = 1, NULL, 100)", False),
    ],
)
def test_the_mean_of_a_day_is_held_against_those_before(
    connection: SnowflakeConnection, value: str, is_broken: bool
) -> None:
    table_of_days(connection, [40, 40], [40] * 14, value)
    assert bool(told(connection, mean_is_usual("VALUE", "AT", "values"))) == is_broken


def test_a_share_may_move_a_little_and_days_of_few_rows_say_nothing(connection: SnowflakeConnection) -> None:
    share = mean_is_usual("IFF(VALUE = 1, 1, 0)", "AT", "ones", smallest=0.05)
    table_of_days(connection, [40, 40], [40] * 14, "IFF(AGO = 1 AND N <= 4, 1, 0)")
    assert told(connection, share) == {}
    table_of_days(connection, [40, 40], [40] * 14, "IFF(AGO = 1 AND N <= 20, 1, 0)")
    assert told(connection, share) == {"The mean of ones is as usual, by AT": [1040]}
    table_of_days(connection, [20, 40], [40] * 14, "IFF(AGO = 1, 1, 0)")
    assert told(connection, share) == {}


def test_freshness_is_told_by_the_clock_by_the_upstream_and_by_the_source(
    connection: SnowflakeConnection,
) -> None:
    cursor = connection.cursor()
    table_of_days(connection, [0, 0, 1], [1])
    assert told(connection, fresh("AT", hours=99)) == {}
    assert told(connection, fresh("AT", hours=24)) == {"The newest AT is at most 24 hours old": [3001]}
    cursor.execute("CREATE OR REPLACE TABLE C AS SELECT ID, AT AS COMMITTED_AT, AT AS _COMMITTED_AT FROM T")
    cursor.execute("CREATE OR REPLACE TABLE UP AS SELECT _COMMITTED_AT, FALSE AS _DELETED FROM C")
    cursor.execute("INSERT INTO UP SELECT DATEADD(hour, 5, (SELECT MAX(_COMMITTED_AT) FROM UP)), FALSE")
    cursor.execute("INSERT INTO UP SELECT DATEADD(hour, 50, (SELECT MAX(_COMMITTED_AT) FROM UP)), TRUE")
    assert told(connection, keeps_up_with("UP"), "C") == {}
    assert told(connection, keeps_up_with("UP", hours=4), "C") == {
        "The newest commit is at most 4 hours behind that of UP": [3001]
    }
    cursor.execute("CREATE OR REPLACE TABLE OPS.CURSORS AS SELECT SYSDATE() AS COMMITTED_AT")
    assert told(connection, changes_with_the_source(days=5), "C") == {}
    assert told(connection, changes_with_the_source(days=1), "C") == {
        "The newest change is at most 1 days before the last commit of the source": [3001]
    }


@pytest.mark.parametrize(
    ("now", "then", "entities", "is_broken"),
    [
        ("N % 5", "N % 5", 400, False),
        ("N % 5", "(N + 1) % 5", 400, False),
        ("N % 5 * 20", "N % 5", 400, True),
        ("0", "N % 5", 400, True),
        ("NULL::NUMBER", "N % 5", 400, True),
        ("-(N % 5)", "N % 5", 400, True),
        ("0", "N % 5", 150, False),  # too few to tell
    ],
)
def test_features_are_held_against_what_was_recorded_a_week_ago(
    connection: SnowflakeConnection, now: str, then: str, entities: int, is_broken: bool
) -> None:
    table_of_days(connection, [entities], [], now)
    connection.cursor().execute("CREATE OR REPLACE TABLE F AS SELECT ID, VALUE, SYSDATE() AS AS_OF FROM T")
    connection.cursor().execute(
        f"CREATE OR REPLACE TABLE F__V1 AS SELECT ID, {then} AS VALUE, "
        "DATEADD(day, -8, SYSDATE())::TIMESTAMP_NTZ AS AVAILABLE_TS FROM T"
    )
    (rule,) = has_not_drifted("F__V1", "VALUE")
    assert rule.needs == ("F__V1",)
    assert bool(told(connection, (rule,), "F")) == is_broken
