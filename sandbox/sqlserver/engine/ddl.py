"""DDL: which statement it is, and who runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sandbox.sqlserver.cdc.ddl import before_drop
from sandbox.sqlserver.engine import alter_table, catalog, create_table
from sandbox.sqlserver.engine.bound import not_modelled, quote
from sandbox.sqlserver.engine.constraints import check_unique
from sandbox.sqlserver.engine.context import SessionContext
from sandbox.sqlserver.engine.database_states import USER_ACCESS, drop_database, set_user_access
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.engine.model import KeyDef
from sandbox.sqlserver.engine.security import statements as security
from sandbox.sqlserver.engine.security.permissions import Securable
from sandbox.sqlserver.engine.targets import Target, open_target
from sandbox.sqlserver.engine.temporary import is_held
from sandbox.sqlserver.results import Done, Result, SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session


def run_ddl(session: Session, text: str) -> Iterator[Result]:
    """Run a CREATE, ALTER, DROP or TRUNCATE statement.

    Raises:
        SqlServerError: 262 no permission, 2714 the object exists, and what is not modelled.
    """
    parser = DdlParser(text)
    verb = parser.take().key
    for words, handler in (*_STATEMENTS[verb], *security.STATEMENTS[verb]):
        if parser.accept(*words):
            handler(session, parser)
            yield Done(None)
            return
    if verb == "CREATE" and parser.key() in ("INDEX", "CLUSTERED", "NONCLUSTERED"):
        _index(session, parser, unique=False)
        yield Done(None)
        return
    raise not_modelled(f"{verb} {parser.key()}")


def _create_unique_index(session: Session, parser: DdlParser) -> None:
    _index(session, parser, unique=True)


def _index(session: Session, parser: DdlParser, *, unique: bool) -> None:
    clustered = parser.accept("CLUSTERED")
    if not clustered:
        parser.accept("NONCLUSTERED")
    if parser.accept("UNIQUE"):
        unique = True
    parser.take("INDEX")
    name = parser.name()
    parser.take("ON")
    target = open_target(session, parser.qualified_name(), "ALTER")
    columns = parser.key_columns()
    if parser.accept("INCLUDE"):
        parser.names()
    if parser.key() == "WHERE" and unique:
        raise not_modelled("a filtered unique index")
    for column, _descending in columns:
        if target.table.column(column) is None:
            raise SqlServerError(1911, f"Column name '{column}' does not exist in the target table or view.")
    if any(key.name.lower() == name.lower() for key in target.table.keys):
        raise SqlServerError(
            1913,
            f"The operation failed because an index or statistics with name '{name}' already exists on table "
            f"'{target.label}'.",
        )
    key = KeyDef(
        name=name,
        columns=tuple(create_table.true_name(target.table.columns, column) for column, _d in columns),
        unique=unique,
        clustered=clustered,
        index_id=1 if clustered else max(2, target.table.last_index_id + 1),
        descending=tuple(descending for _c, descending in columns),
    )
    if unique:
        check_unique(target, key)
    changed = target.table.changed(
        keys=(*target.table.keys, key), last_index_id=max(target.table.last_index_id, key.index_id)
    )
    create_table.save_changed(target, changed)


def _drop_index(session: Session, parser: DdlParser) -> None:
    lenient = parser.accept("IF", "EXISTS")
    name = parser.name()
    parser.take("ON")
    target = open_target(session, parser.qualified_name(), "ALTER")
    kept = tuple(key for key in target.table.keys if key.name.lower() != name.lower() or key.kind)
    if len(kept) == len(target.table.keys):
        if lenient:
            return
        raise SqlServerError(
            3701,
            f"Cannot drop the index '{target.label}.{name}', because it does not exist or you do "
            "not have permission.",
        )
    create_table.save_changed(target, target.table.changed(keys=kept))


def _drop_table(session: Session, parser: DdlParser) -> None:
    lenient = parser.accept("IF", "EXISTS")
    while True:
        parts = parser.qualified_name()
        _drop_one(session, parts, lenient)
        if not parser.accept(","):
            return


def _drop_one(session: Session, parts: tuple[str, ...], lenient: bool) -> None:
    name = parts[-3] if len(parts) > 2 else session.database
    schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
    held = session.temporary.find(parts[-1]) if is_held(parts) else None
    if held is not None:
        session.temporary.drop(held)
        return
    table = None if is_held(parts) else session.catalog(name).find(schema, parts[-1])
    if table is None or not session.access(name).may_drop(table):
        if lenient and table is None:
            return
        raise SqlServerError(
            3701,
            f"Cannot drop the table '{'.'.join(parts)}', because it does not exist or you do not "
            "have permission.",
        )
    target = open_target(session, parts, "ALTER")
    if target.catalog.referring_to(target.table.object_id):
        raise SqlServerError(
            3726,
            f"Could not drop object '{target.label}' because it is referenced by a FOREIGN KEY constraint.",
        )
    if target.is_tracked:
        before_drop(SessionContext(session, target.database.name), target.table)
    target.work.execute(f"DROP TABLE {target.sql}")
    catalog.forget(target.work, target.database.name, target.table.object_id)  # type: ignore[arg-type]
    create_table.reload(session, target.work, target.database.name)


def _truncate(session: Session, parser: DdlParser) -> None:
    target = open_target(session, parser.qualified_name(), "ALTER")
    if target.held is not None:
        target.held.rows = target.held.rows.slice(0, 0)
        target.database.sequences.restart(f"identity:{target.table.object_id}")
        return
    _refuse_truncate(target)
    target.work.execute(f"DELETE FROM {target.sql}")
    if target.table.identity_column is not None:
        counter = f"identity:{target.table.object_id}"
        target.database.sequences.restart(counter)
        counters = f"{quote(target.database.name)}.catalog.counters"
        target.work.execute(f"DELETE FROM {counters} WHERE name = ?", [counter])


def _refuse_truncate(target: Target) -> None:
    if target.is_tracked:
        raise SqlServerError(
            4711,
            f"Cannot truncate table '{target.table.name}' because it is published for replication "
            "or enabled for "
            "Change Data Capture.",
        )
    if target.catalog.referring_to(target.table.object_id):
        raise SqlServerError(
            4712,
            f"Cannot truncate table '{target.table.name}' because it is being referenced by a "
            "FOREIGN KEY constraint.",
        )


def _create_schema(session: Session, parser: DdlParser) -> None:
    name = parser.name()
    if parser.accept("AUTHORIZATION") and parser.name().lower() != "dbo":
        raise not_modelled("CREATE SCHEMA … AUTHORIZATION of another owner than dbo")
    database = session.server.database(session.database).name
    if name.lower() in session.catalog(database).schemas or name.lower() in ("cdc", "log", "catalog"):
        raise SqlServerError(2714, f"There is already an object named '{name}' in the database.", state=6)
    session.access(database).require_on_database("CREATE SCHEMA")
    work = session.begin_write(database)
    work.execute(f"CREATE SCHEMA {quote(database)}.{quote(name)}")
    number = catalog.next_counter(work, database, "schema_id", 5, 1)  # type: ignore[arg-type]
    work.execute(f"INSERT INTO {quote(database)}.catalog.schemas VALUES (?, ?)", [number, name])
    create_table.reload(session, work, database)


def _drop_schema(session: Session, parser: DdlParser) -> None:
    name = parser.name()
    database = session.server.database(session.database).name
    known = session.catalog(database)
    on = Securable(schema_id=known.schemas.get(name.lower()))
    if name.lower() not in known.schemas or not _may_drop_schema(session, database, on):
        raise SqlServerError(
            15151,
            f"Cannot drop the schema '{name}', because it does not exist or you do not have permission.",
        )
    if any(table.schema.lower() == name.lower() for table in known.everything()):
        raise SqlServerError(
            3729, f"Cannot drop schema '{name}' because it is being referenced by an object."
        )
    work = session.begin_write(database)
    work.execute(f"DROP SCHEMA {quote(database)}.{quote(name)}")
    work.execute(f"DELETE FROM {quote(database)}.catalog.schemas WHERE lower(name) = ?", [name.lower()])
    create_table.reload(session, work, database)


def _may_drop_schema(session: Session, database: str, schema: Securable) -> bool:
    access = session.access(database)
    return access.allows("CONTROL", schema) or access.allows("ALTER ANY SCHEMA")


def _create_database(session: Session, parser: DdlParser) -> None:
    name = parser.name()
    if not parser.is_at_end:
        raise not_modelled("options of CREATE DATABASE")
    access = session.access("master")
    if not access.allows_on_server("CREATE ANY DATABASE"):
        raise SqlServerError(262, "CREATE DATABASE permission denied in database 'master'.", severity=14)
    if session.transaction_count:
        raise SqlServerError(226, "CREATE DATABASE statement not allowed within multi-statement transaction.")
    session.server.create_database(name, access.login.sid)


def _alter_database(session: Session, parser: DdlParser) -> None:
    name = session.database if parser.accept("CURRENT") else parser.name()
    database = session.server.database(name)
    parser.take("SET")
    if parser.key() in USER_ACCESS:
        set_user_access(session, database, parser)
        return
    option, value = parser.take().key, parser.take("ON", "OFF").key
    if parser.accept("WITH"):
        while not parser.is_at_end:
            parser.take()
    if not session.access(database.name).allows("ALTER"):
        raise SqlServerError(5011, f"User does not have permission to alter database '{name}'.", severity=14)
    if option == "READ_COMMITTED_SNAPSHOT":
        if value == "OFF":
            raise not_modelled("READ_COMMITTED_SNAPSHOT OFF (readers never wait here)")
        return
    if option != "ALLOW_SNAPSHOT_ISOLATION":
        raise not_modelled(f"ALTER DATABASE … SET {option}")
    work = session.begin_write(database.name)
    work.execute(f"UPDATE {quote(database.name)}.catalog.database SET allow_snapshot = ?", [value == "ON"])
    create_table.reload(session, work, database.name)


Handler = Callable[["Session", DdlParser], None]
_STATEMENTS: dict[str, list[tuple[tuple[str, ...], Handler]]] = {
    "CREATE": [
        (("TABLE",), create_table.create_table),
        (("UNIQUE",), _create_unique_index),
        (("SCHEMA",), _create_schema),
        (("DATABASE",), _create_database),
    ],
    "ALTER": [(("TABLE",), alter_table.alter_table), (("DATABASE",), _alter_database)],
    "DROP": [
        (("TABLE",), _drop_table),
        (("INDEX",), _drop_index),
        (("SCHEMA",), _drop_schema),
        (("DATABASE",), drop_database),
    ],
    "TRUNCATE": [(("TABLE",), _truncate)],
}
