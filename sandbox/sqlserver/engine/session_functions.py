"""@@variables and functions about the session, the server and the catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.literals import literal
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.names import name_parts
from sandbox.sqlserver.engine.security import functions as security_functions
from sandbox.sqlserver.engine.security.functions import visible_object
from sandbox.sqlserver.engine.security.visibility import visible_rows
from sandbox.sqlserver.engine.types import BINARY, INT, SYSNAME, VARIANT
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

VERSION = (
    "Microsoft SQL Server 2022 (RTM-CU16) - 16.0.4165.4 (X64) \n\tStand-in for tests, on DuckDB\n\t"
    "Developer Edition (64-bit)"
)
PRODUCT_VERSION = "16.0.4165.4"
_TEXT = SqlType("nvarchar", length=4000)
_NUMERIC38 = SqlType("decimal", precision=38)


def global_variable(session: Session, name: str) -> Bound:
    """@@name. Raises SqlServerError 137 for an unknown one."""
    state = session.state
    values: dict[str, tuple[Any, SqlType]] = {
        "rowcount": (state.row_count, INT),
        "trancount": (session.transaction_count, INT),
        "error": (state.error_number, INT),
        "identity": (state.identity, _NUMERIC38),
        "version": (VERSION, SqlType("nvarchar", length=300)),
        "spid": (session.id, SqlType("smallint", precision=5)),
        "servername": (session.server.name, SYSNAME),
        "servicename": ("MSSQLSERVER", SYSNAME),
        "language": ("us_english", SYSNAME),
        "lock_timeout": (state.lock_timeout, INT),
        "max_precision": (38, SqlType("tinyint", precision=3)),
        "microsoftversion": (0x10001045, INT),
        "nestlevel": (session.nest_level, INT),
        "datefirst": (7, SqlType("tinyint", precision=3)),
        "textsize": (2147483647, INT),
        "options": (5496, INT),
    }
    if name == "dbts":
        value = session.server.database(session.database).sequences.last("rowversion") or 0
        return literal(value.to_bytes(8, "big"), SqlType("varbinary", length=8))
    if name not in values:
        raise SqlServerError(137, f'Must declare the scalar variable "@@{name}".', severity=15)
    value, sql_type = values[name]
    return literal(value, sql_type)


def session_function(session: Session, name: str, arguments: list[Bound]) -> Bound | None:
    """A function about the session or the catalog; None when there is none of that name."""
    columns = _OVER_ROWS.get(name)
    if columns is not None and any(not argument.is_constant for argument in arguments):
        return columns(session, arguments)
    function = _FUNCTIONS.get(name)
    if function is None:
        return None
    if any(not argument.is_constant for argument in arguments):
        raise not_modelled(f"{name} of anything but literals and variables")
    value, sql_type = function(session, [argument.constant for argument in arguments])
    found = literal(value, sql_type)
    return convert(found, VARIANT) if name in _VARIANTS else found


def _object_id(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    if values[0] is None:
        return None, INT
    parts = name_parts(str(values[0]))
    if not 1 <= len(parts) <= 3:
        return None, INT
    if parts[-1].startswith("#"):
        held = session.temporary.find(parts[-1])
        return (held.table.object_id if held is not None else None), INT
    if len(parts) == 3 and not session.server.has_database(parts[0]):
        return None, INT
    catalog = session.catalog(parts[0] if len(parts) == 3 else session.database)
    schema = parts[-2] if len(parts) > 1 else "dbo"
    found = catalog.object_named(schema, parts[-1])
    kind = str(values[1]).upper() if len(values) > 1 and values[1] is not None else None
    table = catalog.by_id(found) if found is not None else None
    if table is not None and visible_object(session, catalog.database, table) is None:
        return None, INT
    if kind is not None and table is not None and kind != ("U" if table.kind == "S" else table.kind):
        return None, INT
    return found, INT


def _object_of(session: Session, values: list[Any]) -> TableDef | None:
    """The object of an id and, if given, a database id; None where the login may not know of it."""
    name = (
        session.server.database_by_id(int(values[1])) if len(values) > 1 and values[1] is not None else None
    )
    database = name or session.database
    return visible_object(session, database, session.catalog(database).by_id(values[0]))


def _object_name(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    table = _object_of(session, values)
    return (table.name if table else None), SYSNAME


def _object_schema(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    table = _object_of(session, values)
    return (table.schema if table else None), SYSNAME


def _name_over_rows(field: str) -> Callable[[Session, list[Bound]], Bound]:
    """OBJECT_NAME of a column: looked up in the rows of the catalog."""

    def call(session: Session, arguments: list[Bound]) -> Bound:
        database = session.database
        if len(arguments) > 1:
            if not isinstance(arguments[1].constant, int):
                raise not_modelled("OBJECT_NAME with a database id that is no constant")
            database = session.server.database_by_id(arguments[1].constant) or database
        catalog = session.catalog(database)
        seen = visible_rows(session.access(database), catalog, "objects", ["object_id"])
        sql = (
            f'(SELECT o.{field} FROM "{catalog.database}".catalog.objects AS o WHERE '
            f"o.object_id = {arguments[0].sql}{f' AND o.{seen}' if seen else ''})"
        )
        return Bound(sql, SYSNAME)

    return call


def _object_id_over_rows(session: Session, arguments: list[Bound]) -> Bound:
    del session, arguments
    raise not_modelled("OBJECT_ID of a column")


def _col_name(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    table = session.catalog(session.database).by_id(values[0])
    column = next((c for c in table.columns if c.column_id == values[1]), None) if table else None
    return (column.name if column else None), SYSNAME


def _col_name_over_rows(session: Session, arguments: list[Bound]) -> Bound:
    sql = (
        "(SELECT c.name FROM (SELECT o.object_id, unnest(o.columns) AS c FROM "
        f'"{session.database}".catalog.objects AS o) '
        f"WHERE object_id = {arguments[0].sql} AND c.column_id = {arguments[1].sql})"
    )
    return Bound(sql, SYSNAME)


def _col_length(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    found, _type = _object_id(session, values[:1])
    table = session.catalog(session.database).by_id(found) if found else None
    column = table.column(str(values[1])) if table else None
    if column is None:
        return None, SqlType("smallint", precision=5)
    row = session.connection.execute(
        f'SELECT max_length FROM "{session.database}".sys.columns WHERE object_id = ? AND column_id = ?',
        [found, column.column_id],
    ).fetchone()
    return (row[0] if row else None), SqlType("smallint", precision=5)


def _db_id(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    name = values[0] if values else session.database
    known = name is not None and session.server.has_database(str(name))
    return (session.server.database(str(name)).database_id if known else None), SqlType(
        "smallint", precision=5
    )


def _db_name(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    return (
        session.server.database_by_id(int(values[0]))
        if values and values[0] is not None
        else session.database
    ), SYSNAME


def _serverproperty(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    """[Microsoft: "SERVERPROPERTY (Transact-SQL)"]: each property's base type."""
    properties: dict[str, tuple[Any, SqlType]] = {
        "productversion": (PRODUCT_VERSION, SYSNAME),
        "productlevel": ("RTM", SYSNAME),
        "productmajorversion": ("16", SYSNAME),
        "productminorversion": ("0", SYSNAME),
        "productupdatelevel": ("CU16", SYSNAME),
        "edition": ("Developer Edition (64-bit)", SYSNAME),
        "engineedition": (3, INT),
        "editionid": (-2117995310, INT),
        "servername": (session.server.name, SYSNAME),
        "machinename": (session.server.name, SYSNAME),
        "instancename": (None, SYSNAME),
        "collation": ("SQL_Latin1_General_CP1_CI_AS", SYSNAME),
        "isclustered": (0, INT),
        "ishadrenabled": (0, INT),
        "isintegratedsecurityonly": (0, INT),
    }
    return properties.get(str(values[0]).lower(), (None, SYSNAME))


