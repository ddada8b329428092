"""Statements of incremental runs: which parts changed, what they are now, what goes and comes."""

from __future__ import annotations

from collections.abc import Sequence

from snowpark_models.contract import Column
from snowpark_models.model import Model
from snowpark_models.runner.names import Tables, identifier, listed, literal

PRUNING = ("NUMBER", "VARCHAR", "DATE")
"""Families of types whose bounds keep all their digits as text."""


def create_change_log(model: Model, table: str) -> str:
    """An empty change log of a model, anew: its rows that went or came, each with the version that did it."""
    columns = ", ".join(f"{identifier(column.name)} {column.type}" for column in model.contract)
    return f"""
        CREATE OR REPLACE TABLE {table} (
            {columns}, _VERSION NUMBER(19,0), _IS_GONE BOOLEAN, _PUBLISHED_AT TIMESTAMP_NTZ
        ) COPY GRANTS COMMENT = 'Rows of {model.table} that went (_IS_GONE) or came with each version.'"""


def changed_rows(change_log: str, columns: Sequence[str], after: int, up_to: int) -> str:
    """Some columns of the rows that went or came in versions (after, up_to]."""
    return f"""
        SELECT DISTINCT {listed(columns)}
        FROM {change_log}
        WHERE _VERSION > {after} AND _VERSION <= {up_to}"""


def parts_in_range(table: str, parts: Sequence[str], column: Column, begin: str, end: str) -> str:
    """The parts of the rows of a table whose column is in [begin, end)."""
    name = identifier(column.name)
    return f"""
        SELECT DISTINCT {listed(parts)}
        FROM {table}
        WHERE {name} >= {literal(begin)}::{column.type} AND {name} < {literal(end)}::{column.type}"""


def is_before(begin: str, end: str, column_type: str) -> str:
    """Whether one value is less than another, both as texts."""
    return f"SELECT {literal(begin)}::{column_type} < {literal(end)}::{column_type}"


def through(bridge: str, parts: Sequence[str], key: Sequence[str], changed: str) -> str:
    """The parts of a bridge's rows whose upstream, by its key, is among some changed rows."""
    matches = " AND ".join(f"c.{identifier(name)} = b.{identifier(name)}" for name in key)
    return f"""
        SELECT DISTINCT {listed(parts, "b")}
        FROM {bridge} AS b
        WHERE EXISTS (SELECT 1 FROM ({changed}) AS c WHERE {matches})"""


def create_parts(table: str, parts: Sequence[str], queries: Sequence[str]) -> str:
    """The parts that any of some queries found, each once; NULL, which is none, among them."""
    found = "\n        UNION ALL\n".join(queries)
    return f"""
        CREATE OR REPLACE TRANSIENT TABLE {table} AS
        SELECT DISTINCT {listed(parts)}
        FROM ({found}) AS FOUND"""


def create_sample(table: str, parts: Sequence[str], of: str, every_other: int, limit: int) -> str:
    """Every other one of some parts that a hash picks, from the first (1) or the second (0); none of one."""
    return f"""
        CREATE OR REPLACE TRANSIENT TABLE {table} AS
        SELECT {listed(parts)}
        FROM (
            SELECT
                {listed(parts)},
                ROW_NUMBER() OVER (ORDER BY HASH({listed(parts)}), {listed(parts)}) AS PLACE,
                COUNT(*) OVER () AS ALL_OF_THEM
            FROM (SELECT DISTINCT {listed(parts)} FROM {of}) AS EACH_PART
        ) AS COUNTED
        WHERE MOD(PLACE, 2) = {every_other} AND PLACE < 2 * {limit} AND ALL_OF_THEM > 1"""


def of_parts(table: str, parts_table: str, parts: Sequence[str]) -> str:
    """The rows of a table that belong to some parts."""
    matches = " AND ".join(f"p.{identifier(name)} = t.{identifier(name)}" for name in parts)
    return f"SELECT t.* FROM {table} AS t WHERE EXISTS (SELECT 1 FROM {parts_table} AS p WHERE {matches})"


def without_part(table: str, parts: Sequence[str]) -> str:
    """The rows of a table that belong to no part."""
    return f"SELECT t.* FROM {table} AS t WHERE {_is_unknown(parts)}"


def count_without_part(table: str, parts: Sequence[str]) -> str:
    """ROW_COUNT of the rows that belong to no part."""
    return f"SELECT COUNT(*) AS ROW_COUNT FROM {table} AS t WHERE {_is_unknown(parts)}"


def _is_unknown(parts: Sequence[str]) -> str:
    return " OR ".join(f"t.{identifier(name)} IS NULL" for name in parts)


def referred_to(table: str, key: Sequence[str], bridge_rows: str) -> str:
    """The rows of a table that some rows of a bridge refer to by its key."""
    matches = " AND ".join(f"b.{identifier(name)} = t.{identifier(name)}" for name in key)
    return f"SELECT t.* FROM {table} AS t WHERE EXISTS (SELECT 1 FROM ({bridge_rows}) AS b WHERE {matches})"


