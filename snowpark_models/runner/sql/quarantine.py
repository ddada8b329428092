"""Statements on rows that are set aside. Tables are given quoted."""

from __future__ import annotations

from collections.abc import Sequence

from snowpark_models.contract import Column
from snowpark_models.model import Model
from snowpark_models.runner.names import Tables, identifier, listed, literal, plain
from snowpark_models.runner.sieve import Sieve
from snowpark_models.runner.sql.changes import of_parts
from snowpark_models.runner.sql.tables import typed_columns

OWN_COLUMNS = (
    Column("_REASONS", "VARCHAR", "The rules that the row breaks, a line each."),
    Column("_RUN_ID", "VARCHAR", "The run that has set it aside first."),
    Column("_SET_ASIDE_AT", "TIMESTAMP_NTZ", "When that was, UTC."),
)
"""What a row in quarantine has beside the model's columns."""


def create(model: Model, table: str) -> str:
    """An empty table for rows of a model that are set aside, unless it is there."""
    return f"CREATE TABLE IF NOT EXISTS {table} {_columns_and_comment(model)}"


def fill(model: Model, table: str, query: str) -> str:
    """A table of rows that are set aside; it keeps the grants of the one that it replaces."""
    return f"CREATE OR REPLACE TABLE {table} {_columns_and_comment(model, 'COPY GRANTS ')} AS {query}"


def _columns_and_comment(model: Model, how: str = "") -> str:
    own = ",\n            ".join(
        f"{column.name} {column.type} COMMENT {literal(column.comment)}" for column in OWN_COLUMNS
    )
    about = f"Rows that {model.schema}.{model.table} leaves out, because they break rules of its suite."
    return f"""(
            {typed_columns(model)},
            {own}
        ) {how}COMMENT = {literal(about)}"""


def broken_rows(model: Model, sieve: Sieve, table: str) -> str:
    """The rows of a table that break a rule, with their reasons; each rule is asked once a row."""
    columns = listed(column.name for column in model.contract)
    reasons = " || ".join(
        f"IFF({rule.breaks}, {literal(chr(10) + rule.sentence)}, '')" for rule in sieve.rules
    )
    return f"""
        SELECT {columns}, SUBSTR(_FOUND, 2) AS _REASONS
        FROM (SELECT {columns}, {reasons or "''"} AS _FOUND FROM {table}) AS ASKED
        WHERE _FOUND <> ''"""


def since_now(model: Model, broken: str, run_id: str) -> str:
    """Rows that are set aside, by this run."""
    columns = listed(column.name for column in model.contract)
    return f"""
        SELECT
            {columns}, _REASONS,
            {literal(run_id)}::VARCHAR AS _RUN_ID, SYSDATE()::TIMESTAMP_NTZ AS _SET_ASIDE_AT
        FROM ({broken}) AS BROKEN"""


def since_first(model: Model, broken: str, quarantine: str, run_id: str) -> str:
    """Rows that are set aside, by the run that has set them aside first, for the same reasons."""
    names = [*(column.name for column in model.contract), "_REASONS"]
    first = f"""
        SELECT {listed(names)}, _RUN_ID, _SET_ASIDE_AT
        FROM {quarantine}
        QUALIFY ROW_NUMBER() OVER (PARTITION BY {listed(names)} ORDER BY _SET_ASIDE_AT, _RUN_ID) = 1"""
    return f"""
        SELECT
            {listed(names, "b")},
            COALESCE(q._RUN_ID, {literal(run_id)})::VARCHAR AS _RUN_ID,
            COALESCE(q._SET_ASIDE_AT, SYSDATE())::TIMESTAMP_NTZ AS _SET_ASIDE_AT
        FROM ({broken}) AS b
        LEFT JOIN ({first}) AS q ON {_same(names, "q", "b")}"""


def take_out(model: Model, table: str, aside: str) -> str:
    """Delete from a table the rows that were set aside, by all their values: no rule is asked again."""
    names = [column.name for column in model.contract]
    return f"""
        DELETE FROM {table} AS t
        USING (SELECT DISTINCT {listed(names)} FROM {aside}) AS a
        WHERE {_same(names, "a", "t")}"""


