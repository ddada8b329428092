"""An ALTER TABLE of a captured table, on its way through the log to the change tables.

Rules: "Handling changes to source tables" in Microsoft's page "What is change data capture (CDC)?", and
sp_cdc_get_ddl_history: "Entries in cdc.ddl_history are made at the time the capture process reads the DDL
transaction in the log". An added column is not captured by the instances that are there; a dropped one stays
in the change table and is NULL from then on; a changed type changes the change table and its rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
from duckdb import DuckDBPyConnection

import sandbox.sqlserver.cdc.lsn as lsn
from sandbox.sqlserver.cdc.instances import captured_type, lob_kind
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.engine.catalog import Catalog, save
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.retyping import retyped_sql
from sandbox.sqlserver.results import SqlType

_IMAGE = pa.schema(
    [
        ("name", pa.string()),
        ("type", pa.string()),
        ("length", pa.int32()),
        ("precision", pa.int32()),
        ("scale", pa.int32()),
    ]
)


@dataclass(frozen=True)
class SchemaChange:
    """The statement, the columns that have another type after it, and those that are gone."""

    command: str
    retyped: tuple[tuple[str, SqlType], ...]
    dropped: tuple[str, ...] = ()

    @classmethod
    def between(cls, before: TableDef, after: TableDef, command: str) -> SchemaChange:
        """What a statement did to a table."""
        old = {column.name: column.type for column in before.columns}
        changed = [c for c in after.columns if c.name in old and c.type != old[c.name]]
        dropped = old.keys() - {column.name for column in after.columns}
        return cls(command, tuple((column.name, column.type) for column in changed), tuple(sorted(dropped)))


def log_image(change: SchemaChange) -> pa.Table:
    """The change as the log keeps it: a row for each retyped column."""
    rows = [
        {"name": name, "type": t.name, "length": t.length, "precision": t.precision, "scale": t.scale}
        for name, t in change.retyped
    ]
    schema = _IMAGE.with_metadata({"command": change.command, "dropped": json.dumps(change.dropped)})
    return pa.Table.from_pylist(rows, schema=schema)


def from_log(image: pa.Table) -> SchemaChange:
    """The change that the log kept."""
    retyped = [
        (row["name"], SqlType(row["type"], row["length"], row["precision"], row["scale"]))
        for row in image.to_pylist()
    ]
    metadata = image.schema.metadata
    dropped = tuple(json.loads(metadata.get(b"dropped", b"[]")))
    return SchemaChange(metadata[b"command"].decode(), tuple(retyped), dropped)


def carry_over(
    connection: DuckDBPyConnection,
    database: str,
    instance: str,
    change: SchemaChange,
    commit_number: int,
    at: datetime,
) -> None:
    """Follow the change in a capture instance and note it in `cdc.ddl_history`.

    Raises:
        SqlServerError: 2628 a change that the instance has kept is longer than the new type.
        duckdb.Error: such a change cannot be converted to the new type.
    """
    db = identifier(database)
    row = connection.execute(
        f"SELECT object_id, source_object_id FROM {db}.cdc.change_tables WHERE capture_instance = ?",
        [instance],
    ).fetchone()
    if row is None:
        raise LookupError(f"no capture instance {instance} in {database}")
    object_id, source_id = row
    for name in change.dropped:
        _forget(connection, database, object_id, name)
    followed = [_follow(connection, database, instance, object_id, *column) for column in change.retyped]
    connection.execute(
        f"INSERT INTO {db}.cdc.ddl_history VALUES (?, ?, ?, ?, ?, ?)",
        [source_id, object_id, any(followed), change.command, lsn.commit_lsn(commit_number), at],
    )


def _forget(connection: DuckDBPyConnection, database: str, object_id: int, name: str) -> None:
    """A dropped column is NULL in the change table for good: a later column of its name is another one."""
    connection.execute(
        f"UPDATE {identifier(database)}.log.image_columns SET is_computed = TRUE, lob = '' "
        "WHERE change_table_id = ? AND column_name = ?",
        [object_id, name],
    )


def _follow(
    connection: DuckDBPyConnection, database: str, instance: str, object_id: int, name: str, new: SqlType
) -> bool:
    """Give a captured column its new type; False where the instance does not capture it."""
    db = identifier(database)
    captured = connection.execute(
        f"SELECT 1 FROM {db}.log.image_columns "
        "WHERE change_table_id = ? AND column_name = ? AND NOT is_computed",
        [object_id, name],
    ).fetchone()
    if captured is None:
        return False
    catalog = Catalog(connection, database)
    for object_name in (f"{instance}_CT", *(f"fn_cdc_get_{k}_changes_{instance}" for k in ("all", "net"))):
        declared = catalog.find("cdc", object_name)
        if declared is not None:
            _retype(connection, database, declared, name, captured_type(new))
    connection.execute(
        f"UPDATE {db}.cdc.captured_columns SET column_type = ? WHERE object_id = ? AND column_name = ?",
        [new.name, object_id, name],
    )
    connection.execute(
        f"UPDATE {db}.log.image_columns SET lob = ? WHERE change_table_id = ? AND column_name = ?",
        [lob_kind(new), object_id, name],
    )
    return True


def _retype(connection: DuckDBPyConnection, database: str, table: TableDef, name: str, new: SqlType) -> None:
    """A change table gets its rows converted; a function is declared anew."""
    column = table.column(name)
    if column is None:
        raise LookupError(f"{table.schema}.{table.name} has no column {name}")
    if table.kind == "S":
        label = f"{database}.{table.schema}.{table.name}"
        full = f"{identifier(database)}.{identifier(table.schema)}.{identifier(table.name)}"
        converting = retyped_sql(connection, full, label, column, new)
        if converting is not None:
            connection.execute(converting)
    columns = tuple(replace(c, type=new) if c.name == column.name else c for c in table.columns)
    save(connection, database, table.changed(columns=columns))
