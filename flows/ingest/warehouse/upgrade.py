"""OPS of an older version of the platform: the columns that its tables lack are added."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

OPS_COLUMNS = "SELECT TABLE_NAME, COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'OPS'"

_CREATE = re.compile(r"\s*CREATE TABLE IF NOT EXISTS OPS\.(\w+) \((.+)\)\s*", re.DOTALL)


def added_columns(statements: Sequence[str], known: Collection[tuple[str, str]]) -> Iterator[str]:
    """The statements that add the columns which tables of OPS lack.

    NULL in the rows that are there: Snowflake adds a NOT NULL column to an empty table only.

    Args:
        statements: those that create the tables, a column a line; others are passed over.
        known: table and name of the columns that are there.
    """
    for statement in statements:
        if create := _CREATE.fullmatch(statement):
            table, columns = create[1], create[2].strip().splitlines()
            for column in columns:
                declared = column.strip().removesuffix(",").removesuffix(" NOT NULL")
                if (table, declared.split()[0]) not in known:
                    yield f"ALTER TABLE OPS.{table} ADD COLUMN IF NOT EXISTS {declared}"