def count_outside(table: str, parts_table: str, parts: Sequence[str]) -> str:
    """ROW_COUNT of the rows of a table that belong to none of some parts."""
    return f"SELECT COUNT(*) AS ROW_COUNT FROM {table} AS t WHERE NOT {_is_of_parts(parts_table, parts)}"


def count_differing(model: Model, tables: Tables, *, is_of_parts: bool) -> str:
    """ROW_COUNT of 0 where what is aside is what is in quarantine (of the parts), as often as there."""
    names = listed([*(column.name for column in model.contract), "_REASONS"])
    known = of_parts(tables.quarantine, tables.parts, model.parts) if is_of_parts else None
    before = f"({known})" if known else tables.quarantine
    old = f"SELECT {names}, COUNT(*) AS TIMES FROM {before} AS OLD GROUP BY {names}"
    new = f"SELECT {names}, COUNT(*) AS TIMES FROM {tables.aside} AS NEW GROUP BY {names}"
    return f"""
        SELECT COUNT(*) AS ROW_COUNT
        FROM (({old} EXCEPT {new}) UNION ALL ({new} EXCEPT {old})) AS DIFFERENT"""


def count_by_reasons(quarantine: str) -> str:
    """ROW_COUNT of the rows that are set aside for the same REASONS, in one line, the most frequent first."""
    return f"""
        SELECT REPLACE(_REASONS, {literal(chr(10))}, ', ') AS REASONS, COUNT(*) AS ROW_COUNT
        FROM {quarantine}
        GROUP BY REASONS
        ORDER BY ROW_COUNT DESC, REASONS"""


def parts_set_aside(quarantine: str, parts: Sequence[str]) -> str:
    """The parts that have rows in quarantine."""
    return f"SELECT DISTINCT {listed(parts)} FROM {quarantine}"


def parts_that_break(model: Model, sieve: Sieve, table: str) -> str:
    """The parts that have rows in a table which break a rule."""
    return f"SELECT DISTINCT {listed(model.parts)} FROM ({broken_rows(model, sieve, table)}) AS BROKEN"


def delete_all(table: str) -> str:
    """All rows go."""
    return f"DELETE FROM {table}"


def delete_parts(table: str, parts_table: str, parts: Sequence[str]) -> str:
    """The rows of some parts go."""
    return f"DELETE FROM {table} AS t WHERE {_is_of_parts(parts_table, parts)}"


def insert_aside(model: Model, tables: Tables) -> str:
    """What is aside comes into quarantine."""
    names = listed([*(column.name for column in (*model.contract, *OWN_COLUMNS))])
    return f"INSERT INTO {tables.quarantine} ({names}) SELECT {names} FROM {tables.aside}"


def insert_all(model: Model, table: str, candidate: str) -> str:
    """All rows of a candidate come into a table of the same columns."""
    names = listed(column.name for column in model.contract)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {candidate}"


def columns_that_differ(one: str, other: str) -> str:
    """Names of columns that only one of two tables has, or that are of other types.

    The quarantine's own columns do not count.
    """
    first, second = (_columns(*plain(table).split(".")) for table in (one, other))
    return f"({first} EXCEPT {second}) UNION ALL ({second} EXCEPT {first})"


def _columns(schema: str, table: str) -> str:
    own = ", ".join(literal(column.name) for column in OWN_COLUMNS)
    return f"""
        SELECT COLUMN_NAME AS COLUMN_NAME, DATA_TYPE AS DATA_TYPE, CHARACTER_MAXIMUM_LENGTH AS TEXT_LENGTH,
            NUMERIC_PRECISION AS DIGITS, NUMERIC_SCALE AS SCALE, DATETIME_PRECISION AS FRACTION
        FROM INFORMATION_SCHEMA.COLUMNS
        WHERE TABLE_SCHEMA = {literal(schema)} AND TABLE_NAME = {literal(table)}
            AND COLUMN_NAME NOT IN ({own})"""


def _is_of_parts(parts_table: str, parts: Sequence[str]) -> str:
    matches = " AND ".join(f"p.{identifier(name)} = t.{identifier(name)}" for name in parts)
    return f"EXISTS (SELECT 1 FROM {parts_table} AS p WHERE {matches})"


def _same(names: Sequence[str], one: str, other: str) -> str:
    return " AND ".join(
        f"{one}.{identifier(name)} IS NOT DISTINCT FROM {other}.{identifier(name)}" for name in names
    )
