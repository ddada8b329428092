"""Rules about a table and its own past: freshness, volume, distribution and drift.

They judge whole days that are over, by the clock (UTC), and hold a day against the fourteen before: two whole
weeks, so that weekends are among what is usual. Where there is too little past to tell, they are quiet. The
numbers are Elementary's defaults (https://docs.elementary-data.com, "anomaly detection"): train on 14 days,
judge 2, sensitivity 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from expectations.rules.in_sql import failing
from expectations.rules.rule import Phrase
from expectations.severity import Severity

TRAINED_DAYS: Final = 14
JUDGED_DAYS: Final = 2
_JUDGED: Final = range(1, JUDGED_DAYS + 1)

SENSITIVITY: Final = 3
"""How many standard deviations from the mean are still usual."""

SURGE: Final = 1.5
"""So many times the rows of the busiest trained day: of a table that grows each day is the busiest so far."""

SLUMP: Final = 0.5
"""So much of the rows of the quietest trained day that had any: a holiday has those of a Sunday."""

FAR: Final = 3
"""So many times the greatest mean of the trained days, or so small a part of the least, is another world."""

DAYS_TO_TELL: Final = 7
"""Trained days that must have rows."""

ROWS_OF_A_MEAN: Final = 30
"""Rows that a day must have for its mean to say anything."""

DRIFT: Final = 0.25
"""Population stability index from which on a distribution counts as another one."""

ROWS_TO_DRIFT: Final = 200


def volume_is_usual(time: str) -> Phrase:
    """No day that is over has far fewer rows than usual (a warning), or far more (info).

    Usual is the mean of the trained days, more or less three standard deviations, which count as a quarter of
    the mean and as its square root at least: so nothing is told of tables with few rows a day, nor where all
    days were alike. Where week-ends are quiet that alone would take any day for usual. So far fewer is also
    less than half of the quietest day that had rows, if chance (a Poisson's, three standard deviations) does
    not explain it by the same weekdays: a table that stands still is told from ten rows a day on, also if
    it has no rows on Sundays. Far more is half as many again as on the busiest day, and beyond the three
    standard deviations. Surges are only kept: an import or a campaign is one, too, and a table that took a
    first copy of its rows has one each time.

    `tests/expectations/test_ordinary_weeks.py` measures how often that is right.
    """
    counted = f"SELECT AGO, COUNT(*) AS DAY_ROWS FROM {_whole_days(time)} GROUP BY AGO"
    mean, squares = (f"SUM({rows}) / {TRAINED_DAYS}" for rows in ("DAY_ROWS", "DAY_ROWS * DAY_ROWS"))
    weeks = TRAINED_DAYS // 7
    weekdays = {ago: f"SUM(IFF(MOD(AGO, 7) = {ago % 7}, DAY_ROWS, 0)) / {weeks}" for ago in _JUDGED}
    usual = (
        f"SELECT COUNT(*) AS DAYS, {mean} AS MEAN, MAX(DAY_ROWS) AS BUSIEST, MIN(DAY_ROWS) AS QUIETEST, "
        f"SQRT(GREATEST({squares} - POWER({mean}, 2), {mean}, POWER({mean} / 4, 2))) AS SPREAD, "
        f"{', '.join(f'{sql} AS ON_WEEKDAY_{ago}' for ago, sql in weekdays.items())} "
        f"FROM ({counted}) AS days WHERE AGO > {JUDGED_DAYS}"
    )
    judged = (
        f"SELECT {{keys}} FROM {_judged_days()} LEFT JOIN ({counted}) AS days ON days.AGO = judged.DAYS_AGO "
        f"CROSS JOIN ({usual}) AS trained LEFT JOIN {_a_row_of_each_day(time)} "
        f"ON named.NAMED_AGO = judged.DAYS_AGO WHERE DAYS >= {DAYS_TO_TELL} AND "
    )
    same_weekday = f"CASE DAYS_AGO {' '.join(f'WHEN {ago} THEN ON_WEEKDAY_{ago}' for ago in _JUDGED)} END"
    by_chance = f"{same_weekday} - {SENSITIVITY} * SQRT({same_weekday})"
    few = (
        f"COALESCE(DAY_ROWS, 0) < GREATEST(MEAN - {SENSITIVITY} * SPREAD, "
        f"LEAST({by_chance}, {SLUMP} * QUIETEST))"
    )
    many = f"COALESCE(DAY_ROWS, 0) > GREATEST(MEAN + {SENSITIVITY} * SPREAD, {SURGE} * BUSIEST)"
    return (
        *failing(f"No day has far fewer rows than usual, by {time}", judged + few, "warning", time),
        *failing(f"No day has far more rows than usual, by {time}", judged + many, "info", time),
    )


def mean_is_usual(
    value: str, time: str, words: str, smallest: float = 0, severity: Severity = "warning"
) -> Phrase:
    """The mean of a value on a day that is over is what it was on the days before.

    Usual is the mean of the trained rows, more or less three times the largest of: how far the means of the
    days lie apart, how exact a mean of so many rows can be, a tenth of the mean, and `smallest`. Where the
    days lie far apart, as weekdays and Sundays may, also a mean that is less than a third of the least day's
    or more than three times the greatest day's is unusual, if it is exact enough to say so.

    Args:
        value: SQL over a row; for the share of rows that meet a condition IFF(condition, 1, 0).
        time: the column that says when a row happened.
        words: what the mean is of, as in "the mean of … is as usual".
        smallest: a third of the change that is worth telling, for values that hardly vary.
        severity: how grave it is.
    """
    days = f"SELECT AGO, COUNT(*) AS DAY_ROWS, AVG({value}) AS DAY_MEAN FROM {_whole_days(time)} GROUP BY AGO"
    rows = (
        f"SELECT AVG({value}) AS MEAN, STDDEV({value}) AS ROW_SPREAD FROM {_whole_days(time)} "
        f"WHERE AGO > {JUDGED_DAYS}"
    )
    means = (
        "SELECT COUNT(*) AS DAYS, STDDEV(DAY_MEAN) AS DAY_SPREAD, MIN(DAY_MEAN) AS LOWEST, "
        f"MAX(DAY_MEAN) AS HIGHEST FROM ({days}) AS days "
        f"WHERE AGO > {JUDGED_DAYS} AND DAY_ROWS >= {ROWS_OF_A_MEAN}"
    )
    exact = f"GREATEST(ROW_SPREAD / SQRT(DAY_ROWS), {smallest})"
    spread = f"GREATEST(DAY_SPREAD, {exact}, ABS(MEAN) / 10)"
    is_far = (
        f"(DAY_MEAN < LOWEST * IFF(LOWEST > 0, 1 / {FAR}, {FAR}) "
        f"OR DAY_MEAN > HIGHEST * IFF(HIGHEST > 0, {FAR}, 1 / {FAR}))"
    )
    return failing(
        f"The mean of {words} is as usual, by {time}",
        f"SELECT {{keys}} FROM {_judged_days()} JOIN ({days}) AS days ON days.AGO = judged.DAYS_AGO "
        f"CROSS JOIN ({rows}) AS trained CROSS JOIN ({means}) AS means "
        f"LEFT JOIN {_a_row_of_each_day(time)} ON named.NAMED_AGO = judged.DAYS_AGO "
        f"WHERE DAYS >= {DAYS_TO_TELL} AND DAY_ROWS >= {ROWS_OF_A_MEAN} "
        f"AND ABS(DAY_MEAN - MEAN) > {SENSITIVITY} * IFF({is_far}, {exact}, {spread})",
        severity,
    )


def fresh(time: str, hours: int, severity: Severity = "warning") -> Phrase:
    """The newest row is at most so many hours old, by the clock; an empty table is not judged."""
    return failing(
        f"The newest {time} is at most {hours} hours old",
        "SELECT {keys} FROM checked "
        f"QUALIFY MAX({time}) OVER () < DATEADD(hour, -{hours}, SYSDATE()) "
        f"AND ROW_NUMBER() OVER (ORDER BY {time} DESC) = 1",
        severity,
        time,
    )


def keeps_up_with(upstream: str, theirs: str = "_COMMITTED_AT", hours: int = 6) -> Phrase:
    """The newest commit here is at most so many hours before the upstream's.

    In a quiet night both stand; what arrives while the run builds is minutes ahead, not hours.
    """
    return failing(
        f"The newest commit is at most {hours} hours behind that of {upstream}",
        "SELECT {keys} FROM checked "
        f"QUALIFY MAX(COMMITTED_AT) OVER () < DATEADD(hour, -{hours}, (SELECT MAX({theirs}) FROM {upstream} "
        "WHERE NOT COALESCE(_DELETED, FALSE))) AND ROW_NUMBER() OVER (ORDER BY COMMITTED_AT DESC) = 1",
        "warning",
        "COMMITTED_AT",
    )


def changes_with_the_source(days: int) -> Phrase:
    """The mirror's newest change is at most so many days before the source's last commit that was read.

    That tells of a table whose capture has stopped while the others go on; when all of the source stands, so
    does its last commit, and `sources.py` of the models says how old that may be.
    """
    rule = failing(
        f"The newest change is at most {days} days before the last commit of the source",
        "SELECT {keys} FROM checked QUALIFY MAX(_COMMITTED_AT) OVER () "
        f"< DATEADD(day, -{days}, (SELECT MAX(COMMITTED_AT) FROM OPS.CURSORS)) "
        "AND ROW_NUMBER() OVER (ORDER BY _COMMITTED_AT DESC) = 1",
        "warning",
        "_COMMITTED_AT",
    )
    return tuple(replace(each, needs=("OPS.CURSORS",)) for each in rule)


def has_not_drifted(recorded: str, *columns: str, days: int = 7) -> Phrase:
    """Features are spread over the entities as they were when last recorded a week or longer ago.

    Told by the population stability index over bins that double in width: 0, 1, 2 to 3, 4 to 7 and so on. By
    convention 0.1 is a small change and 0.25 a large one. Below 200 entities then or now nothing is told.

    Args:
        recorded: the table of what was recorded of the features; without it nothing is asked.
        columns: features that are counts or amounts; NULL is a bin of its own.
        days: how old the recording is at least that is compared with.
    """
    then = (
        f"(SELECT * FROM {recorded} WHERE AVAILABLE_TS = (SELECT MAX(AVAILABLE_TS) FROM {recorded} "
        f"WHERE AVAILABLE_TS <= DATEADD(day, -{days}, (SELECT MAX(AS_OF) FROM checked)))) AS recorded"
    )
    return tuple(
        replace(rule, needs=(recorded,)) for column in columns for rule in _is_spread_as(then, column)
    )


def _is_spread_as(then: str, column: str) -> Phrase:
    bins = f"COALESCE(SIGN({column}) * FLOOR(LOG(2, 1 + ABS({column}))), -99)"
    told = " FULL JOIN ".join(
        f"(SELECT {bins} AS BIN_{when}, COUNT(*) AS ROWS_{when} FROM {rows} GROUP BY 1) AS {when}"
        for when, rows in (("THEN_", then), ("NOW_", "checked"))
    )
    share = {
        when: f"(COALESCE(ROWS_{when}, 0) + 0.5) / (SUM(COALESCE(ROWS_{when}, 0)) OVER () + 1)"
        for when in ("THEN_", "NOW_")
    }
    shares = (
        f"SELECT {share['NOW_']} AS P, {share['THEN_']} AS Q, SUM(ROWS_NOW_) OVER () AS ALL_NOW, "
        f"SUM(ROWS_THEN_) OVER () AS ALL_THEN FROM {told} ON BIN_NOW_ = BIN_THEN_"
    )
    index = (
        f"SELECT SUM((P - Q) * LN(P / Q)) AS STABILITY FROM ({shares}) AS shares "
        f"WHERE ALL_NOW >= {ROWS_TO_DRIFT} AND ALL_THEN >= {ROWS_TO_DRIFT}"
    )
    return failing(
        f"{column} is spread as it was a week ago",
        f"SELECT {{keys}} FROM (SELECT * FROM checked ORDER BY {{keys}} LIMIT 1) AS named "
        f"CROSS JOIN ({index}) AS drift WHERE STABILITY > {DRIFT}",
        "warning",
        column,
    )


def _whole_days(time: str) -> str:
    """The rows of the days that are trained and judged, with how many days ago they happened, as AGO."""
    return (
        f"(SELECT *, DATEDIFF(day, {time}, SYSDATE()) AS AGO FROM checked "
        f"WHERE {time} >= DATEADD(day, -{TRAINED_DAYS + JUDGED_DAYS}, TO_DATE(SYSDATE())) "
        f"AND {time} < TO_DATE(SYSDATE())) AS recent"
    )


def _judged_days() -> str:
    days = " UNION ALL ".join(f"SELECT {ago} AS DAYS_AGO" for ago in _JUDGED)
    return f"({days}) AS judged"


def _a_row_of_each_day(time: str) -> str:
    """A row by which a judged day can be named."""
    return (
        f"(SELECT *, AGO AS NAMED_AGO FROM {_whole_days(time)} WHERE AGO <= {JUDGED_DAYS} "
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY AGO ORDER BY {time} DESC) = 1) AS named"
    )
