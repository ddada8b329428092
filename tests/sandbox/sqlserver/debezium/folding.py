"""Debezium's events folded to tables, and tables read in the same form.

How Debezium writes a type with its default settings: its page on the SQL Server connector, "Data type
mappings".
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from numpy import float32

from sandbox.shellcorp.server import Server
from tests.sandbox.sqlserver.debezium.connector import Event

_EPOCH = date(1970, 1, 1)
Table = dict[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class ColumnType:
    """A column's type in sys.columns."""

    name: str
    scale: int
    is_max: bool
    is_nullable: bool

    def is_missing(self, value: Any) -> bool:
        """Whether an event says nothing of a (max) column: null, which is empty where there is no null."""
        return self.is_max and value == (None if self.is_nullable else "")


def column_types(server: Server) -> dict[str, dict[str, ColumnType]]:
    """By table and column."""
    found: dict[str, dict[str, ColumnType]] = {}
    with server.connect("debezium tests", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.name, c.name, y.name, c.scale, c.max_length, c.is_nullable FROM sys.tables AS t "
            "JOIN sys.columns AS c ON c.object_id = t.object_id "
            "JOIN sys.types AS y ON y.user_type_id = c.user_type_id "
            "WHERE t.is_ms_shipped = 0 ORDER BY t.name, c.column_id"
        )
        for table, column, kind, scale, length, nullable in cursor.fetchall():
            described = ColumnType(str(kind), int(str(scale)), length == -1, bool(nullable))
            found.setdefault(str(table), {})[str(column)] = described
    return found


def stored(server: Server, types: dict[str, dict[str, ColumnType]]) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables; moments as texts, because Python has no 100 ns."""
    tables: dict[str, list[dict[str, Any]]] = {}
    with server.connect("debezium tests", autocommit=True) as connection, connection.cursor() as cursor:
        for table, columns in types.items():
            listed = ", ".join(
                f"CONVERT(varchar(40), [{name}], 121)" if _is_moment(kind) else f"[{name}]"
                for name, kind in columns.items()
            )
            cursor.execute(f"SELECT {listed} FROM dbo.[{table}]")
            tables[table] = [
                {name: _plain(value, columns[name]) for name, value in zip(columns, row, strict=True)}
                for row in cursor.fetchall()
            ]
    return tables


def folded(
    events: Iterable[Event], types: dict[str, dict[str, ColumnType]]
) -> dict[str, list[dict[str, Any]]]:
    """The last state of each key; deleted keys are gone."""
    tables: dict[str, Table] = {table: {} for table in types}
    for event in events:
        rows, key = tables[event.table], tuple(event.key.values())
        if event.operation == "d":
            rows.pop(key, None)
        elif event.value is not None:
            rows[key] = _after(event.value, types[event.table], rows.get(key))
    return {table: list(rows.values()) for table, rows in tables.items()}


def _after(
    value: dict[str, Any], types: dict[str, ColumnType], known: dict[str, Any] | None
) -> dict[str, Any]:
    """The row after an event.

    A (max) column that an update left alone is NULL in the change table. Debezium 3.6 hands it on as null, on
    SQL Server as here (debezium#8078): its placeholder needs a column type that mssql-jdbc 12 does not tell
    (mssql-jdbc#1496). A column that was set to NULL has its old value in `before`, and is told by that.
    """
    before, after = value["before"] or {}, value["after"]
    return {
        name: known[name]
        if known is not None and types[name].is_missing(given) and types[name].is_missing(before.get(name))
        else _decoded(given, types[name])
        for name, given in after.items()
    }


def _is_moment(kind: ColumnType) -> bool:
    return kind.name in ("date", "time", "datetime", "datetime2", "smalldatetime")


def _plain(value: Any, kind: ColumnType) -> Any:
    """A value as pymssql gives it, which widens real to 1.7000000476837158."""
    if kind.name == "real" and value is not None:
        return float(str(float32(value)))
    return str(value).upper() if isinstance(value, UUID) else value


def _decoded(value: Any, kind: ColumnType) -> Any:
    if value is None:
        return None
    if kind.name in ("decimal", "numeric", "money", "smallmoney"):
        unscaled = int.from_bytes(base64.b64decode(value), "big", signed=True)
        return Decimal(unscaled).scaleb(-kind.scale)
    if kind.name in ("binary", "varbinary", "image"):
        return base64.b64decode(value)
    return _moment(value, kind) if _is_moment(kind) else value


def _moment(value: int, kind: ColumnType) -> str:
    """The number as SQL Server's style 121 writes the moment."""
    if kind.name == "date":
        return str(_EPOCH + timedelta(days=value))
    digits = {"datetime": 3, "smalldatetime": 3}.get(kind.name, kind.scale)
    unit = 1_000 if digits <= 3 else 1_000_000 if digits <= 6 else 1_000_000_000
    seconds, rest = divmod(value, unit)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    fraction = f"{rest:0{len(str(unit)) - 1}d}"[:digits]
    text = f"{clock}.{fraction}" if digits else clock
    return text if kind.name == "time" else f"{_EPOCH + timedelta(days=days)} {text}"
