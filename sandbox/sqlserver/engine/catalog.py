"""The catalog of one database: rows in its schema `catalog`, changed in the transaction of the DDL."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import quote
from sandbox.sqlserver.engine.model import (
    CheckDef,
    ColumnDef,
    ForeignKeyDef,
    KeyDef,
    TableDef,
)
from sandbox.sqlserver.engine.security.store import (
    DatabaseSecurity,
    ServerSecurity,
    create_security_storage,
)
from sandbox.sqlserver.results import SqlType

_STORAGE = """
CREATE SCHEMA IF NOT EXISTS {db}.dbo;
CREATE SCHEMA IF NOT EXISTS {db}.sys;
CREATE SCHEMA IF NOT EXISTS {db}.log;
CREATE SCHEMA IF NOT EXISTS {db}.catalog;
CREATE SCHEMA IF NOT EXISTS {db}.tsql_information_schema;
CREATE TABLE IF NOT EXISTS {db}.log.records (
    commit_number BIGINT, command_id INTEGER, object_id INTEGER, kind VARCHAR, row_count BIGINT,
    before BLOB, after BLOB, tran_id BLOB, begin_time TIMESTAMP, end_time TIMESTAMP
);
CREATE OR REPLACE VIEW {db}.log.commits AS
SELECT commit_number, any_value(tran_id) AS tran_id, min(begin_time) AS begin_time, max(end_time) AS end_time
FROM {db}.log.records
GROUP BY commit_number;
CREATE TABLE IF NOT EXISTS {db}.log.tracked_objects (object_id INTEGER);
CREATE TABLE IF NOT EXISTS {db}.catalog.database (
    database_id INTEGER, create_date TIMESTAMP, allow_snapshot BOOLEAN
);
CREATE TABLE IF NOT EXISTS {db}.catalog.schemas (schema_id INTEGER, name VARCHAR);
CREATE TABLE IF NOT EXISTS {db}.catalog.counters (name VARCHAR PRIMARY KEY, value BIGINT);
CREATE TABLE IF NOT EXISTS {db}.catalog.objects (
    object_id INTEGER PRIMARY KEY, schema_name VARCHAR, name VARCHAR, kind VARCHAR,
    created TIMESTAMP, modified TIMESTAMP, last_column_id INTEGER, last_index_id INTEGER,
    columns STRUCT(
        column_id INTEGER, name VARCHAR,
        type STRUCT(name VARCHAR, length INTEGER, precision INTEGER, scale INTEGER),
        nullable BOOLEAN, seed BIGINT, increment BIGINT, default_text VARCHAR, default_name VARCHAR,
        default_id INTEGER, computed VARCHAR, collation_name VARCHAR
    )[],
    keys STRUCT(
        name VARCHAR, columns VARCHAR[], kind VARCHAR, is_unique BOOLEAN, clustered BOOLEAN, index_id INTEGER,
        object_id INTEGER, descending BOOLEAN[]
    )[],
    checks STRUCT(name VARCHAR, condition VARCHAR, object_id INTEGER)[],
    foreign_keys STRUCT(
        name VARCHAR, columns VARCHAR[], parent_id INTEGER, parent_columns VARCHAR[], object_id INTEGER
    )[]
);
"""
FIRST_OBJECT_ID = 901_578_250
OBJECT_ID_STEP = 16_000_057
"""SQL Server's own ids of user objects grow in such steps."""


def create_storage(connection: DuckDBPyConnection, database: str) -> None:
    """Make the schemas and tables that every database needs; what is there stays."""
    connection.execute(_STORAGE.format(db=quote(database)))
    create_security_storage(connection, database)


class Catalog:
    """Tables by name and id, as one session sees them. Read once, then kept; `reload` after a change."""

    def __init__(self, connection: DuckDBPyConnection, database: str) -> None:
        self.database = database
        self._by_name: dict[tuple[str, str], TableDef] = {}
        self._by_id: dict[int, TableDef] = {}
        self.schemas: dict[str, int] = {}
        self.tracked: frozenset[int] = frozenset()
        self.described: dict[tuple[str, ...], Any] = {}
        self.allow_snapshot = False
        self.reload(connection)

    def reload(self, connection: DuckDBPyConnection) -> None:
        """Read everything again through a connection."""
        db = quote(self.database)
        rows = connection.execute(f"SELECT * FROM {db}.catalog.objects ORDER BY object_id").fetchall()
        tables = [_from_row(row) for row in rows]
        self._by_id = {table.object_id: table for table in tables}
        self._by_name = {(table.schema.lower(), table.name.lower()): table for table in tables}
        self.schemas = dict(
            connection.execute(f"SELECT lower(name), schema_id FROM {db}.catalog.schemas").fetchall()
        )
        tracked = connection.execute(f"SELECT object_id FROM {db}.log.tracked_objects").fetchall()
        self.tracked = frozenset(object_id for (object_id,) in tracked)
        row = connection.execute(f"SELECT allow_snapshot FROM {db}.catalog.database").fetchone()
        self.allow_snapshot = bool(row and row[0])
        self.security = DatabaseSecurity(connection, self.database)
        """Users, roles and permissions of the database."""
        self.server = ServerSecurity(connection) if self.database.lower() == "master" else None
        """Logins and server roles; in master only."""
        self.described = {}

    def find(self, schema: str, name: str) -> TableDef | None:
        """A table, system table or declared function by name."""
        return self._by_name.get((schema.lower(), name.lower()))

    def by_id(self, object_id: int) -> TableDef | None:
        """The same by object_id."""
        return self._by_id.get(object_id)

    def tables(self) -> list[TableDef]:
        """User and system tables, by object_id; declared functions are left out."""
        return [table for table in self._by_id.values() if table.kind in ("U", "S")]

    def everything(self) -> list[TableDef]:
        """Tables and declared functions."""
        return list(self._by_id.values())

    def referring_to(self, object_id: int) -> list[tuple[TableDef, ForeignKeyDef]]:
        """The foreign keys that refer to a table."""
        return [
            (table, key)
            for table in self._by_id.values()
            for key in table.foreign_keys
            if key.parent_id == object_id
        ]

    def object_named(self, schema: str, name: str) -> int | None:
        """The id of a table, function or constraint of that name."""
        table = self.find(schema, name)
        if table is not None:
            return table.object_id
        for owner in self._by_id.values():
            if owner.schema.lower() != schema.lower():
                continue
            constraints: list[KeyDef | CheckDef | ForeignKeyDef] = [
                *owner.keys,
                *owner.checks,
                *owner.foreign_keys,
            ]
            for constraint in constraints:
                if constraint.name.lower() == name.lower() and constraint.object_id:
                    return constraint.object_id
        return None


