"""Inline rows for models: say only what matters, the contract or the source's schema gives the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from snowflake.snowpark import DataFrame, Session

from snowpark_models import Model
from snowpark_models.runner.names import identifier, literal

Value = str | int | float | bool | None
Types = Mapping[str, tuple[str, bool]]
"""Snowflake's type and whether NULL is allowed, by name of the column."""

SCHEMA = Path(__file__).parents[2] / "sandbox" / "shellcorp" / "schema.sql"
SNOWFLAKE_TYPES = {  # docs/architecture.md, RAW
    "bit": "BOOLEAN",
    "tinyint": "NUMBER(3,0)",
    "smallint": "NUMBER(5,0)",
    "int": "NUMBER(10,0)",
    "bigint": "NUMBER(19,0)",
    "money": "NUMBER(19,4)",
    "real": "FLOAT",
    "float": "FLOAT",
    "uniqueidentifier": "VARCHAR(36)",
    "date": "DATE",
    "datetime": "TIMESTAMP_NTZ(3)",
    "smalldatetime": "TIMESTAMP_NTZ(0)",
}
PLATFORM_COLUMNS: Types = {
    "_POSITION": ("VARCHAR(50)", False),
    "_COMMITTED_AT": ("TIMESTAMP_NTZ(9)", False),
    "_DELETED": ("BOOLEAN", False),
}
DEFAULTS = {"BOOLEAN": "FALSE", "DATE": "2026-01-01", "NUMBER": "0", "FLOAT": "0", "VARCHAR": ""}


def given(session: Session, of: Model | str, *rows: Mapping[str, Value]) -> DataFrame:
    """Rows as a model publishes them, or as RAW holds them when named like a source: `raw_orders`.

    Columns that a row leaves out are NULL where that is allowed, else 0, '', FALSE or 2026-01-01.
    """
    types = raw_types(of) if isinstance(of, str) else contract_types(of)
    return session.sql(as_query(types, rows))


def rows_of(result: DataFrame, *columns: str) -> list[tuple[object, ...]]:
    """The given columns of a result, in the order of the first ones."""
    chosen = result.select(*(identifier(name) for name in columns))
    return [tuple(row) for row in chosen.sort(*chosen.columns).collect()]


def publish(session: Session, table: str, types: Types, rows: Iterable[Mapping[str, Value]]) -> DataFrame:
    """The rows as a table of the session's database, with NULL for what a row leaves out."""
    columns = ", ".join(f"{identifier(name)} {kind}" for name, (kind, _) in types.items())
    session.sql(f"CREATE OR REPLACE TABLE {table} ({columns})").collect()
    cells = (", ".join(_plain_cell(row.get(name.lower())) for name in types) for row in rows)
    session.sql(f"INSERT INTO {table} VALUES {', '.join(f'({row})' for row in cells)}").collect()
    return session.table(table)


def as_query(types: Types, rows: tuple[Mapping[str, Value], ...]) -> str:
    """A query that returns the rows, in the given types."""
    for row in rows:
        unknown = {name.upper() for name in row} - set(types)
        assert not unknown, f"no such columns: {unknown}"
    selects = [_select(types, {name.upper(): value for name, value in row.items()}) for row in rows]
    return " UNION ALL ".join(selects) if selects else f"{_select(types, {})} WHERE FALSE"


def contract_types(model: Model) -> Types:
    """The columns of a model's contract."""
    return {column.name.upper(): (column.type, column.nullable) for column in model.contract}


def raw_types(source: str) -> Types:
    """The columns of a mirror, from the source's own DDL and the table of types in docs/architecture.md."""
    table = source.removeprefix("raw_")
    body = re.search(rf"CREATE TABLE dbo\.{table} \((.*?)\n\);", SCHEMA.read_text(), re.DOTALL)
    assert body is not None, f"no such source: {source}"
    declared = re.findall(
        r"^    (\w+) +(\w+)(\([\w, ]+\))?(?: IDENTITY\(1, 1\))? +(NOT NULL|NULL)", body[1], re.M
    )
    columns = {
        name.upper(): (_snowflake_type(kind, size), null == "NULL")
        for name, kind, size, null in declared
        if name != "CONSTRAINT"
    }
    return {**columns, **PLATFORM_COLUMNS}


def _snowflake_type(kind: str, size: str) -> str:
    if kind in SNOWFLAKE_TYPES:
        return SNOWFLAKE_TYPES[kind]
    if kind == "decimal":
        return f"NUMBER{size}"
    if kind == "datetime2":
        return f"TIMESTAMP_NTZ{size}"
    if kind == "time":
        return f"TIME{size}"
    if kind == "varbinary":
        return "BINARY"
    assert kind in ("char", "varchar", "nvarchar"), kind
    return "VARCHAR" if size == "(max)" else f"VARCHAR{size}"


def _select(types: Types, row: Mapping[str, Value]) -> str:
    columns = (
        f"{_cell(row.get(name, _default(kind, nullable)), kind)} AS {identifier(name)}"
        for name, (kind, nullable) in types.items()
    )
    return f"SELECT {', '.join(columns)}"


def _default(kind: str, nullable: bool) -> Value:
    return None if nullable else DEFAULTS.get(kind.partition("(")[0], "2026-01-01")


def _plain_cell(value: Value) -> str:
    return "NULL" if value is None else literal(str(value))


def _cell(value: Value, kind: str) -> str:
    if value is None:
        return f"NULL::{kind}"
    if kind == "BINARY":
        return f"TO_BINARY({literal(str(value))}, 'HEX')"
    return f"{literal(str(value))}::{kind}"
