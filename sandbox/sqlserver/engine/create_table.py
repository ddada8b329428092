"""CREATE TABLE, and what ALTER TABLE shares with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.sqlserver.engine import catalog
from sandbox.sqlserver.engine.bound import Scope, Source, not_modelled, quote
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.ddl_parser import (
    CheckElement,
    ColumnElement,
    DdlParser,
    DefaultElement,
    Element,
    ForeignElement,
    KeyElement,
)
from sandbox.sqlserver.engine.dialect import parse_expression
from sandbox.sqlserver.engine.environment import table_columns
from sandbox.sqlserver.engine.inserts import bind_default
from sandbox.sqlserver.engine.model import (
    ROW_ID,
    CheckDef,
    ColumnDef,
    ForeignKeyDef,
    KeyDef,
    TableDef,
)
from sandbox.sqlserver.engine.temporary import is_held
from sandbox.sqlserver.engine.types import INTEGER, duckdb_type
from sandbox.sqlserver.engine.work import Work
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session
    from sandbox.sqlserver.engine.targets import Target

NewId = Callable[[], int]
"""Gives a new object id at each call."""


def create_table(session: Session, parser: DdlParser) -> None:
    """CREATE TABLE name (…).

    Raises:
        SqlServerError: 2714 it exists, 2760 no such schema, and whatever its definition is guilty of.
    """
    parts = parser.qualified_name()
    if is_held(parts):
        _create_temporary(session, parts[-1], parser)
        return
    elements = _definition(parser)
    work, table = _start(session, parts)
    new_id = stored_ids(work, _database(session, parts))
    known = session.catalog(_database(session, parts))
    make_stored(session, work, known.database, with_elements(session, new_id, known, table, elements))


def make_named(session: Session, parts: tuple[str, ...], columns: tuple[ColumnDef, ...]) -> None:
    """A new table of columns that are known already. Raises SqlServerError as CREATE TABLE does."""
    work, table = _start(session, parts)
    named = table.changed(columns=columns, last_column_id=len(columns))
    make_stored(session, work, _database(session, parts), named)


def _database(session: Session, parts: tuple[str, ...]) -> str:
    return session.server.database(parts[-3] if len(parts) > 2 and parts[-3] else session.database).name


def _start(session: Session, parts: tuple[str, ...]) -> tuple[Work, TableDef]:
    """An empty definition under a name that is free, in a transaction that may write it."""
    database = _database(session, parts)
    schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
    access = session.access(database)
    access.require_on_database("CREATE TABLE")
    work = session.begin_write(database)
    known = session.catalog(database)
    if schema.lower() not in known.schemas or schema.lower() in ("sys", "information_schema"):
        raise SqlServerError(
            2760,
            f'The specified schema name "{schema}" either does not exist or you do not have '
            "permission to use it.",
        )
    access.require_in_schema(schema)
    if known.object_named(schema, parts[-1]) is not None:
        raise SqlServerError(
            2714, f"There is already an object named '{parts[-1]}' in the database.", state=6
        )
    return work, TableDef(stored_ids(work, database)(), schema, parts[-1], (), last_index_id=0)


def _definition(parser: DdlParser) -> list[Element]:
    parser.take("(")
    elements = parser.elements()
    parser.take(")")
    parser.skip_storage()
    if not parser.is_at_end:
        raise parser.error()
    return elements


def make_stored(session: Session, work: Work, database: str, table: TableDef) -> None:
    """Make a table that is not there yet, as its definition has it."""
    columns = ", ".join(f"{quote(column.name)} {duckdb_type(column.type)}" for column in table.columns)
    name = f"{quote(database)}.{quote(table.schema)}.{quote(table.name)}"
    work.execute(f"CREATE TABLE {name} ({columns}, {ROW_ID} BIGINT)")
    save_table(session, work, database, table)


def _create_temporary(session: Session, name: str, parser: DdlParser) -> None:
    table = temporary_definition(session, name, _definition(parser))
    session.temporary.create(table, session.nest_level, session.connection)


def temporary_definition(session: Session, name: str, elements: Sequence[Element]) -> TableDef:
    """The definition of a temporary table or table variable; it has no foreign keys, as in SQL Server."""
    new_id = session.temporary.new_object_id
    table = TableDef(new_id(), "dbo", name, (), last_index_id=0)
    known = session.catalog(session.database)
    return with_elements(session, new_id, known, table, elements).changed(foreign_keys=())


def save_changed(target: Target, table: TableDef) -> None:
    """Write the changed definition of a table that a statement has open."""
    if target.held is not None:
        target.held.table = table
    else:
        save_table(target.session, target.work, target.database.name, table)


def save_table(session: Session, work: Work, database: str, table: TableDef) -> None:
    """Write a definition and let the session see it."""
    catalog.save(work, database, table)  # type: ignore[arg-type]
    reload(session, work, database)


def reload(session: Session, work: Work, database: str) -> None:
    """The transaction sees its own DDL; others see it after the commit."""
    work.catalog = Catalog(session.connection, session.server.database(database).name)


def true_name(columns: Sequence[ColumnDef], name: str) -> str:
    """A column's name as declared. Raises SqlServerError 1911."""
    found = next((column.name for column in columns if column.name.lower() == name.lower()), None)
    if found is None:
        raise SqlServerError(1911, f"Column name '{name}' does not exist in the target table or view.")
    return found


