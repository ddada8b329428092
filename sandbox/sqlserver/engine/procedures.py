"""System procedures: how one is written, registered and found by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.results import Column, Result, SqlServerError, SqlType

REQUIRED = object()
"""Marks a parameter that has no default."""


class CatalogView(Protocol):
    """What a procedure can ask about one database. Names are compared in any letter case."""

    def find(self, schema: str, name: str) -> TableDef | None:
        """A table (of the user or of the system) by name."""

    def by_id(self, object_id: int) -> TableDef | None:
        """A table by its object_id."""

    def tables(self) -> list[TableDef]:
        """All tables, user and system, by object_id."""


class ProcedureContext(Protocol):
    """The session a procedure runs in, seen from the procedure."""

    @property
    def connection(self) -> DuckDBPyConnection:
        """The session's connection. Every database is attached under its name; qualify all names."""

    @property
    def database(self) -> str:
        """The database the procedure runs in: the leading part of its name, or the current one."""

    @property
    def login(self) -> str:
        """The login, e.g. `sa`."""

    @property
    def is_owner(self) -> bool:
        """True for members of db_owner (and sysadmin)."""

    @property
    def is_sysadmin(self) -> bool:
        """True for members of sysadmin."""

    def is_member(self, role: str) -> bool:
        """Whether the login is a member of a role of the database."""

    def selectable(self, object_id: int) -> set[int]:
        """The numbers of a table's columns that the login may SELECT."""

    def sees(self, table: TableDef) -> bool:
        """Whether the catalog shows a table to the login."""

    def allows_on_server(self, permission: str) -> bool:
        """Whether the login holds a permission of the server."""

    def ensure_role(self, name: str) -> None:
        """Make a role of the database, unless a role of that name is there."""

    @property
    def catalog(self) -> CatalogView:
        """The catalog as this session sees it, its own uncommitted DDL included."""

    def begin_write(self) -> None:
        """Call before the first write: takes the database's writer lock, opens the transaction.

        The transaction commits when the procedure ends, unless the client has opened one of its own.
        Whether the login may do it, the procedure has checked before.
        """

    def create_system_table(self, schema: str, name: str, columns: Sequence[Column]) -> int:
        """Create a table with SQL Server types (a change table, say); returns its object_id.

        It is an ordinary DuckDB table, `"<database>"."<schema>"."<name>"`, written by whoever made it;
        clients may only read it. SELECT on it gives columns of exactly these types.
        """

    def declare_function(self, schema: str, name: str, columns: Sequence[Column]) -> int:
        """Tell which columns a DuckDB table macro returns, as SQL Server types; returns its object_id."""

    def schema_changed(self, database: str) -> None:
        """Something past the session, the capture job say, has changed the catalog of a database."""

    def drop_object(self, object_id: int) -> None:
        """Drop a system table, or forget a declared function (its macro is dropped by its maker)."""

    def run(self, sql: str) -> Iterator[Result]:
        """Run a T-SQL batch in this session, as EXEC('…') does."""


Procedure = Callable[[ProcedureContext, dict[str, Any]], Iterator[Result]]
"""Gets its parameters by lower-case name without @, every declared one present.

It yields results; a `ReturnStatus` is its RETURN value (0 if it yields none), an `OutputValue` sets an
output parameter.
"""


@dataclass(frozen=True)
class ProcedureParameter:
    """A declared parameter; `type` is what a client's value is converted to."""

    name: str
    type: SqlType
    default: Any = REQUIRED
    output: bool = False


@dataclass(frozen=True)
class ProcedureDef:
    """A procedure as registered: its full lower-case name (`sys.sp_x`), parameters in order, code."""

    name: str
    parameters: tuple[ProcedureParameter, ...]
    run: Procedure


def procedure(name: str, *parameters: ProcedureParameter) -> Callable[[Procedure], ProcedureDef]:
    """Decorate a function to become a registered procedure.

    >>> @procedure("sys.sp_cdc_disable_db")
    ... def disable_db(context, arguments): ...
    """
    return lambda run: ProcedureDef(name.lower(), parameters, run)


def bind_arguments(
    definition: ProcedureDef, positional: Sequence[Any], named: dict[str, Any]
) -> dict[str, Any]:
    """Arguments by lower-case parameter name, defaults filled in.

    Raises:
        SqlServerError: 8144 too many arguments, 8145 no such parameter, 201 a required one is missing.
    """
    name = definition.name.rpartition(".")[2]
    if len(positional) > len(definition.parameters):
        raise SqlServerError(8144, f"Procedure or function {name} has too many arguments specified.")
    values: dict[str, Any] = {}
    for parameter, value in zip(definition.parameters, positional, strict=False):
        values[parameter.name.lower()] = value
    known = {parameter.name.lower() for parameter in definition.parameters}
    for key, value in named.items():
        plain = key.lstrip("@").lower()
        if plain not in known:
            raise SqlServerError(8145, f"@{plain} is not a parameter for procedure {name}.")
        values[plain] = value
    for parameter in definition.parameters:
        key = parameter.name.lower()
        if key not in values:
            if parameter.default is REQUIRED:
                raise SqlServerError(
                    201,
                    f"Procedure or function '{name}' expects parameter '@{key}', which was not supplied.",
                    severity=16,
                    state=4,
                )
            values[key] = parameter.default
    return values
