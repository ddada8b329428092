"""What a session's statements see: its variables, the tables of its database, the moment, itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from sandbox.sqlserver.cdc.access import instance_of_function, may_read, readable_instances
from sandbox.sqlserver.engine import session_functions
from sandbox.sqlserver.engine.bound import Bound, Source, not_modelled, quote, string
from sandbox.sqlserver.engine.catalog_views import databases_sql
from sandbox.sqlserver.engine.clock import Clock
from sandbox.sqlserver.engine.context import SessionContext
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.errors import translate
from sandbox.sqlserver.engine.isolation import before_read
from sandbox.sqlserver.engine.literals import literal
from sandbox.sqlserver.engine.model import DEFAULT_COLLATION, TableDef
from sandbox.sqlserver.engine.security.access import denied
from sandbox.sqlserver.engine.security.system_objects import require_system_read
from sandbox.sqlserver.engine.security.visibility import visible_rows
from sandbox.sqlserver.engine.temporary import is_held
from sandbox.sqlserver.engine.types import DATETIME, MAX, SYSNAME, TEMPORAL, from_duckdb
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.catalog import Catalog
    from sandbox.sqlserver.engine.session import Session

_NAME_COLUMNS = (
    "name",
    "_name",
    "_desc",
    "_catalog",
    "_schema",
    "data_type",
    "is_nullable",
    "column_default",
)
_NO_LSN = "unhex('00000000000000000000')"


class SessionEnvironment:
    """The binder's view of a session, for one statement."""

    def __init__(
        self, session: Session, variables: dict[str, tuple[SqlType, Any]], written: int | None = None
    ) -> None:
        self._session = session
        self._variables = variables
        self._written = written
        """The object_id of an UPDATE's or DELETE's target: naming it there does not need SELECT."""
        self.clock = Clock.now(session.server.timezone)

    def variable(self, name: str) -> Bound:
        """@name as a literal of its type."""
        if name not in self._variables:
            raise SqlServerError(137, f'Must declare the scalar variable "@{name}".', severity=15)
        sql_type, value = self._variables[name]
        return literal(value, sql_type)

    def global_variable(self, name: str) -> Bound:
        """@@name."""
        return session_functions.global_variable(self._session, name)

    def session_function(self, name: str, arguments: list[Bound]) -> Bound | None:
        """DB_NAME, OBJECT_ID and alike."""
        return session_functions.session_function(self._session, name, arguments)

    # --- tables

    def table(self, parts: tuple[str, ...], alias: str) -> tuple[str, Source]:
        """A table, catalog view or any view that CDC made."""
        if len(parts) > 3:
            raise not_modelled("linked servers (a name of four parts)")
        if is_held(parts):
            held = self._session.temporary.named(parts[-1], self._variables)
            names = ((parts[-1].lower(),), tuple(part.lower() for part in parts))
            source = Source(alias, table_columns(held.table, alias), names if alias == parts[-1] else ())
            return held.sql(self._session.connection), source
        catalog = self._catalog(parts)
        schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
        name = parts[-1]
        qualifiers = (
            tuple(tuple(part.lower() for part in parts[at:]) for at in range(len(parts)))
            if alias == name
            else ()
        )
        full = tuple(part.lower() for part in (catalog.database, schema, name))
        if alias == name:
            qualifiers = (*qualifiers, full, full[1:])
        found = catalog.find(schema, name)
        if found is not None and found.kind != "IF":
            before_read(self._session, found)
            sql = f"{quote(catalog.database)}.{quote(found.schema)}.{quote(found.name)}"
            access = self._session.access(catalog.database)
            if found.object_id != self._written:
                access.require("SELECT", found)
            return sql, Source(alias, access.readable(found, table_columns(found, alias)), qualifiers)
        if (schema.lower(), name.lower()) == ("sys", "databases"):
            sql = f"({databases_sql(self._session.server.database_names())})"
            return sql, Source(alias, self._described(catalog, ("sys", "databases"), sql, alias), qualifiers)
        stored = "tsql_information_schema" if schema.lower() == "information_schema" else schema
        sql = f"{quote(catalog.database)}.{quote(stored)}.{quote(name)}"
        if not self._exists(catalog.database, stored, name):
            shown = ".".join(part for part in parts if part)
            raise SqlServerError(208, f"Invalid object name '{shown}'.")
        access = self._session.access(catalog.database)
        require_system_read(access, schema, name)
        columns = self._described(catalog, (stored.lower(), name.lower()), sql, alias)
        if stored.lower() in ("sys", "tsql_information_schema") and not access.is_unlimited:
            condition = visible_rows(access, catalog, name.lower(), [column.name for column in columns])
            sql = f"(SELECT * FROM {sql} WHERE {condition})" if condition else sql
        return sql, Source(alias, columns, qualifiers)

    def catalog_of(self, parts: tuple[str, ...]) -> Catalog:
        """The catalog that a name of one to three parts points into."""
        return self._catalog(parts)

    def _catalog(self, parts: tuple[str, ...]) -> Catalog:
        database = parts[-3] if len(parts) == 3 and parts[-3] else self._session.database
        self._session.access(database)
        return self._session.catalog(database)

    def _exists(self, database: str, schema: str, name: str) -> bool:
        """Views and tables that other rooms made; nothing of the engine's own storage."""
        if schema.lower() not in ("sys", "cdc", "dbo", "tsql_information_schema"):
            return False
        known = self._session.catalog(database).described
        key = ("exists", schema.lower(), name.lower())
        if key in known:
            return True
        row = self._session.connection.execute(
            "SELECT 1 FROM (SELECT database_name, schema_name, view_name AS name FROM "
            "duckdb_views() UNION ALL "
            "SELECT database_name, schema_name, table_name FROM duckdb_tables()) "
            "WHERE lower(database_name) = lower(?) AND lower(schema_name) = lower(?) AND "
            "lower(name) = lower(?)",
            [database, schema, name],
        ).fetchone()
        if row is not None:
            known[key] = True
        return row is not None

    def _described(self, catalog: Catalog, key: tuple[str, ...], sql: str, alias: str) -> tuple[Bound, ...]:
        columns = catalog.described.get(key)
        if columns is None:
            columns = catalog.described[key] = self._describe(f"SELECT * FROM {sql}", key)
        return tuple(Bound(f"{quote(alias)}.{quote(name)}", kind, True, name) for name, kind in columns)

    def _describe(self, sql: str, key: tuple[str, ...]) -> list[tuple[str, SqlType]]:
        try:
            rows = self._session.connection.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as error:
            raise translate(error) from error
        is_catalog = key[0] in ("sys", "tsql_information_schema")
        return [(row[0], _named_type(row[0], row[1]) if is_catalog else from_duckdb(row[1])) for row in rows]

    # --- functions

    def table_function(
        self, parts: tuple[str, ...], arguments: list[Bound], alias: str
    ) -> tuple[str, Source]:
        """A table macro; its columns as declared, or as DuckDB describes them."""
        catalog = self._catalog(parts)
        schema, name = parts[-2], parts[-1]
        inner = ", ".join(argument.sql for argument in arguments)
        declared = catalog.find(schema, name)
        if declared is None and not self._function_exists(catalog.database, schema, name):
            raise SqlServerError(208, f"Invalid object name '{'.'.join(parts)}'.")
        call = f"{quote(catalog.database)}.{quote(schema)}.{quote(name)}({inner})"
        if declared is not None:
            self._require_function(catalog.database, declared)
            columns = table_columns(declared, alias)
        else:
            described = self._describe(f"SELECT * FROM {call}", (schema, name))
            columns = tuple(Bound(f"{quote(alias)}.{quote(n)}", kind, True, n) for n, kind in described)
        return f"{call} AS {quote(alias)}", Source(alias, columns)

    def _require_function(self, database: str, function: TableDef) -> None:
        """Raises 229 where the login may not read the changes that a function of CDC gives."""
        reader = SessionContext(self._session, database)
        instance = instance_of_function(function)
        if instance is not None and not may_read(reader, instance):
            raise denied("SELECT", function.name, reader.database, function.schema)

    def scalar_function(self, parts: tuple[str, ...], arguments: list[Bound]) -> Bound:
        """A scalar macro such as `sys.fn_cdc_get_max_lsn()`."""
        catalog = self._catalog(parts)
        if len(parts) < 2:
            raise SqlServerError(
                195, f"'{parts[-1]}' is not a recognized built-in function name.", severity=15
            )
        schema, name = parts[-2], parts[-1]
        if not self._function_exists(catalog.database, schema, name):
            raise SqlServerError(
                4121,
                f'Cannot find either column "{parts[0]}" or the user-defined function or aggregate '
                f'"{".".join(parts)}", or the name is ambiguous.',
            )
        # The parameters of these functions that are moments are datetime.
        arguments = [convert(a, DATETIME) if a.type.name in TEMPORAL else a for a in arguments]
        call = f"{quote(catalog.database)}.{quote(schema)}.{quote(name)}"
        sql = f"{call}({', '.join(argument.sql for argument in arguments)})"
        nulls = ", ".join(f"CAST(NULL AS {_storage(argument)})" for argument in arguments)
        key = ("function", schema.lower(), name.lower(), nulls)
        if key not in catalog.described:
            catalog.described[key] = self._describe(f"SELECT {call}({nulls})", (schema, name))[0][1]
        kind = catalog.described[key]
        if kind.name == "varbinary" and "lsn" in name.lower():
            kind = SqlType("binary", length=10)
        if name.lower() == "fn_cdc_get_min_lsn":
            sql = self._min_lsn(catalog.database, arguments, sql)
        return Bound(sql, kind)

    def _min_lsn(self, database: str, arguments: list[Bound], sql: str) -> str:
        """fn_cdc_get_min_lsn gives 0x0 for an instance whose changes the login may not read."""
        if self._session.access(database).is_db_owner or len(arguments) != 1:
            return sql
        readable = readable_instances(SessionContext(self._session, database))
        names = ", ".join(string(name) for name in sorted(readable)) or "NULL"
        return f"CASE WHEN lower({arguments[0].sql}) IN ({names}) THEN {sql} ELSE {_NO_LSN} END"

    def _function_exists(self, database: str, schema: str, name: str) -> bool:
        row = self._session.connection.execute(
            "SELECT 1 FROM duckdb_functions() WHERE lower(database_name) = lower(?) AND "
            "lower(schema_name) = lower(?) "
            "AND lower(function_name) = lower(?) AND NOT internal",
            [database, schema, name],
        ).fetchone()
        return row is not None


