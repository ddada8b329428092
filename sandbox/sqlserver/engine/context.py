"""The session as a procedure sees it: `procedures.ProcedureContext`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine import catalog as catalog_store
from sandbox.sqlserver.engine.bound import quote
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.model import ColumnDef, TableDef
from sandbox.sqlserver.engine.security.access import Access
from sandbox.sqlserver.engine.security.principals import FIRST_USER, ROLE, Principal
from sandbox.sqlserver.engine.security.store import save_principal
from sandbox.sqlserver.engine.types import duckdb_type
from sandbox.sqlserver.results import Column, Result

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session


class SessionContext:
    """What a running procedure may do. Implements `procedures.ProcedureContext`."""

    def __init__(self, session: Session, database: str) -> None:
        self._session = session
        self._database = session.server.database(database).name

    @property
    def connection(self) -> DuckDBPyConnection:
        """The session's connection."""
        return self._session.connection

    @property
    def database(self) -> str:
        """The database the procedure runs in."""
        return self._database

    @property
    def login(self) -> str:
        """The login."""
        return self._session.login

    @property
    def is_owner(self) -> bool:
        """True for members of db_owner."""
        return self._access.is_db_owner

    @property
    def is_sysadmin(self) -> bool:
        """True for members of sysadmin."""
        return self._access.is_sysadmin

    @property
    def _access(self) -> Access:
        return self._session.access(self._database)

    def is_member(self, role: str) -> bool:
        """Whether the login is a member of a role."""
        principal = self.catalog.security.principals.named(role)
        return principal is not None and self._access.is_member(principal)

    def selectable(self, object_id: int) -> set[int]:
        """The numbers of a table's columns that the login may SELECT."""
        table = self.catalog.by_id(object_id)
        return set() if table is None else self._access.columns("SELECT", table)

    def sees(self, table: TableDef) -> bool:
        """Whether the catalog shows a table to the login."""
        return self._access.sees(table)

    def allows_on_server(self, permission: str) -> bool:
        """Whether the login holds a permission of the server."""
        return self._access.allows_on_server(permission)

    def ensure_role(self, name: str) -> None:
        """Make a role of the database, unless a role of that name is there."""
        principals = self.catalog.security.principals
        if principals.named(name) is None:
            role = Principal(principals.next_id(FIRST_USER), name, ROLE)
            save_principal(self.connection, self._database, role)
            self._reload()

    @property
    def catalog(self) -> Catalog:
        """The catalog with this session's own DDL."""
        return self._session.catalog(self._database)

    def begin_write(self) -> None:
        """Take the writer lock and open the transaction."""
        self._session.begin_write(self._database).mark_opaque()

    def create_system_table(self, schema: str, name: str, columns: Sequence[Column]) -> int:
        """Create a table that clients may only read; returns its object_id."""
        table = self._register(schema, name, columns, "S")
        listed = ", ".join(f"{quote(c.name)} {duckdb_type(c.type)}" for c in table.columns)
        self.connection.execute(
            f"CREATE TABLE {quote(self._database)}.{quote(schema)}.{quote(name)} ({listed})"
        )
        return table.object_id

    def declare_function(self, schema: str, name: str, columns: Sequence[Column]) -> int:
        """Tell a table macro's columns; returns its object_id."""
        return self._register(schema, name, columns, "IF").object_id

    def schema_changed(self, database: str) -> None:
        """The capture job has changed the catalog of a database."""
        self._session.server.schema_changed(database)

    def drop_object(self, object_id: int) -> None:
        """Drop a system table or forget a function."""
        table = self.catalog.by_id(object_id)
        if table is None:
            return
        if table.kind == "S":
            name = f"{quote(self._database)}.{quote(table.schema)}.{quote(table.name)}"
            self.connection.execute(f"DROP TABLE {name}")
        catalog_store.forget(self.connection, self._database, object_id)
        self._reload()

    def run(self, sql: str) -> Iterator[Result]:
        """Run T-SQL in this session."""
        from sandbox.sqlserver.engine.execute import run_text

        return run_text(self._session, sql, {})

    def _register(self, schema: str, name: str, columns: Sequence[Column], kind: str) -> TableDef:
        self.begin_write()
        if schema.lower() not in self.catalog.schemas:
            number = catalog_store.next_counter(self.connection, self._database, "schema_id", 5, 1)
            self.connection.execute(
                f"INSERT INTO {quote(self._database)}.catalog.schemas VALUES (?, ?)", [number, schema]
            )
        table = TableDef(
            object_id=catalog_store.new_object_id(self.connection, self._database),
            schema=schema,
            name=name,
            kind=kind,
            columns=tuple(
                ColumnDef(at, column.name, column.type, column.nullable)
                for at, column in enumerate(columns, 1)
            ),
            last_column_id=len(columns),
        )
        catalog_store.save(self.connection, self._database, table)
        self._reload()
        return table

    def _reload(self) -> None:
        work = self._session.ensure_work()
        work.catalog = Catalog(self.connection, self._database)
