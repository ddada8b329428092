"""A column gets another type: in ALTER TABLE, and in a change table when CDC reads of it in the log."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import Bound, quote, string
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.model import ColumnDef
from sandbox.sqlserver.engine.types import BINARY, MAX, TEXT, duckdb_type
from sandbox.sqlserver.results import SqlServerError, SqlType


def retyped_sql(
    connection: DuckDBPyConnection, table: str, label: str, column: ColumnDef, new_type: SqlType
) -> str | None:
    """DuckDB's statement that converts a stored column; None where nothing changes in its storage.

    Args:
        table: the table's name in DuckDB.
        label: its name in messages, `database.schema.table`.

    Raises:
        SqlServerError: 2628 a value is longer than the new type allows.
        duckdb.Error: a value cannot be converted.
    """
    value = Bound(quote(column.name), column.type, column.nullable, collation=column.collation)
    converted = convert(value, new_type, fit=False).sql
    if new_type.name in TEXT | BINARY and new_type.length not in (0, MAX):
        _check_lengths(connection, table, label, column.name, converted, new_type)
    if converted == quote(column.name) and duckdb_type(column.type) == duckdb_type(new_type):
        return None
    connection.execute(f"SELECT count({converted}) FROM {table}").fetchall()  # errors of rows that are there
    # DuckDB converts deleted rows too, as long as they lie in its file: their errors must not count.
    lenient = convert(value, new_type, fit=False, safe=True).sql
    return (
        f"ALTER TABLE {table} ALTER COLUMN {quote(column.name)} "
        f"SET DATA TYPE {duckdb_type(new_type)} USING {lenient}"
    )


def _check_lengths(
    connection: DuckDBPyConnection, table: str, label: str, name: str, converted: str, new_type: SqlType
) -> None:
    is_text = new_type.name in TEXT
    size = f"tsql_units(rtrim({converted}, ' '))" if is_text else f"octet_length({converted})"
    shown = f"left({converted}, {new_type.length})" if is_text else string("")
    found = connection.execute(
        f"SELECT {shown} FROM {table} WHERE {size} > {new_type.length} LIMIT 1"
    ).fetchone()
    if found is not None:
        raise SqlServerError(
            2628,
            f"String or binary data would be truncated in table '{label}', column '{name}'. "
            f"Truncated value: '{found[0]}'.",
        )
