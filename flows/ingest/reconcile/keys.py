"""Keys as rows carry them, and as the text that T-SQL and Snowflake compare with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from deployments.quoting import snowflake_text, tsql_name
from flows.ingest.snapshot.chunks import Key
from flows.ingest.tables.captured import CapturedTable, Column
from flows.ingest.tables.types import SqlType, key_literal

KeyValues = tuple[Any, ...]
"""A key's values as they travel in Arrow."""

ORDERED_ALIKE = frozenset(
    [
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "decimal",
        "numeric",
        "money",
        "smallmoney",
        "date",
        "time",
        "smalldatetime",
        "datetime",
        "datetime2",
    ]
)
"""Types that SQL Server and Snowflake sort alike; texts follow collations, GUIDs an order of their own."""

MICROSECOND_DIGITS = 6


def is_ordered_alike(table: CapturedTable) -> bool:
    """Whether a range of the table's keys means the same rows on both sides."""
    return all(column.sql_type.name in ORDERED_ALIKE for column in table.key)


def as_key(table: CapturedTable, values: KeyValues) -> Key:
    """A key's values as the texts that `key_literal` takes."""
    return tuple(_as_text(value, column.sql_type) for value, column in zip(values, table.key, strict=True))


def _as_text(value: Any, sql_type: SqlType) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ", timespec="microseconds")
        cut = MICROSECOND_DIGITS - sql_type.scale
        return text[:-cut].rstrip(".") if cut else text
    return str(value)


def tsql_is_one_of(table: CapturedTable, keys: Sequence[Key]) -> str:
    """The T-SQL condition that a row has one of some keys."""
    return " OR ".join(f"({' AND '.join(_tsql_equals(table, key))})" for key in keys)


def _tsql_equals(table: CapturedTable, key: Key) -> list[str]:
    return [
        f"{tsql_name(column.source_name)} = {key_literal(text, column.sql_type)}"
        for column, text in zip(table.key, key, strict=True)
    ]


def snowflake_in_range(table: CapturedTable, after: Key | None, up_to: Key | None) -> str:
    """The Snowflake condition that a row's key is in (after, up_to]; None is an open end."""
    conditions = []
    if after is not None:
        conditions.append(f"({_beyond(table.key, after, '>', is_inclusive=False)})")
    if up_to is not None:
        conditions.append(f"({_beyond(table.key, up_to, '<', is_inclusive=True)})")
    return " AND ".join(conditions) or "TRUE"


def _beyond(key: Sequence[Column], bound: Sequence[str], operator: str, *, is_inclusive: bool) -> str:
    """A row-value comparison, spelled out; the leading comparison alone lets Snowflake prune."""
    column, value = key[0], f"{snowflake_text(bound[0])}::{key[0].mapping.snowflake}"
    if len(key) == 1:
        return f"{column.quoted} {operator}{'=' if is_inclusive else ''} {value}"
    rest = _beyond(key[1:], bound[1:], operator, is_inclusive=is_inclusive)
    return f"{column.quoted} {operator}= {value} AND ({column.quoted} {operator} {value} OR {rest})"


def shown(values: KeyValues) -> str:
    """A key for people."""
    return ", ".join(value.hex() if isinstance(value, bytes) else str(value) for value in values)
