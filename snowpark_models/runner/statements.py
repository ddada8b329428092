"""The SQL that the runner sends, one function a statement."""

from __future__ import annotations

from collections.abc import Iterable

from snowpark_models.contract import Column
from snowpark_models.model import LAYERS, Model
from snowpark_models.sources import SCHEMA as RAW

OPS = "OPS"


def identifier(name: str) -> str:
    """A quoted identifier of Snowflake, in upper case."""
    return '"' + name.upper().replace('"', '""') + '"'


def qualified(schema: str, table: str) -> str:
    """A table in a schema of the session's database, quoted."""
    return f"{identifier(schema)}.{identifier(table)}"


def literal(text: str) -> str:
    """A string literal of Snowflake."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def create_schema(schema: str) -> str:
    """A schema, unless it is there."""
    return f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}"


def create_ledger() -> str:
    """OPS.MODEL_RUNS, unless it is there."""
    return f"""
        CREATE TABLE IF NOT EXISTS {qualified(OPS, "MODEL_RUNS")} (
            RUN_ID VARCHAR NOT NULL,
            LAYER VARCHAR NOT NULL,
            MODEL VARCHAR NOT NULL,
            OUTCOME VARCHAR NOT NULL,
            ROW_COUNT NUMBER(19,0),
            STARTED_AT TIMESTAMP_NTZ NOT NULL,
            ENDED_AT TIMESTAMP_NTZ NOT NULL
        )"""


def insert_into_ledger(
    run_id: str, model: Model, outcome: str, row_count: int | None, started_at: str, ended_at: str
) -> str:
    """One row of OPS.MODEL_RUNS; times are ISO 8601 in UTC."""
    return f"""
        INSERT INTO {qualified(OPS, "MODEL_RUNS")}
            (RUN_ID, LAYER, MODEL, OUTCOME, ROW_COUNT, STARTED_AT, ENDED_AT)
        SELECT
            {literal(run_id)}, {literal(model.layer)}, {literal(model.name)}, {literal(outcome)},
            {"NULL" if row_count is None else row_count}::NUMBER(19,0),
            {literal(started_at)}::TIMESTAMP_NTZ, {literal(ended_at)}::TIMESTAMP_NTZ"""


def list_tables() -> str:
    """Schema and name of each table that the runner reads or writes."""
    schemas = ", ".join(literal(schema) for schema in (RAW, *(layer.upper() for layer in LAYERS)))
    return f"""
        SELECT TABLE_SCHEMA AS SCHEMA_NAME, TABLE_NAME AS TABLE_NAME
        FROM INFORMATION_SCHEMA.TABLES
        WHERE TABLE_SCHEMA IN ({schemas})"""


def create_like(schema: str, table: str, pattern: str) -> str:
    """An empty table with the columns and the grants of another one."""
    return f"CREATE TABLE {qualified(schema, table)} LIKE {qualified(schema, pattern)} COPY GRANTS"


def create_by_contract(model: Model) -> str:
    """The model's candidate, empty, with its contract's columns and the grants of the one it replaces."""
    columns = ",\n            ".join(
        f"{identifier(column.name)} {column.type} COMMENT {literal(column.comment)}"
        for column in model.contract
    )
    comment = f"{model.description} Grain: {model.grain}. Owner: {model.owner}."
    return f"""
        CREATE OR REPLACE TABLE {qualified(model.schema, model.candidate)} (
            {columns}
        ) COPY GRANTS COMMENT = {literal(comment)}"""


def swap(schema: str, table: str, other: str) -> str:
    """Two tables trade places, at one instant for every reader."""
    return f"ALTER TABLE {qualified(schema, table)} SWAP WITH {qualified(schema, other)}"


def rename(schema: str, table: str, to: str) -> str:
    """A table gets another name in its schema."""
    return f"ALTER TABLE {qualified(schema, table)} RENAME TO {qualified(schema, to)}"


def drop(schema: str, table: str) -> str:
    """A table goes, if it is there."""
    return f"DROP TABLE IF EXISTS {qualified(schema, table)}"


def count_rows_and_nulls(schema: str, table: str, columns: Iterable[Column]) -> str:
    """ROW_COUNT, and NULLS_<n> for the n-th of the given columns."""
    nulls = "".join(
        f",\n            COUNT(*) - COUNT({identifier(column.name)}) AS NULLS_{position}"
        for position, column in enumerate(columns)
    )
    return f"""
        SELECT
            COUNT(*) AS ROW_COUNT{nulls}
        FROM {qualified(schema, table)}"""


def duplicated_keys(schema: str, table: str, key: Iterable[str], limit: int) -> str:
    """The first keys, in their order, that more than one row has; DUPLICATED says how many there are."""
    names = ", ".join(identifier(name) for name in key)
    return f"""
        SELECT {names}, COUNT(*) OVER () AS DUPLICATED
        FROM (
            SELECT {names}
            FROM {qualified(schema, table)}
            GROUP BY {names}
            HAVING COUNT(*) > 1
        ) AS TWICE
        ORDER BY {names}
        LIMIT {limit}"""
