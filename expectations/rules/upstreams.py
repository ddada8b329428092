"""Rules about a table and what it is made of: values row by row, and totals group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.rules.in_sql import failing
from expectations.rules.rule import Phrase
from expectations.severity import Severity

Columns = Mapping[str, str]
"""SQL over the upstream's rows, for the columns here that have to be equal to it."""


def same_as(
    upstream: str,
    by: str | Sequence[str] | Columns,
    *names: str,
    columns: Columns | None = None,
    among: str | None = None,
    severity: Severity = "critical",
) -> Phrase:
    """Rows have the values of the upstream's row of the same `by`; one that has no such row is not judged.

    Args:
        upstream: a table, such as STAGING.STG_ORDERS.
        by: the columns that name one row of the upstream, called alike on both sides; as a mapping, SQL
            over the upstream for each.
        names: columns that are called alike on both sides and equal.
        columns: SQL over the upstream for other columns.
        among: a SQL condition that chooses the upstream's rows.
        severity: how grave it is.
    """
    keys = _keys(by)
    told = {**{name: name for name in names}, **(columns or {})}
    values = [f"{sql} AS UP_{name}" for name, sql in told.items()]
    differs = " OR ".join(f"checked.{name} IS DISTINCT FROM upstream.UP_{name}" for name in told)
    return failing(
        f"What comes from {_table(upstream)} is as it is there",
        f"SELECT {{keys}} FROM checked JOIN (SELECT {_by(keys)}, {', '.join(values)} "
        f"FROM {upstream}{_where(among)}) AS upstream ON {_same(keys)} WHERE {differs}",
        severity,
    )


def adds_up_to(
    upstream: str,
    by: str | Sequence[str] | Columns,
    totals: Columns,
    others: Columns | None = None,
    among: str | None = None,
    severity: Severity = "critical",
) -> Phrase:
    """Each row is what the upstream's rows of the same `by` come to.

    Args:
        upstream: a table, or a query in parentheses with a name behind it.
        by: the columns that are called alike on both sides; as a mapping, SQL over the upstream for each.
        totals: counts and sums over the upstream's rows; where there are none, they are 0.
        others: least, greatest, mean and so on; where there are no rows, they are NULL.
        among: a SQL condition that chooses the upstream's rows.
        severity: how grave it is.
    """
    keys = _keys(by)
    told = {**totals, **(others or {})}
    values = [f"{sql} AS UP_{name}" for name, sql in told.items()]
    expected = {name: f"upstream.UP_{name}" for name in told}
    expected |= {name: f"COALESCE(upstream.UP_{name}, 0)" for name in totals}
    differs = " OR ".join(f"checked.{name} IS DISTINCT FROM {sql}" for name, sql in expected.items())
    groups = ", ".join(str(place) for place in range(1, len(keys) + 1))
    return failing(
        f"What is counted and summed up is what {_table(upstream)} comes to",
        f"SELECT {{keys}} FROM checked LEFT JOIN (SELECT {_by(keys)}, {', '.join(values)} "
        f"FROM {upstream}{_where(among)} GROUP BY {groups}) AS upstream ON {_same(keys)} WHERE {differs}",
        severity,
    )


def totals_are_those_of(
    upstream: str,
    totals: Columns,
    by: str | None = None,
    among: str | None = None,
    severity: Severity = "critical",
) -> Phrase:
    """Columns summed up over the whole table, or for each value of `by`, are what the upstream comes to.

    That tells that something is wrong, not which row: a row of each sum that is wrong is named, or NULL where
    there is none.

    Args:
        upstream: a table, such as STAGING.STG_ORDERS.
        totals: for each column here, a sum or count over the upstream's rows.
        by: a column that is called alike on both sides; rows without a value are a group, too.
        among: a SQL condition that chooses the upstream's rows.
        severity: how grave it is.
    """
    group = by or "1"
    theirs = ", ".join(f"{sql} AS UP_{name}" for name, sql in totals.items())
    ours = ", ".join(f"SUM({name}) AS OUR_{name}" for name in totals)
    differs = " OR ".join(f"COALESCE(OUR_{name}, 0) <> COALESCE(UP_{name}, 0)" for name in totals)
    return failing(
        f"{', '.join(totals)}{f' by {by}' if by else ''} come to what they do in {_table(upstream)}",
        "SELECT {keys} FROM "
        f"(SELECT {group} AS UP_GROUP, {theirs} FROM {upstream}{_where(among)} GROUP BY 1) AS upstream "
        f"FULL JOIN (SELECT {group} AS OUR_GROUP, {ours} FROM checked GROUP BY 1) AS sums "
        "ON OUR_GROUP IS NOT DISTINCT FROM UP_GROUP "
        f"LEFT JOIN (SELECT *, {group} AS A_GROUP FROM checked "
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY {{keys}}) = 1) AS named "
        f"ON A_GROUP IS NOT DISTINCT FROM OUR_GROUP WHERE {differs}",
        severity,
    )


def at_as_of(upstream: str) -> str:
    """An upstream with the time of the table under the gate beside each row, as NOW; for `adds_up_to`."""
    now = "(SELECT MAX(AS_OF) AS NOW FROM checked) AS told_at"
    return f"(SELECT told.*, NOW FROM {upstream} AS told CROSS JOIN {now}) AS {_table(upstream)}"


def as_of_the_newest_commit(*upstreams: str) -> Phrase:
    """AS_OF is the first millisecond after the last commit that the upstreams know, in all rows."""
    commits = " UNION ALL ".join(
        f"SELECT MAX(COMMITTED_AT) AS LAST FROM {upstream}" for upstream in upstreams
    )
    newest = f"(SELECT MAX(LAST) AS LAST FROM ({commits}) AS commits) AS newest"
    return failing(
        "AS_OF is the millisecond after the newest commit of what the table is made of",
        f"SELECT {{keys}} FROM checked CROSS JOIN {newest} "
        "WHERE AS_OF IS DISTINCT FROM DATEADD(millisecond, 1, LAST)",
        column="AS_OF",
    )


def _table(upstream: str) -> str:
    """The name by which people know an upstream."""
    return upstream.rpartition(" ")[2].rpartition(".")[2]


def _keys(by: str | Sequence[str] | Columns) -> Columns:
    if isinstance(by, Mapping):
        return by
    return {name: name for name in ([by] if isinstance(by, str) else by)}


def _by(keys: Columns) -> str:
    return ", ".join(f"{sql} AS BY_{name}" for name, sql in keys.items())


def _same(keys: Columns) -> str:
    return " AND ".join(f"checked.{name} = upstream.BY_{name}" for name in keys)


def _where(condition: str | None) -> str:
    return f" WHERE {condition}" if condition else ""
