"""Statements that take in what is new in the mirrors, all of one moment."""

from __future__ import annotations

from collections.abc import Sequence

from snowpark_models.runner.names import OPS, identifier, listed, literal, qualified
from snowpark_models.sources import SCHEMA as RAW
from snowpark_models.sources import Source

ARRIVALS = qualified(OPS, "ARRIVALS")

HOLD_MIRRORS = f"UPDATE {qualified(OPS, 'CURSORS')} SET UPDATED_AT = UPDATED_AT"
"""Whoever changes a mirror sets the cursor first: until the transaction ends, no mirror changes."""

NEWEST_ARRIVALS = f"""
        SELECT TABLE_NAME AS TABLE_NAME, MAX(ARRIVAL) AS ARRIVAL
        FROM {ARRIVALS}
        GROUP BY TABLE_NAME"""

UNFINISHED_MIRRORS = f"""
        SELECT TABLE_NAME AS TABLE_NAME, STATE AS STATE
        FROM {qualified(OPS, "REPLICATED_TABLES")}
        WHERE STATE IN ('snapshot', 'catching up', 'filling', 'gap', 'stopped')"""


def mirror(source: Source) -> str:
    """The quoted name of a source's mirror, or of its history."""
    return qualified(RAW, source.relation)


def intake(ops: str, source: Source) -> str:
    """The quoted name of the table that a source is taken into."""
    return qualified(ops, f"INTAKE__{source.relation}")


def ages(sources: Sequence[Source]) -> str:
    """SOURCE, and AGE in seconds of its newest change; NULL where the mirror is empty."""
    return " UNION ALL ".join(
        f"""
        SELECT {literal(source.name)} AS SOURCE, DATEDIFF('second', MAX(_COMMITTED_AT), SYSDATE()) AS AGE
        FROM {mirror(source)}"""
        for source in sources
    )


def create_intake(ops: str, source: Source) -> str:
    """The table that a source is taken into, empty: the session's own, so that no other run sees it."""
    table = intake(ops, source)
    return f"CREATE OR REPLACE TEMPORARY TABLE {table} AS SELECT * FROM {mirror(source)} WHERE FALSE"


def take_all(ops: str, source: Source) -> str:
    """Take in the whole mirror."""
    return f"INSERT INTO {intake(ops, source)} SELECT * FROM {mirror(source)}"


def take_changed(ops: str, source: Source, after: int, up_to: int) -> str:
    """Take in the rows of the mirror whose keys have arrived after a number, up to another one."""
    arrived = arrived_keys(source, source.key, after, up_to)
    matches = " AND ".join(f"c.{identifier(name)} = m.{identifier(name)}" for name in source.key)
    return f"""
        INSERT INTO {intake(ops, source)}
        SELECT m.*
        FROM {mirror(source)} AS m
        WHERE EXISTS (SELECT 1 FROM ({arrived}) AS c WHERE {matches})"""


def has_arrived(source: Source, after: int, up_to: int) -> str:
    """Condition on a mirror's rows: their keys have arrived after a number, up to another one."""
    return f"({listed(source.key)}) IN ({arrived_keys(source, source.key, after, up_to)})"


def arrived_keys(source: Source, columns: Sequence[str], after: int, up_to: int) -> str:
    """The keys of a source that have arrived after a number, up to another one."""
    return f"""
        SELECT DISTINCT {listed(columns)}
        FROM {qualified(RAW, source.change_log)}
        WHERE _BATCH IN (
            SELECT BATCH FROM {ARRIVALS}
            WHERE TABLE_NAME = {literal(source.table)} AND ARRIVAL > {after} AND ARRIVAL <= {up_to}
        )"""
