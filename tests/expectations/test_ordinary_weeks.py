"""How often the rules over time are right: quiet in ordinary weeks, and not when a table stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from snowflake.connector import SnowflakeConnection

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.rules import mean_is_usual, volume_is_usual
from tests.expectations.test_over_time import FEW, MANY, STEADY, table_of_days, told
from tests.expectations.weeks import (
    DAYS,
    WEEKS,
    Business,
    says_another_mean,
    says_far_fewer,
    says_far_more,
)

HISTORIES = 1500
ORDINARY = [
    Business(week, rows, noise, growth, holidays)
    for week in WEEKS
    for rows, noise, growth, holidays in [(10, 0.0, 0.0, 0.0), (40, 0.15, 0.01, 0.0), (300, 0.3, 0.0, 0.0)]
] + [Business("quiet week-ends", 300, 0.15, -0.01, 3), Business("busy week-ends", 5000, 0.2, 0.03, 0)]


def share(business: Business, says: Callable[[list[int]], bool]) -> float:
    """Of how many histories in a hundred something is said; the same ones each time."""
    chance = np.random.default_rng(6)
    return 100 * sum(says(business.days(chance)) for _ in range(HISTORIES)) / HISTORIES


@pytest.fixture(scope="module")
def connection(snowflake: SnowflakeSettings) -> Iterator[SnowflakeConnection]:
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute("CREATE DATABASE IF NOT EXISTS WEEKS")
        connection.cursor().execute("CREATE SCHEMA IF NOT EXISTS WEEKS.T")
        connection.cursor().execute("USE SCHEMA WEEKS.T")
        yield connection


@pytest.mark.parametrize("business", ORDINARY, ids=str)
def test_of_ordinary_weeks_hardly_anything_is_told(business: Business) -> None:
    assert share(business, says_far_fewer) <= 0.5
    assert share(business, says_far_more) <= (4 if business.growth > 0.02 else 1.5)  # kept, not mailed


def test_a_holiday_is_told_only_where_it_is_emptier_than_a_sunday() -> None:
    for week, rows in (("quiet week-ends", 300), ("busy week-ends", 300), ("all days alike", 40)):
        business = Business(week, rows, holidays=10)
        assert share(business, says_far_fewer) <= 0.5, week


@pytest.mark.parametrize(
    ("days", "rows", "week", "told_of"),
    [
        (1, 40, "all days alike", 99),
        (1, 40, "quiet week-ends", 88),  # ten rows on a Sunday: none may be chance
        (1, 300, "quiet week-ends", 99),
        (2, 40, "quiet week-ends", 97),
        (2, 300, "quiet week-ends", 99),
        (2, 300, "busy week-ends", 99),
        (2, 40, "closed at week-ends", 84),  # on the other mornings there was nothing to miss
    ],
)
def test_a_table_that_stands_still_is_told(days: int, rows: float, week: str, told_of: float) -> None:
    def stands(history: list[int]) -> bool:
        return says_far_fewer([0] * days + history[days:])

    assert share(Business(week, rows, noise=0.3), stands) >= told_of


def test_a_tenth_of_the_rows_is_told_as_far_as_a_sunday_has_more() -> None:
    def of_a_tenth(history: list[int]) -> bool:
        return says_far_fewer([rows // 10 for rows in history[:2]] + history[2:])

    assert share(Business("all days alike", 300, noise=0.3), of_a_tenth) >= 99
    assert share(Business("quiet week-ends", 300, noise=0.15), of_a_tenth) >= 85


def values_of(chance: np.random.Generator, days: Sequence[int], week_end: float) -> list[list[float]]:
    """Order totals: skewed, and at week-ends another mean."""
    means = [100 * (week_end if ago % 7 in (5, 6) else 1) for ago in range(len(days))]
    return [list(chance.lognormal(0, 0.8, rows) * mean) for mean, rows in zip(means, days, strict=True)]


@pytest.mark.parametrize("week_end", [1.0, 0.25])
def test_a_mean_of_ordinary_days_is_not_told_and_one_of_other_units_is(week_end: float) -> None:
    chance, histories = np.random.default_rng(6), 300
    alarms, missed = 0, {0.0: 0, 0.01: 0, -1.0: 0, 7.0: 0, 100.0: 0}
    for _ in range(histories):
        days = values_of(chance, Business("all days alike", 60).days(chance), week_end)
        alarms += says_another_mean(days)
        for factor in missed:
            changed = [[value * factor for value in values] for values in days[:2]]
            missed[factor] += not says_another_mean([*changed, *days[2:]])
    assert alarms / histories <= 0.02
    assert max(missed.values()) / histories <= 0.01, missed


@pytest.mark.parametrize("seed", range(6))
def test_the_warehouse_says_what_is_measured_here(connection: SnowflakeConnection, seed: int) -> None:
    chance = np.random.default_rng(seed)
    days = Business(list(WEEKS)[seed % len(WEEKS)], 40, holidays=5).days(chance)
    days[seed % 2] = [0, 2, 12, 4, 150, 20][seed]
    table_of_days(connection, days[:2], days[2:], "IFF(AGO % 7 < 2, 10, 100) * (1 + N % 9)")
    expected = [sentence for sentence, says in ((FEW, says_far_fewer), (MANY, says_far_more)) if says(days)]
    assert list(told(connection, volume_is_usual("AT"))) == expected, days
    factor = [1, 0, 8, 2, 0.1, -1][seed]
    changed = f"VALUE * IFF(AGO = 1, {factor}, 1)"
    values = [
        [(10 if ago % 7 < 2 else 100) * (1 + n % 9) * (factor if ago == 1 else 1) for n in range(1, rows + 1)]
        for ago, rows in enumerate(days, start=1)
    ]
    assert bool(told(connection, mean_is_usual(changed, "AT", "values"))) == says_another_mean(values), days


@pytest.mark.parametrize("judged", [[0, 40], [0, 0], [1, 1]])
def test_a_day_without_rows_is_told_where_week_ends_are_quiet(
    connection: SnowflakeConnection, judged: list[int]
) -> None:
    assert len([*judged, *STEADY]) == DAYS
    table_of_days(connection, judged, STEADY)
    assert list(told(connection, volume_is_usual("AT"))) == [FEW]