def stored_ids(work: Work, database: str) -> NewId:
    """Object ids of a database, one for each call, taken in a transaction."""
    return lambda: catalog.new_object_id(work, database)  # type: ignore[arg-type]


def with_elements(
    session: Session, new_id: NewId, known: Catalog, table: TableDef, elements: Sequence[Element]
) -> TableDef:
    """The table with more columns and constraints, all checked."""
    flat: list[Element] = []
    for element in elements:
        if isinstance(element, ColumnElement):
            table = _with_column(session, new_id, table, element)
            flat += [*element.keys, *element.checks, *element.foreign]
        else:
            flat.append(element)
    for element in sorted(flat, key=lambda e: not (isinstance(e, KeyElement) and e.clustered)):
        table = _with_constraint(session, new_id, known, table, element)
    _check_checks(session, table)
    return table


def _with_column(session: Session, new_id: NewId, table: TableDef, element: ColumnElement) -> TableDef:
    if table.column(element.name) is not None:
        raise SqlServerError(
            2705,
            f"Column names in each table must be unique. Column name '{element.name}' in table "
            f"'{table.name}' is "
            "specified more than once.",
        )
    if element.name.lower() == ROW_ID:
        raise not_modelled(f"a column named {ROW_ID}")
    sql_type = element.type
    if element.computed is not None:
        scope = Scope([Source("t", table_columns(table, "t"))])
        bound = session.binder({}).expression(parse_expression(element.computed), scope)
        if "uuid()" in bound.sql or ("TIMESTAMP" in bound.sql and "GETDATE" in element.computed.upper()):
            raise SqlServerError(
                4936,
                f"Computed column '{element.name}' in table '{table.name}' cannot be persisted "
                "because the column is non-deterministic.",
            )
        sql_type = bound.type
    assert sql_type is not None, element.name  # noqa: S101 - the parser gives a type or an expression
    if element.identity is not None and sql_type.name not in INTEGER | {"decimal", "numeric"}:
        raise SqlServerError(
            2749,
            f"Identity column '{element.name}' must be of data type int, bigint, smallint, "
            "tinyint, or decimal or "
            "numeric with a scale of 0, unencrypted, and constrained to be nonnullable.",
        )
    rowversion = sql_type.name == "rowversion"
    nullable = element.nullable if element.nullable is not None else not (element.identity or rowversion)
    if any(key.kind == "PK" for key in element.keys):
        nullable = False
    default_id = new_id() if element.default is not None else 0
    default_name = element.default_name
    if element.default is not None:
        bind_default(session.binder({}), element.default)
        default_name = default_name or f"DF__{table.name[:9]}__{element.name[:5]}__{default_id:08X}"
    column = ColumnDef(
        column_id=table.last_column_id + 1,
        name=element.name,
        type=sql_type,
        nullable=nullable,
        identity=element.identity,
        default=element.default,
        default_name=default_name,
        default_id=default_id,
        computed=element.computed,
        collation=element.collation,
    )
    return table.changed(columns=(*table.columns, column), last_column_id=column.column_id)


