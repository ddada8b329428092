"""Statements on the versions of an SCD2 model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from snowpark_models.contract import Column
from snowpark_models.runner.names import identifier


def in_columns(contract: Sequence[Column], tables: Mapping[str, Collection[str]]) -> str:
    """The rows of quoted tables, each with its columns, in a contract's columns and types."""
    if not tables:
        nothing = ", ".join(f"NULL::{column.type} AS {identifier(column.name)}" for column in contract)
        return f"SELECT {nothing} WHERE FALSE"
    return " UNION ALL ".join(_of_table(contract, table, known) for table, known in tables.items())


def _of_table(contract: Sequence[Column], table: str, known: Collection[str]) -> str:
    columns = ", ".join(
        f"{identifier(column.name) if column.name.upper() in known else 'NULL'}::{column.type} "
        f"AS {identifier(column.name)}"
        for column in contract
    )
    return f"SELECT {columns} FROM {table}"


def next_moment(versions: str) -> str:
    """MOMENT: the present in UTC, or a microsecond after the newest bound of any version, as text."""
    return f"""
        SELECT
            TO_VARCHAR(
                GREATEST(PRESENT, COALESCE(DATEADD('microsecond', 1, NEWEST), PRESENT)),
                'YYYY-MM-DD HH24:MI:SS.FF6'
            ) AS MOMENT
        FROM (
            SELECT
                SYSDATE() AS PRESENT,
                MAX(COALESCE(VALID_TO, VALID_FROM)) AS NEWEST
            FROM ({versions}) AS KNOWN
        ) AS CLOCKS"""
