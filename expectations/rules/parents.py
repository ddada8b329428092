"""Rules about the rows of a table and those of another one: foreign keys, and that none is missing."""

from __future__ import annotations

from expectations.rules.in_sql import failing
from expectations.rules.rule import Phrase
from expectations.severity import Severity


def refers_to(
    parent: str, *columns: str, among: str | None = None, severity: Severity = "critical"
) -> Phrase:
    """The columns, where they have values, are found under the same names in the table `parent`.

    `among` is a SQL condition that chooses the parent's rows.
    """
    names = ", ".join(columns)
    chosen = f" WHERE {among}" if among else ""
    same = " AND ".join(f"parent.{column} = checked.{column}" for column in columns)
    known = " AND ".join(f"checked.{column} IS NOT NULL" for column in columns)
    return failing(
        f"{names} exists in {parent}" if len(columns) == 1 else f"{names} exist together in {parent}",
        f"SELECT {{keys}} FROM checked WHERE {known} AND NOT EXISTS "
        f"(SELECT 1 FROM (SELECT {names} FROM {parent}{chosen}) AS parent WHERE {same})",
        severity,
        columns[0] if len(columns) == 1 else None,
    )


def has_all_of(
    parent: str, *columns: str, among: str | None = None, severity: Severity = "critical"
) -> Phrase:
    """No row of the table `parent` is missing here, told by the columns, which make up the suite's key."""
    names = ", ".join(columns)
    chosen = f" WHERE {among}" if among else ""
    same = " AND ".join(f"checked.{column} = parent.{column}" for column in columns)
    return failing(
        f"No {names} of {parent} is missing",
        f"SELECT {{keys}} FROM (SELECT DISTINCT {names} FROM {parent}{chosen}) AS parent "
        f"WHERE NOT EXISTS (SELECT 1 FROM checked WHERE {same})",
        severity,
    )