def _with_constraint(
    session: Session, new_id: NewId, known: Catalog, table: TableDef, element: Element
) -> TableDef:
    number = new_id()
    if isinstance(element, KeyElement):
        return _with_key(table, element, number)
    if isinstance(element, CheckElement):
        name = element.name or f"CK__{table.name[:9]}__{number:08X}"
        return table.changed(checks=(*table.checks, CheckDef(name, element.condition, number)))
    if isinstance(element, ForeignElement):
        return _with_foreign_key(known, table, element, number)
    if isinstance(element, DefaultElement):
        return _with_default(session, table, element, number)
    raise not_modelled(type(element).__name__)


def _with_default(session: Session, table: TableDef, element: DefaultElement, number: int) -> TableDef:
    bind_default(session.binder({}), element.value)
    wanted = true_name(table.columns, element.column)
    name = element.name or f"DF__{table.name[:9]}__{wanted[:5]}__{number:08X}"

    def changed(column: ColumnDef) -> ColumnDef:
        if column.name != wanted:
            return column
        if column.default is not None:
            raise SqlServerError(1781, "Column already has a DEFAULT bound to it.")
        return replace_column(column, default=element.value, default_name=name, default_id=number)

    return table.changed(columns=tuple(changed(column) for column in table.columns))


def replace_column(column: ColumnDef, **changes: Any) -> ColumnDef:
    """A copy of a column with changes."""
    from dataclasses import replace

    return replace(column, **changes)


def _with_key(table: TableDef, element: KeyElement, number: int) -> TableDef:
    names = tuple(true_name(table.columns, name) for name, _descending in element.columns)
    if element.kind == "PK":
        if table.primary_key is not None:
            raise SqlServerError(
                8110, f"Cannot add multiple PRIMARY KEY constraints to table '{table.name}'."
            )
        columns = tuple(
            replace_column(c, nullable=False) if c.name in names and table.last_index_id == 0 else c
            for c in table.columns
        )
        nullable = next((c.name for c in columns if c.name in names and c.nullable), None)
        if nullable is not None:
            raise SqlServerError(
                8111, f"Cannot define PRIMARY KEY constraint on nullable column in table '{table.name}'."
            )
        table = table.changed(columns=columns)
    clustered = element.clustered and not any(key.clustered for key in table.keys)
    index_id = 1 if clustered else max(2, table.last_index_id + 1)
    prefix = "PK" if element.kind == "PK" else "UQ"
    key = KeyDef(
        name=element.name or f"{prefix}__{table.name[:9]}__{number:016X}",
        columns=names,
        kind=element.kind,
        clustered=clustered,
        index_id=index_id,
        object_id=number,
        descending=tuple(descending for _name, descending in element.columns),
    )
    return table.changed(keys=(*table.keys, key), last_index_id=max(table.last_index_id, index_id))


def _with_foreign_key(known: Catalog, table: TableDef, element: ForeignElement, number: int) -> TableDef:
    schema = element.parent[-2] if len(element.parent) > 1 and element.parent[-2] else "dbo"
    is_own = (schema.lower(), element.parent[-1].lower()) == (table.schema.lower(), table.name.lower())
    parent = table if is_own else known.find(schema, element.parent[-1])
    name = element.name or f"FK__{table.name[:9]}__{number:08X}"
    if parent is None:
        raise SqlServerError(
            1767, f"Foreign key '{name}' references invalid table '{'.'.join(element.parent)}'."
        )
    wanted = element.parent_columns or (list(parent.primary_key.columns) if parent.primary_key else [])
    parent_columns = tuple(true_name(parent.columns, column) for column in wanted)
    matches = [key for key in parent.keys if key.unique and set(key.columns) == set(parent_columns)]
    if not matches or len(parent_columns) != len(element.columns):
        raise SqlServerError(
            1776,
            "There are no primary or candidate keys in the referenced table "
            f"'{parent.schema}.{parent.name}' that "
            f"match the referencing column list in the foreign key '{name}'.",
        )
    columns = tuple(true_name(table.columns, column) for column in element.columns)
    key = ForeignKeyDef(name, columns, parent.object_id, parent_columns, number)
    return table.changed(foreign_keys=(*table.foreign_keys, key))


def _check_checks(session: Session, table: TableDef) -> None:
    """Conditions must bind, or they would fail at the first row."""
    scope = Scope([Source("t", table_columns(table, "t"))])
    for check in table.checks:
        session.binder({}).condition(parse_expression(check.condition), scope)
