"""Made-up weeks of a table, and what the rules over time say of them, told in Python beside their SQL.

A query takes a tenth of a second, and rates want thousands of days; `test_ordinary_weeks.py` holds that both
say the same of the same days. Days are listed with yesterday first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt
from statistics import fmean, stdev
from typing import Final

import numpy as np

from expectations.rules import over_time as rules

DAYS: Final = rules.JUDGED_DAYS + rules.TRAINED_DAYS
WEEKS: Final = {
    "all days alike": (1, 1, 1, 1, 1, 1, 1),
    "quiet week-ends": (1, 1, 1, 1, 1, 0.28, 0.25),
    "closed at week-ends": (1, 1, 1, 1, 1, 0, 0),
    "busy week-ends": (1, 1, 1, 1, 1.2, 1.8, 1.6),
}
"""Rows of each weekday, from Monday on, as parts of those of a Monday."""


@dataclass(frozen=True)
class Business:
    """How a table comes to its rows.

    Attributes:
        week: name of one of WEEKS.
        rows: on a Monday.
        noise: how far days of one weekday differ beyond chance, as a share (lognormal).
        growth: of each day over the day before.
        holidays: how many in a hundred days; each has as many rows as a Sunday.
    """

    week: str
    rows: float
    noise: float = 0.15
    growth: float = 0.0
    holidays: float = 0.0

    def days(self, chance: np.random.Generator, count: int = DAYS) -> list[int]:
        """Rows of days that follow each other, the last first; the last may be any weekday."""
        week = WEEKS[self.week]
        last = int(chance.integers(7))
        expected = []
        for ago in range(count):
            is_holiday = chance.random() < self.holidays / 100
            share = week[6] if is_holiday else week[(last - ago) % 7]
            wave = chance.lognormal(-(self.noise**2) / 2, self.noise)
            expected.append(self.rows * share * wave * exp(-self.growth * ago))
        return [int(rows) for rows in chance.poisson(expected)]


def says_far_fewer(days: Sequence[int]) -> bool:
    """What `volume_is_usual` warns of; `days` are those that are judged and those that are trained."""
    judged, trained = days[: rules.JUDGED_DAYS], days[rules.JUDGED_DAYS :]
    if sum(rows > 0 for rows in trained) < rules.DAYS_TO_TELL:
        return False
    limit = _mean(trained) - rules.SENSITIVITY * _spread(trained)
    quietest = min(rows for rows in trained if rows)
    for ago, rows in enumerate(judged):
        weekday = fmean(days[ago + 7 * week] for week in range(1, rules.TRAINED_DAYS // 7 + 1))
        by_chance = weekday - rules.SENSITIVITY * sqrt(weekday)
        if rows < max(limit, min(by_chance, rules.SLUMP * quietest)):
            return True
    return False


def says_far_more(days: Sequence[int]) -> bool:
    """What `volume_is_usual` keeps as info."""
    judged, trained = days[: rules.JUDGED_DAYS], days[rules.JUDGED_DAYS :]
    if sum(rows > 0 for rows in trained) < rules.DAYS_TO_TELL:
        return False
    limit = max(_mean(trained) + rules.SENSITIVITY * _spread(trained), rules.SURGE * max(trained))
    return any(rows > limit for rows in judged)


def says_another_mean(days: Sequence[Sequence[float]], smallest: float = 0) -> bool:
    """What `mean_is_usual` warns of, by the values of the rows of each day."""
    judged, trained = days[: rules.JUDGED_DAYS], days[rules.JUDGED_DAYS :]
    means = [fmean(values) for values in trained if len(values) >= rules.ROWS_OF_A_MEAN]
    if len(means) < rules.DAYS_TO_TELL:
        return False
    rows = [value for values in trained for value in values]
    mean, row_spread = fmean(rows), stdev(rows)
    for values in judged:
        if len(values) < rules.ROWS_OF_A_MEAN:
            continue
        exact = max(row_spread / sqrt(len(values)), smallest)
        spread = max(stdev(means), exact, abs(mean) / 10)
        day, lowest, highest = fmean(values), min(means), max(means)
        is_far = day < lowest * (1 / rules.FAR if lowest > 0 else rules.FAR)
        is_far = is_far or day > highest * (rules.FAR if highest > 0 else 1 / rules.FAR)
        if abs(day - mean) > rules.SENSITIVITY * (exact if is_far else spread):
            return True
    return False


def _mean(trained: Sequence[int]) -> float:
    return sum(trained) / rules.TRAINED_DAYS


def _spread(trained: Sequence[int]) -> float:
    mean = _mean(trained)
    squares = sum(rows * rows for rows in trained) / rules.TRAINED_DAYS
    return sqrt(max(squares - mean**2, mean, (mean / 4) ** 2))
