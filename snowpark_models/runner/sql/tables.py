"""Statements on the models' tables as wholes: make, publish, count. Tables are given quoted."""

from __future__ import annotations

from collections.abc import Iterable

from snowpark_models.contract import Column
from snowpark_models.model import Model
from snowpark_models.runner.names import identifier, listed, literal

PERSONAL_TAG = "PERSONAL"
"""The name of the tag that deployments/snowflake makes in OPS: what has it with `no` itself is not masked."""


def create_schema(schema: str) -> str:
    """A schema, unless it is there."""
    return f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}"


def list_tables(schemas: Iterable[str]) -> str:
    """Schema, name and type of each table and view in some schemas."""
    return f"""
        SELECT
            TABLE_SCHEMA AS SCHEMA_NAME,
            TABLE_NAME AS TABLE_NAME,
            CASE
                WHEN IS_DYNAMIC = 'YES' THEN 'DYNAMIC TABLE'
                WHEN IS_ICEBERG = 'YES' THEN 'ICEBERG TABLE'
                ELSE TABLE_TYPE
            END AS TABLE_TYPE
        FROM INFORMATION_SCHEMA.TABLES
        WHERE TABLE_SCHEMA IN ({", ".join(map(literal, schemas))})"""


def create_like(table: str, pattern: str) -> str:
    """An empty table with the columns and the grants of another one."""
    return f"CREATE OR REPLACE TABLE {table} LIKE {pattern} COPY GRANTS"


def create_by_contract(model: Model, table: str, tag: str | None = None) -> str:
    """An empty table of the contract's columns; it keeps the grants of the one it replaces."""
    return f"""
        CREATE OR REPLACE TABLE {table} (
            {typed_columns(model, tag)}
        ) COPY GRANTS COMMENT = {literal(comment(model))}"""


def create_view(model: Model, view: str, query: str) -> str:
    """A view of a query, in the contract's types; it keeps the grants of the one it replaces."""
    columns = ", ".join(
        f"{identifier(column.name)} COMMENT {literal(column.comment)}" for column in model.contract
    )
    return f"""
        CREATE OR REPLACE VIEW {view} ({columns})
        COPY GRANTS COMMENT = {literal(comment(model))} AS
        SELECT {cast(model)} FROM ({query}) AS RESULT"""


def list_personal_tags() -> str:
    """The tag that says which columns are personal, where an account has it (deployments/snowflake)."""
    return f"SHOW TAGS LIKE {literal(PERSONAL_TAG)} IN DATABASE"


def typed_columns(model: Model, tag: str | None = None) -> str:
    """The contract's columns as DDL has them, one a line."""
    return ",\n            ".join(typed_column(column, tag) for column in model.contract)


def typed_column(column: Column, tag: str | None) -> str:
    """A column as DDL has it; with a tag, it says from its first moment on whether it is personal."""
    tagged = tag_clause(tag, is_personal=column.personal)
    return f"{identifier(column.name)} {column.type}{tagged} COMMENT {literal(column.comment)}"


def tag_clause(tag: str | None, *, is_personal: bool = False) -> str:
    """What a column's definition says of the tag; nothing where there is none."""
    return f" WITH TAG ({tag} = {_yes_or_no(is_personal)})" if tag else ""


def set_tags(model: Model, kind: str, table: str, tag: str | None) -> list[str]:
    """Whether each column of a table or a view is personal, as the model says it today."""
    if tag is None:
        return []
    return [
        f"ALTER {kind} {table} MODIFY COLUMN {identifier(column.name)} SET TAG {tag} = {value}"
        for column in model.contract
        for value in [_yes_or_no(column.personal)]
    ]


def _yes_or_no(is_personal: bool) -> str:
    return literal("yes" if is_personal else "no")


def cast(model: Model) -> str:
    """The contract's columns in its types, as a SELECT has them."""
    return ", ".join(
        f"{identifier(column.name)}::{column.type} AS {identifier(column.name)}" for column in model.contract
    )


def comment(model: Model) -> str:
    """What Snowflake shows beside a model's table."""
    return f"{model.description} Grain: {model.grain}. Owner: {model.owner}."


def set_comments(model: Model, table: str) -> list[str]:
    """What Snowflake shows beside a table and its columns, as the model says it today."""
    columns = [
        f"COMMENT ON COLUMN {table}.{identifier(column.name)} IS {literal(column.comment)}"
        for column in model.contract
    ]
    return [f"COMMENT ON TABLE {table} IS {literal(comment(model))}", *columns]


def swap(table: str, other: str) -> str:
    """Two tables trade places, at one instant for every reader."""
    return f"ALTER TABLE {table} SWAP WITH {other}"


def rename(kind: str, table: str, to: str) -> str:
    """What is of a kind, see `drop`, gets another name in its schema."""
    return f"ALTER {_word(kind)} {table} RENAME TO {to}"


def drop_table(table: str) -> str:
    """A table goes, if it is there."""
    return f"DROP TABLE IF EXISTS {table}"


def drop_view(view: str) -> str:
    """A view goes, if it is there."""
    return f"DROP VIEW IF EXISTS {view}"


def drop(kind: str, table: str) -> str:
    """What is of a kind goes: BASE TABLE, VIEW, DYNAMIC TABLE or ICEBERG TABLE."""
    return f"DROP {_word(kind)} IF EXISTS {table}"


def _word(kind: str) -> str:
    return "TABLE" if kind == "BASE TABLE" else kind


def count_rows(table: str) -> str:
    """ROW_COUNT of a table."""
    return f"SELECT COUNT(*) AS ROW_COUNT FROM {table}"


def count_rows_and_nulls(table: str, columns: Iterable[Column]) -> str:
    """ROW_COUNT, and NULLS_<n> for the n-th of the given columns."""
    nulls = "".join(
        f",\n            COUNT(*) - COUNT({identifier(column.name)}) AS NULLS_{position}"
        for position, column in enumerate(columns)
    )
    return f"""
        SELECT
            COUNT(*) AS ROW_COUNT{nulls}
        FROM {table}"""


def read_all_columns(model: Model, table: str) -> str:
    """Evaluate every value of a view, so that one that cannot be read is met before readers meet it."""
    counts = ", ".join(f"COUNT({identifier(column.name)})" for column in model.contract)
    return f"SELECT {counts} FROM {table}"


def duplicated_keys(table: str, key: Iterable[str], limit: int) -> str:
    """The first keys, in their order, that more than one row has; DUPLICATED says how many there are."""
    names = listed(key)
    return f"""
        SELECT {names}, COUNT(*) OVER () AS DUPLICATED
        FROM (
            SELECT {names}
            FROM {table}
            GROUP BY {names}
            HAVING COUNT(*) > 1
        ) AS TWICE
        ORDER BY {names}
        LIMIT {limit}"""
