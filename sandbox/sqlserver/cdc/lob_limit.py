"""`max text repl size`: what a LOB may have when it is written to a captured column."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.configuration import NO_LIMIT, max_text_repl_size
from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.types import BINARY, LOB, MAX, UNICODE


def check_lobs(
    connection: DuckDBPyConnection,
    database: str,
    table: TableDef,
    rows: pa.Table,
    assigned: Collection[str] | None,
) -> None:
    """Rows being written to a captured table; `assigned` names an UPDATE's columns, None an INSERT.

    Source: Microsoft's page on the server option "max text repl size": bytes of one value in one statement.

    Raises:
        SqlServerError: 7139 a value is longer.
    """
    written = [
        column
        for column in table.columns
        if (column.type.name in LOB or column.type.length == MAX)
        and (assigned is None or column.name in assigned)
    ]
    if not written or (limit := max_text_repl_size(connection)) == NO_LIMIT:
        return
    captured = _captured(connection, database, table.object_id)
    for column in written:
        if column.name in captured:
            is_unicode = column.type.name in UNICODE
            longest = _bytes(rows.column(column.name), is_unicode, column.type.name in BINARY)
            if longest > limit:
                raise error(7139, str(longest), str(limit))


def _captured(connection: DuckDBPyConnection, database: str, object_id: int) -> set[str]:
    db = identifier(database)
    rows = connection.execute(
        f"SELECT c.column_name FROM {db}.cdc.captured_columns AS c JOIN {db}.cdc.change_tables AS t "
        "ON t.object_id = c.object_id WHERE t.source_object_id = ?",
        [object_id],
    ).fetchall()
    return {name for (name,) in rows}


def _bytes(values: pa.ChunkedArray, is_unicode: bool, is_binary: bool) -> int:
    """The longest value as SQL Server stores it: two bytes a UTF-16 unit, one a character of varchar."""
    if is_binary:
        return int(pc.max(pc.binary_length(values)).as_py() or 0)
    longest = int(pc.max(pc.utf8_length(values)).as_py() or 0)
    return longest * 2 if is_unicode else longest