def table_columns(table: TableDef, alias: str) -> tuple[Bound, ...]:
    """The columns of a table as a query sees them; the hidden row id is not among them."""
    return tuple(
        Bound(
            f"{quote(alias)}.{quote(column.name)}",
            column.type,
            column.nullable,
            column.name,
            None if column.collation == DEFAULT_COLLATION else column.collation,
            column.identity is not None,
        )
        for column in table.columns
    )


def _storage(argument: Bound) -> str:
    from sandbox.sqlserver.engine.types import duckdb_type

    return duckdb_type(argument.type)


_CATALOG_TEXTS = {
    "type": SqlType("char", length=2),
    "definition": SqlType("nvarchar", length=MAX),
    "filter_definition": SqlType("nvarchar", length=MAX),
    "error_message": SqlType("nvarchar", length=1024),
}
"""Microsoft, "System catalog views" and sys.dm_cdc_errors."""


def _named_type(name: str, duckdb_name: str) -> SqlType:
    """The type of a catalog view's column; most of its texts are sysname."""
    if duckdb_name == "VARCHAR":
        return _CATALOG_TEXTS.get(name, SYSNAME)
    if duckdb_name == "TIMESTAMP":
        return SqlType("datetime", scale=3)
    return from_duckdb(duckdb_name)
