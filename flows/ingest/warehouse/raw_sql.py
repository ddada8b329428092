"""The statements on RAW's change logs and mirrors, each once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from deployments.quoting import snowflake_name, snowflake_text
from flows.ingest.changes.unchanged import quoted_mark
from flows.ingest.tables.captured import CHANGE_LOG_SUFFIX, RAW, CapturedTable, Column
from flows.ingest.tables.columns import PLATFORM_COLUMNS
from flows.ingest.warehouse.ops_sql import STAGE

RAW_COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION,
    NUMERIC_SCALE, DATETIME_PRECISION
FROM INFORMATION_SCHEMA.COLUMNS
WHERE TABLE_SCHEMA = 'RAW'
"""


def mirror(table: str) -> str:
    """The quoted name of a mirror."""
    return snowflake_name(RAW, table)


def change_log(table: str) -> str:
    """The quoted name of a change log."""
    return snowflake_name(RAW, f"{table}{CHANGE_LOG_SUFFIX}")


def create_change_log(table: CapturedTable) -> str:
    """The append-only log of a table's changes."""
    columns = [f"{column.quoted} {column.mapping.snowflake}" for column in table.columns]
    columns += [f"{name} {snowflake}" for name, snowflake, _ in PLATFORM_COLUMNS]
    return f"CREATE TABLE IF NOT EXISTS {change_log(table.name)} (\n    {lines(columns)}\n)"


def create_mirror(table: CapturedTable, *, replacing: bool = False) -> str:
    """The mirror of a table: its columns as they are now, tombstones included; its grants stay with it."""
    columns = [
        f"{column.quoted} {column.mapping.snowflake}{' NOT NULL' if column in table.key else ''}"
        for column in table.columns
    ]
    columns += [
        "_POSITION VARCHAR(50) NOT NULL",
        "_COMMITTED_AT TIMESTAMP_NTZ(9)",
        f"_DELETED BOOLEAN{' NOT NULL' if table.key else ''}",  # the files of a copy lack it
    ]
    if replacing:
        return f"CREATE OR REPLACE TABLE {mirror(table.name)} (\n    {lines(columns)}\n) COPY GRANTS"
    return f"CREATE TABLE IF NOT EXISTS {mirror(table.name)} (\n    {lines(columns)}\n)"


def add_column(table: str, column: Column) -> str:
    """A column of a table of RAW that is new."""
    name = snowflake_name(column.name)
    return f"ALTER TABLE {snowflake_name(RAW, table)} ADD COLUMN {name} {column.mapping.snowflake}"


def widen_column(table: str, column: Column, declaration: str) -> str:
    """A column of a table of RAW that holds more."""
    return (
        f"ALTER TABLE {snowflake_name(RAW, table)} ALTER COLUMN {column.quoted} SET DATA TYPE {declaration}"
    )


def rename_column(table: str, name: str, new_name: str) -> str:
    """A column of a table of RAW whose name another one takes."""
    old, new = snowflake_name(name), snowflake_name(new_name)
    return f"ALTER TABLE {snowflake_name(RAW, table)} RENAME COLUMN {old} TO {new}"


def empty_mirror(table: str) -> str:
    """All rows of a mirror, before a copy takes their place."""
    return f"DELETE FROM {mirror(table)}"


def mark_present(table: str) -> str:
    """The rows of a copy have no tombstones among them."""
    return f"UPDATE {mirror(table)} SET _DELETED = FALSE"


def copy_into(table: str, folder: str, names: Sequence[str]) -> str:
    """Append staged files to a table by its quoted name, column by column name.

    NULL_IF is empty, else a text that reads `\\N` would become NULL (Snowflake, "CREATE FILE FORMAT").
    """
    return f"""
COPY INTO {table}
FROM '@{STAGE}/{folder}/'
FILES = ({", ".join(map(snowflake_text, names))})
FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE NULL_IF = ())
MATCH_BY_COLUMN_NAME = CASE_SENSITIVE
"""


def merge_batch(table: CapturedTable, batch: str, low: Any, high: Any, *, has_changes: bool = True) -> str:
    """Bring a batch of a change log into the mirror: the latest change of each key, where it is not earlier.

    At the same position it is the same row, read again: with a column that was added since, for one.
    Operations 1 and 3 remove their key at their position. Of a large column the latest value that was set
    in the batch counts; when none was, the mirror keeps its own. `low` and `high` span the batch's first key
    column, so that Snowflake prunes the mirror's micro-partitions. A batch that has no changes was read by a
    snapshot, which has each key once: it needs no sorting.
    """
    source = _latest_changes(table, batch) if has_changes else _read_rows(table, batch)
    conditions = [f"m.{column.quoted} = s.{column.quoted}" for column in table.key]
    first = table.key[0]
    if first.mapping.is_ordered:
        conditions.append(f"m.{first.quoted} BETWEEN {_literal(low, first)} AND {_literal(high, first)}")
    updates = [f"m.{column.quoted} = {_merged(column, table)}" for column in table.values]
    updates += ["m._POSITION = s._POSITION", "m._COMMITTED_AT = s._COMMITTED_AT", "m._DELETED = FALSE"]
    names = [column.quoted for column in table.columns] + ["_POSITION", "_COMMITTED_AT", "_DELETED"]
    return f"""
MERGE INTO {mirror(table.name)} AS m
USING ({source}) AS s
ON {" AND ".join(conditions)}
WHEN MATCHED AND s._POSITION >= m._POSITION AND s._DELETED THEN UPDATE SET
    m._POSITION = s._POSITION,
    m._COMMITTED_AT = s._COMMITTED_AT,
    m._DELETED = TRUE
WHEN MATCHED AND s._POSITION >= m._POSITION THEN UPDATE SET
    {lines(updates)}
WHEN NOT MATCHED THEN INSERT ({", ".join(names)})
VALUES ({", ".join(f"s.{name}" for name in names)})
"""