def count_foreign_rows(table: str, parts_table: str, parts: Sequence[str]) -> str:
    """ROW_COUNT of the rows of a batch that belong to none of the parts that it was computed for."""
    matches = " AND ".join(f"p.{identifier(name)} = t.{identifier(name)}" for name in parts)
    return f"""
        SELECT COUNT(*) AS ROW_COUNT
        FROM {table} AS t
        WHERE NOT EXISTS (SELECT 1 FROM {parts_table} AS p WHERE {matches})"""


def create_audit(model: Model, tables: Tables, *, with_quarantine: bool = False) -> str:
    """A view of what the table would be with its batch, and with the rows in quarantine where wanted."""
    columns = [column.name for column in model.contract]
    matches = " AND ".join(f"p.{identifier(name)} = t.{identifier(name)}" for name in model.parts)
    others = "".join(
        f"""
        SELECT {listed(columns, "t")}
        FROM {table} AS t
        WHERE NOT EXISTS (SELECT 1 FROM {tables.parts} AS p WHERE {matches})
        UNION ALL"""
        for table in (tables.published, *([tables.quarantine] if with_quarantine else []))
    )
    return f"""
        CREATE OR REPLACE VIEW {tables.audit} AS{others}
        SELECT {listed(columns)}
        FROM {tables.batch}"""


def create_images(model: Model, tables: Tables) -> str:
    """The rows that the batch takes away and brings; one that it leaves as it was is neither."""
    columns = listed(column.name for column in model.contract)
    before = f"SELECT {columns} FROM ({of_parts(tables.published, tables.parts, model.parts)}) AS BEFORE_IT"
    after = f"SELECT {columns} FROM {tables.batch}"
    return f"""
        CREATE OR REPLACE TRANSIENT TABLE {tables.images} AS
        SELECT GONE.*, TRUE AS _IS_GONE FROM ({before} EXCEPT {after}) AS GONE
        UNION ALL
        SELECT COME.*, FALSE AS _IS_GONE FROM ({after} EXCEPT {before}) AS COME"""


def count_images(tables: Tables) -> str:
    """How many rows go, and how many come."""
    return f"SELECT COUNT_IF(_IS_GONE) AS GONE, COUNT_IF(NOT _IS_GONE) AS COME FROM {tables.images}"


def bounds(model: Model, tables: Tables) -> str:
    """LOW and HIGH of the images' first key column, as text."""
    first = identifier(model.key[0])
    return f"SELECT MIN({first})::VARCHAR AS LOW, MAX({first})::VARCHAR AS HIGH FROM {tables.images}"


def log_images(model: Model, tables: Tables, version: int) -> str:
    """Append the images to the model's change log."""
    columns = listed(column.name for column in model.contract)
    return f"""
        INSERT INTO {tables.change_log} ({columns}, _VERSION, _IS_GONE, _PUBLISHED_AT)
        SELECT {columns}, {version}, _IS_GONE, CURRENT_TIMESTAMP()::TIMESTAMP_NTZ
        FROM {tables.images}"""


def merge_images(model: Model, tables: Tables, low: str, high: str) -> str:
    """Bring the images into the published table; `low` and `high` let Snowflake prune."""
    names = [column.name for column in model.contract]
    conditions = [f"t.{identifier(name)} = s.{identifier(name)}" for name in model.key]
    first = next(column for column in model.contract if column.name.upper() == model.key[0].upper())
    if first.family in PRUNING:
        span = f"{literal(low)}::{first.type} AND {literal(high)}::{first.type}"
        conditions.append(f"t.{identifier(first.name)} BETWEEN {span}")
    updates = ", ".join(f"t.{identifier(name)} = s.{identifier(name)}" for name in names)
    return f"""
        MERGE INTO {tables.published} AS t
        USING (
            SELECT {listed(names)}, _IS_GONE
            FROM {tables.images}
            QUALIFY ROW_NUMBER() OVER (PARTITION BY {listed(model.key)} ORDER BY _IS_GONE) = 1
        ) AS s
        ON {" AND ".join(conditions)}
        WHEN MATCHED AND s._IS_GONE THEN DELETE
        WHEN MATCHED THEN UPDATE SET {updates}
        WHEN NOT MATCHED THEN INSERT ({listed(names)}) VALUES ({listed(names, "s")})"""


def trim_change_log(change_log: str, before: int) -> str:
    """Forget versions that nobody asks for any more."""
    return f"DELETE FROM {change_log} WHERE _VERSION < {before}"


def rows_that_differ(model: Model, one: str, other: str, limit: int) -> str:
    """Keys of rows that one query has and another one has not; ALL_OF_THEM counts them."""
    columns = listed(column.name for column in model.contract)
    return f"""
        SELECT {listed(model.key)}, COUNT(*) OVER () AS ALL_OF_THEM
        FROM (SELECT {columns} FROM ({one}) AS A EXCEPT SELECT {columns} FROM ({other}) AS B) AS DIFFERENT
        ORDER BY {listed(model.key)}
        LIMIT {limit}"""