def _databasepropertyex(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    known = values[0] is not None and session.server.has_database(str(values[0]))
    properties = {
        "collation": "SQL_Latin1_General_CP1_CI_AS",
        "status": "ONLINE",
        "updateability": "READ_WRITE",
        "recovery": "FULL",
        "useraccess": "MULTI_USER",
    }
    return (properties.get(str(values[1]).lower()) if known else None), SYSNAME


def _error_info(field: str) -> Callable[[Session, list[Any]], tuple[Any, SqlType]]:
    def call(session: Session, _values: list[Any]) -> tuple[Any, SqlType]:
        caught = session.state.caught
        kind = _TEXT if field in ("text", "procedure") else INT
        value = getattr(caught, field) if caught is not None else None
        return (None if field == "procedure" and not value else value), kind

    return call


def _xact_state(session: Session, _values: list[Any]) -> tuple[Any, SqlType]:
    doomed = session.work is not None and session.work.is_doomed
    open_now = session.transaction_count > 0
    return (-1 if doomed else 1 if open_now else 0), SqlType("smallint", precision=5)


def _scope_identity(session: Session, _values: list[Any]) -> tuple[Any, SqlType]:
    return session.state.scope_identity, _NUMERIC38


def _ident_current(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    found, _type = _object_id(session, values)
    table = session.catalog(session.database).by_id(found) if found else None
    if table is None or table.identity_column is None or table.identity_column.identity is None:
        return None, _NUMERIC38
    last = session.server.database(session.database).sequences.last(f"identity:{found}")
    return (table.identity_column.identity[0] if last is None else last), _NUMERIC38


def _schema_id(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    name = str(values[0]) if values else "dbo"
    return session.catalog(session.database).schemas.get(name.lower()), INT


def _type_name(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    row = session.connection.execute(
        f'SELECT name FROM "{session.database}".catalog.types WHERE user_type_id = ?', [values[0]]
    ).fetchone()
    return (row[0] if row else None), SYSNAME


def _type_name_over_rows(session: Session, arguments: list[Bound]) -> Bound:
    sql = (
        f'(SELECT t.name FROM "{session.database}".catalog.types AS t WHERE t.user_type_id = '
        f"{arguments[0].sql})"
    )
    return Bound(sql, SYSNAME)


def _schema_id_over_rows(session: Session, arguments: list[Bound]) -> Bound:
    sql = (
        f'(SELECT s.schema_id FROM "{session.database}".catalog.schemas AS s WHERE lower(s.name) = '
        f"lower({arguments[0].sql}))"
    )
    return Bound(sql, INT)


def _schema_name_over_rows(session: Session, arguments: list[Bound]) -> Bound:
    sql = (
        f'(SELECT s.name FROM "{session.database}".catalog.schemas AS s WHERE s.schema_id = '
        f"{arguments[0].sql})"
    )
    return Bound(sql, SYSNAME)


def _schema_name(session: Session, values: list[Any]) -> tuple[Any, SqlType]:
    if not values:
        return "dbo", SYSNAME
    names = {number: name for name, number in session.catalog(session.database).schemas.items()}
    return names.get(values[0]), SYSNAME


def _constant(
    value: Callable[[Session], Any], sql_type: SqlType
) -> Callable[[Session, list[Any]], tuple[Any, SqlType]]:
    return lambda session, _values: (value(session), sql_type)


_FUNCTIONS: dict[str, Callable[[Session, list[Any]], tuple[Any, SqlType]]] = {
    "OBJECT_ID": _object_id,
    "OBJECT_NAME": _object_name,
    "OBJECT_SCHEMA_NAME": _object_schema,
    "COL_NAME": _col_name,
    "COL_LENGTH": _col_length,
    "DB_ID": _db_id,
    "DB_NAME": _db_name,
    "ORIGINAL_DB_NAME": _constant(lambda session: session.first_database, SYSNAME),
    "SCHEMA_ID": _schema_id,
    "SCHEMA_NAME": _schema_name,
    "TYPE_NAME": _type_name,
    "SERVERPROPERTY": _serverproperty,
    "DATABASEPROPERTYEX": _databasepropertyex,
    **security_functions.FUNCTIONS,
    "SCOPE_IDENTITY": _scope_identity,
    "IDENT_CURRENT": _ident_current,
    "ERROR_NUMBER": _error_info("number"),
    "ERROR_MESSAGE": _error_info("text"),
    "ERROR_SEVERITY": _error_info("severity"),
    "ERROR_STATE": _error_info("state"),
    "ERROR_LINE": _error_info("line"),
    "ERROR_PROCEDURE": _error_info("procedure"),
    "XACT_STATE": _xact_state,
    "HOST_NAME": _constant(lambda session: session.host, SYSNAME),
    "APP_NAME": _constant(lambda session: session.application, SYSNAME),
    "CURRENT_TIMEZONE_ID": _constant(
        lambda session: session.server.windows_timezone, SqlType("varchar", length=128)
    ),
    "MIN_ACTIVE_ROWVERSION": _constant(
        lambda session: (
            (session.server.database(session.database).sequences.last("rowversion") or 0) + 1
        ).to_bytes(8, "big"),
        SqlType("binary", length=8),
    ),
}
_VARIANTS = {"SERVERPROPERTY", "DATABASEPROPERTYEX"}
"""What these give is a sql_variant of the type that they tell."""
_OVER_ROWS: dict[str, Callable[[Session, list[Bound]], Bound]] = {
    "OBJECT_NAME": _name_over_rows("name"),
    "OBJECT_SCHEMA_NAME": _name_over_rows("schema_name"),
    "COL_NAME": _col_name_over_rows,
    "TYPE_NAME": _type_name_over_rows,
    "SCHEMA_ID": _schema_id_over_rows,
    "SCHEMA_NAME": _schema_name_over_rows,
}
__all__ = ["BINARY", "global_variable", "session_function"]