def save(connection: DuckDBPyConnection, database: str, table: TableDef) -> None:
    """Write a table's definition, new or changed, in the connection's transaction."""
    forget(connection, database, table.object_id)
    columns = [
        {
            "column_id": c.column_id,
            "name": c.name,
            "type": asdict(c.type),
            "nullable": c.nullable,
            "seed": c.identity[0] if c.identity else None,
            "increment": c.identity[1] if c.identity else None,
            "default_text": c.default,
            "default_name": c.default_name,
            "default_id": c.default_id,
            "computed": c.computed,
            "collation_name": c.collation,
        }
        for c in table.columns
    ]
    keys = [
        {
            "name": k.name,
            "columns": list(k.columns),
            "kind": k.kind,
            "is_unique": k.unique,
            "clustered": k.clustered,
            "index_id": k.index_id,
            "object_id": k.object_id,
            "descending": list(k.descending),
        }
        for k in table.keys
    ]
    checks = [asdict(check) for check in table.checks]
    foreign = [
        {**asdict(key), "columns": list(key.columns), "parent_columns": list(key.parent_columns)}
        for key in table.foreign_keys
    ]
    connection.execute(
        f"INSERT INTO {quote(database)}.catalog.objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            table.object_id,
            table.schema,
            table.name,
            table.kind,
            table.created,
            table.modified,
            table.last_column_id,
            table.last_index_id,
            columns,
            keys,
            checks,
            foreign,
        ],
    )


def forget(connection: DuckDBPyConnection, database: str, object_id: int) -> None:
    """Remove a table's definition."""
    connection.execute(f"DELETE FROM {quote(database)}.catalog.objects WHERE object_id = ?", [object_id])


def new_object_id(connection: DuckDBPyConnection, database: str) -> int:
    """The next object_id: never given twice in a database."""
    value = next_counter(connection, database, "object_id", FIRST_OBJECT_ID, OBJECT_ID_STEP)
    return value % 2_147_483_647


def next_counter(connection: DuckDBPyConnection, database: str, name: str, first: int, step: int) -> int:
    """Take the next value of a counter, in the connection's transaction."""
    counters = f"{quote(database)}.catalog.counters"
    row = connection.execute(f"SELECT value FROM {counters} WHERE name = ?", [name]).fetchone()
    value = first if row is None else int(row[0]) + step
    set_counter(connection, database, name, value)
    return value


def set_counter(connection: DuckDBPyConnection, database: str, name: str, value: int) -> None:
    """Write a counter."""
    counters = f"{quote(database)}.catalog.counters"
    updated = connection.execute(f"UPDATE {counters} SET value = ? WHERE name = ?", [value, name]).fetchone()
    if not updated or not updated[0]:
        connection.execute(f"INSERT INTO {counters} VALUES (?, ?)", [name, value])


def _from_row(row: tuple[Any, ...]) -> TableDef:
    (
        object_id,
        schema,
        name,
        kind,
        created,
        modified,
        last_column,
        last_index,
        columns,
        keys,
        checks,
        foreign,
    ) = row
    return TableDef(
        object_id=object_id,
        schema=schema,
        name=name,
        kind=kind,
        created=created,
        modified=modified,
        last_column_id=last_column,
        last_index_id=last_index,
        columns=tuple(
            ColumnDef(
                column_id=c["column_id"],
                name=c["name"],
                type=SqlType(**c["type"]),
                nullable=c["nullable"],
                identity=(c["seed"], c["increment"]) if c["seed"] is not None else None,
                default=c["default_text"],
                default_name=c["default_name"],
                default_id=c["default_id"] or 0,
                computed=c["computed"],
                collation=c["collation_name"],
            )
            for c in columns
        ),
        keys=tuple(
            KeyDef(
                k["name"],
                tuple(k["columns"]),
                k["kind"],
                k["is_unique"],
                k["clustered"],
                k["index_id"],
                k["object_id"],
                tuple(k["descending"]),
            )
            for k in keys
        ),
        checks=tuple(CheckDef(**c) for c in checks),
        foreign_keys=tuple(
            ForeignKeyDef(
                k["name"], tuple(k["columns"]), k["parent_id"], tuple(k["parent_columns"]), k["object_id"]
            )
            for k in foreign
        ),
    )
