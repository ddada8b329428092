"""Rules about histories (SCD2): versions of a key follow each other, and one at most is current."""

from __future__ import annotations

from collections.abc import Sequence

from expectations.rules.in_sql import always, failing
from expectations.rules.rule import Phrase


def versions_follow_each_other(key: str, begins: str, ends: str) -> Phrase:
    """A version ends after it begins, and before the next one of its key begins; only the last may be open.

    A gap between two versions is no fault: the row was deleted and came back.
    """
    next_begins = f"LEAD({begins}) OVER (PARTITION BY {key} ORDER BY {begins})"
    return (
        *always("A version ends after it begins", f"{ends} IS NULL OR {begins} < {ends}", column=ends),
        *failing(
            "No two versions overlap",
            f"SELECT {{keys}} FROM checked QUALIFY {next_begins} IS NOT NULL "
            f"AND COALESCE({ends} > {next_begins}, TRUE)",
            column=ends,
        ),
    )


def one_current_version(key: str, ends: str, is_current: str) -> Phrase:
    """What has no end is current, and nothing else; a key has one such version at most, none once deleted."""
    return (
        *always(
            "The current version, and no other, has no end",
            f"{is_current} = ({ends} IS NULL)",
            column=is_current,
        ),
        *failing(
            "No two versions are current",
            f"SELECT {{keys}} FROM checked WHERE {is_current} QUALIFY COUNT(*) OVER (PARTITION BY {key}) > 1",
            column=is_current,
        ),
    )


def each_version_differs(key: str, begins: str, ends: str, *columns: str) -> Phrase:
    """A version that follows at once is another one: something is not as it was."""
    window = f"OVER (PARTITION BY {key} ORDER BY {begins})"
    alike = " AND ".join(f"{name} IS NOT DISTINCT FROM LAG({name}) {window}" for name in columns)
    return failing(
        "Each version differs from the one that it follows",
        f"SELECT {{keys}} FROM checked QUALIFY LAG({ends}) {window} = {begins} AND {alike}",
    )


def covers_the_versions_of(
    upstream: str, key: str, begins: str, ends: str, columns: Sequence[str], in_order: str
) -> Phrase:
    """At each time at which the upstream has a version, there is one here, of the same values; and no other.

    Versions here may be longer, never shorter. Keys for which the source's clock was once set back are not
    judged: `versions` of the models makes up its own times for them.

    Args:
        upstream: a table of committed versions, such as STAGING.STG_CUSTOMER_HISTORY.
        key: whose versions they are.
        begins: the column, called alike on both sides, that says from when a version holds.
        ends: the one that says until before when; NULL: it still does.
        columns: the values of a version.
        in_order: the upstream's column that orders versions as they were committed.
    """
    same = " AND ".join(f"checked.{name} IS NOT DISTINCT FROM upstream.UP_{name}" for name in columns)
    lies_in = (
        f"checked.{key} = upstream.UP_{key} AND checked.{begins} <= upstream.UP_{begins} "
        f"AND COALESCE(upstream.UP_{ends} <= checked.{ends}, checked.{ends} IS NULL) AND {same}"
    )
    said = ", ".join(f"{name} AS UP_{name}" for name in (key, begins, ends, *columns))
    before = f"LAG({begins}) OVER (PARTITION BY {key} ORDER BY {in_order}) AS BEGAN_BEFORE"
    theirs = (
        f"(SELECT {said} FROM (SELECT *, {before} FROM {upstream}) AS ordered QUALIFY "
        f"COUNT_IF(BEGAN_BEFORE > {begins} OR {begins} > {ends}) OVER (PARTITION BY {key}) = 0 "
        f"AND ({ends} IS NULL OR {begins} < {ends})) AS upstream"
    )
    table = upstream.rpartition(".")[2]
    return (
        *failing(
            f"No version of {table} is missing",
            f"SELECT UP_{key} AS {key}, UP_{begins} AS {begins} FROM {theirs} LEFT JOIN checked ON {lies_in} "
            f"WHERE checked.{key} IS NULL",
        ),
        *failing(
            f"Versions begin and end when those of {table} do",
            f"SELECT {{keys}} FROM checked LEFT JOIN {theirs} ON {lies_in} "
            f"WHERE checked.{key} IN (SELECT UP_{key} FROM {theirs}) GROUP BY {{keys}}, checked.{ends} "
            f"HAVING COUNT_IF(checked.{begins} = UP_{begins}) = 0 "
            f"OR COUNT_IF(checked.{ends} IS NOT DISTINCT FROM UP_{ends}) = 0",
        ),
    )


def nothing_from(as_of: str, **clocks: str) -> Phrase:
    """Leakage guard: what a row tells lies strictly before its time, on each clock.

    `clocks` say in words what a column is the time of: `EVENT_TS="event that is counted happened"`.
    """
    return tuple(
        rule
        for clock, words in clocks.items()
        for rule in always(
            f"No {words} at {as_of} or later", f"{clock} IS NULL OR {clock} < {as_of}", column=clock
        )
    )