def make_earlier(table: str) -> str:
    """Begin of a snapshot: what an earlier one read after the same watermark becomes earlier."""
    return f"UPDATE {mirror(table).replace('%', '%%')} SET _POSITION = %s WHERE _POSITION = %s"


def log_unseen(table: CapturedTable) -> str:
    """End of a snapshot, in the change log: the tombstones that `tombstone_unseen` makes in the mirror."""
    keys = ", ".join(column.quoted for column in table.key).replace("%", "%%")
    return f"""
INSERT INTO {change_log(table.name).replace("%", "%%")}
    ({keys}, _POSITION, _OPERATION, _COMMITTED_AT, _RUN_ID, _BATCH)
SELECT {keys}, %s, 1, %s::TIMESTAMP_NTZ(9), %s, %s
FROM {mirror(table.name).replace("%", "%%")}
WHERE _POSITION < %s AND NOT _DELETED
"""


def tombstone_unseen(table: str) -> str:
    """End of a snapshot: what neither the snapshot nor a later change touched is not in the source."""
    return f"""
UPDATE {mirror(table).replace("%", "%%")}
SET _DELETED = TRUE, _POSITION = %s, _COMMITTED_AT = %s
WHERE _POSITION < %s AND NOT _DELETED
"""


def count_rows(tables: Sequence[str]) -> str:
    """How many rows each mirror has, tombstones left out."""
    return "\nUNION ALL\n".join(
        f"SELECT {snowflake_text(name)} AS TABLE_NAME, COUNT(*) AS ROW_COUNT "
        f"FROM {mirror(name)} WHERE NOT _DELETED"
        for name in tables
    )


def read_mirror(table: CapturedTable) -> str:
    """The rows of a mirror in the form in which they travelled, for a proof."""
    columns = [f"{column.compare_expression} AS {column.quoted}" for column in table.columns]
    return f"SELECT\n    {lines(columns)}\nFROM {mirror(table.name)}\nWHERE NOT _DELETED"


def _latest_changes(table: CapturedTable, batch: str) -> str:
    """The last change of each key. NULLS LAST, though no position is NULL: so a maximum is enough."""
    keys = ", ".join(f"c.{column.quoted}" for column in table.key)
    columns = [
        f"{_latest_set(column, keys) if column in table.lobs else f'c.{column.quoted}'} AS {column.quoted}"
        for column in table.columns
    ]
    columns += [
        f"MAX(IFF({is_set(column)}, 1, 0)) OVER (PARTITION BY {keys}) AS {_set_flag(column)}"
        for column in table.lobs
    ]
    columns += ["c._POSITION AS _POSITION", "c._COMMITTED_AT AS _COMMITTED_AT"]
    return f"""
    SELECT
        {lines(columns, indent=8)},
        c._OPERATION IN (1, 3) AS _DELETED
    FROM {change_log(table.name)} AS c
    WHERE c._BATCH = {snowflake_text(batch)}
    QUALIFY ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY c._POSITION DESC NULLS LAST) = 1
"""


def _read_rows(table: CapturedTable, batch: str) -> str:
    """The rows of a batch that a snapshot read: each key once, with a value in each large column."""
    columns = [column.quoted for column in table.columns]
    columns += [f"1 AS {_set_flag(column)}" for column in table.lobs]
    return f"""
    SELECT
        {lines([*columns, "_POSITION", "_COMMITTED_AT"], indent=8)},
        FALSE AS _DELETED
    FROM {change_log(table.name)}
    WHERE _BATCH = {snowflake_text(batch)}
"""


def is_set(column: Column, log: str = "c") -> str:
    """Whether a row of a change log, by its alias, carries a value of a large column."""
    mark = snowflake_text(quoted_mark(column))
    return f"{log}._OPERATION IN (0, 2, 4) AND NOT CONTAINS(COALESCE({log}._UNCHANGED, ''), {mark})"


def _latest_set(column: Column, keys: str) -> str:
    recency = f"IFF({is_set(column)}, c._POSITION, NULL) DESC NULLS LAST"
    return f"FIRST_VALUE(c.{column.quoted}) OVER (PARTITION BY {keys} ORDER BY {recency})"


def _set_flag(column: Column) -> str:
    return snowflake_name(f"_SETS_{column.name}")


def _merged(column: Column, table: CapturedTable) -> str:
    if column.is_dropped:  # the change table has NULL in it from then on; what it was stays
        return f"COALESCE(s.{column.quoted}, m.{column.quoted})"
    if column not in table.lobs:
        return f"s.{column.quoted}"
    return f"IFF(s.{_set_flag(column)} = 1, s.{column.quoted}, m.{column.quoted})"


def lines(parts: Sequence[str], indent: int = 4) -> str:
    """A list of columns or expressions, one a line."""
    return (",\n" + " " * indent).join(parts)


def _literal(value: Any, column: Column) -> str:
    """A key value as a literal of its column's own Snowflake type, without which nothing is pruned."""
    if isinstance(value, bytes):
        return f"TO_BINARY('{value.hex()}', 'HEX')"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, float):
        return f"{value!r}::FLOAT"
    return f"{snowflake_text(str(value))}::{column.mapping.snowflake}"
