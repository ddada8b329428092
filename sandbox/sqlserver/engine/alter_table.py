"""ALTER TABLE: ADD, DROP and ALTER COLUMN, ADD and DROP CONSTRAINT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.sqlserver.cdc.schema_change import SchemaChange, log_image
from sandbox.sqlserver.engine.bound import not_modelled, quote
from sandbox.sqlserver.engine.constraints import check_unique
from sandbox.sqlserver.engine.create_table import (
    replace_column,
    save_table,
    stored_ids,
    true_name,
    with_elements,
)
from sandbox.sqlserver.engine.ddl_parser import (
    CheckElement,
    ColumnElement,
    DdlParser,
    Element,
    ForeignElement,
)
from sandbox.sqlserver.engine.inserts import default_sql
from sandbox.sqlserver.engine.model import ColumnDef, TableDef
from sandbox.sqlserver.engine.retyping import retyped_sql
from sandbox.sqlserver.engine.targets import Target, open_target
from sandbox.sqlserver.engine.types import duckdb_type
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session


def alter_table(session: Session, parser: DdlParser) -> None:
    """ALTER TABLE name …"""
    target = open_target(session, parser.qualified_name(), "ALTER")
    if target.held is not None:
        raise not_modelled(f"ALTER TABLE of a temporary table ({target.table.name})")
    if parser.accept("WITH") and parser.take("CHECK", "NOCHECK").key == "NOCHECK":
        raise not_modelled("ALTER TABLE … WITH NOCHECK")
    if parser.accept("ADD"):
        _add(session, target, parser.elements())
    elif parser.accept("ALTER", "COLUMN"):
        _alter_column(session, target, parser)
    elif parser.accept("DROP"):
        _drop(session, target, parser)
    else:
        raise not_modelled(f"ALTER TABLE … {parser.key()}")
    if not parser.is_at_end:
        raise parser.error()
    if target.is_tracked:
        altered = session.catalog(target.database.name).by_id(target.table.object_id) or target.table
        target.log_ddl(log_image(SchemaChange.between(target.table, altered, parser.sql)))


def _has_rows(target: Target) -> bool:
    return target.session.connection.execute(f"SELECT 1 FROM {target.sql} LIMIT 1").fetchone() is not None


def _add(session: Session, target: Target, elements: Sequence[Element]) -> None:
    added = [element for element in elements if isinstance(element, ColumnElement)]
    table = with_elements(
        session, stored_ids(target.work, target.database.name), target.catalog, target.table, elements
    )
    has_rows = _has_rows(target)
    if has_rows:
        _refuse_over_rows(table, elements)
    for element in added:
        column = table.column(element.name)
        assert column is not None, element.name  # noqa: S101 - just added
        _check_fits_rows(target, column, has_rows)
        target.work.execute(
            f"ALTER TABLE {target.sql} ADD COLUMN {quote(column.name)} {duckdb_type(column.type)}"
        )
        if has_rows and column.default is not None and (not column.nullable or element.with_values):
            value = default_sql(session.binder({}), column)
            target.work.execute(f"UPDATE {target.sql} SET {quote(column.name)} = {value}")
    before = {key.name for key in target.table.keys}
    save_table(session, target.work, target.database.name, table)
    for key in table.keys:
        if key.unique and key.name not in before and has_rows:
            check_unique(target, key)


def _refuse_over_rows(table: TableDef, elements: Sequence[Element]) -> None:
    """What would have to be computed or checked for rows that exist."""
    for element in elements:
        if isinstance(element, ColumnElement) and (
            element.computed is not None or element.identity is not None
        ):
            raise not_modelled(f"adding a computed or identity column to {table.name}, which has rows")
        if isinstance(element, CheckElement | ForeignElement) or (
            isinstance(element, ColumnElement) and (element.checks or element.foreign)
        ):
            raise not_modelled(f"adding a CHECK or FOREIGN KEY to {table.name}, which has rows")
    if any(
        isinstance(e, ColumnElement) and e.type is not None and e.type.name == "rowversion" for e in elements
    ):
        raise not_modelled(f"adding a rowversion column to {table.name}, which has rows")


def _check_fits_rows(target: Target, column: ColumnDef, has_rows: bool) -> None:
    if has_rows and not column.nullable and column.default is None:
        raise SqlServerError(
            4901,
            "ALTER TABLE only allows columns to be added that can contain nulls, or have a "
            "DEFAULT definition "
            "specified, or the column being added is an identity or timestamp column, or "
            "alternatively if none of the "
            "previous conditions are satisfied the table must be empty to allow addition of this "
            "column. Column "
            f"'{column.name}' cannot be added to non-empty table '{target.table.name}' because it "
            "does not satisfy these "
            "conditions.",
        )


def _alter_column(session: Session, target: Target, parser: DdlParser) -> None:
    name = true_name(target.table.columns, parser.name())
    column = target.table.column(name)
    assert column is not None, name  # noqa: S101 - true_name found it
    new_type = parser.type()
    nullable = True
    if parser.accept("NOT", "NULL"):
        nullable = False
    else:
        parser.accept("NULL")
    if column.computed is not None or column.identity is not None or column.is_rowversion:
        raise SqlServerError(
            4928, f"Cannot alter column '{name}' because it is 'COMPUTED', an identity or a timestamp column."
        )
    used = [key.name for key in target.table.keys if name in key.columns]
    grows = new_type.name == column.type.name and new_type.length >= column.type.length
    if used and not (grows and nullable == column.nullable):
        raise SqlServerError(
            5074,
            f"The index '{used[0]}' is dependent on column '{name}'. ALTER TABLE ALTER COLUMN "
            "failed because one or "
            "more objects access this column.",
        )
    if any(c.computed is not None for c in target.table.columns):
        raise not_modelled("ALTER COLUMN in a table with computed columns")
    _check_no_null(target, name, nullable)
    label = f"{target.database.name}.{target.label}"
    converting = retyped_sql(session.connection, target.sql, label, column, new_type)
    if converting is not None:
        target.work.execute(converting)
    changed = tuple(
        replace_column(c, type=new_type, nullable=nullable) if c.name == name else c
        for c in target.table.columns
    )
    save_table(session, target.work, target.database.name, target.table.changed(columns=changed))


def _check_no_null(target: Target, name: str, nullable: bool) -> None:
    if nullable:
        return
    sql = f"SELECT 1 FROM {target.sql} WHERE {quote(name)} IS NULL LIMIT 1"
    if target.session.connection.execute(sql).fetchone() is not None:
        raise SqlServerError(
            515,
            f"Cannot insert the value NULL into column '{name}', table "
            f"'{target.database.name}.{target.label}'; column "
            "does not allow nulls. UPDATE fails.",
        )


def _drop(session: Session, target: Target, parser: DdlParser) -> None:
    table = target.table
    kind = (
        parser.take("COLUMN", "CONSTRAINT").key if parser.key() in ("COLUMN", "CONSTRAINT") else "CONSTRAINT"
    )
    lenient = parser.accept("IF", "EXISTS")
    while True:
        name = parser.name()
        if kind == "COLUMN":
            table = _without_column(target, table, name, lenient)
        else:
            table = _without_constraint(target, table, name, lenient)
        if not parser.accept(","):
            break
        if parser.key() in ("COLUMN", "CONSTRAINT"):
            kind = parser.take().key
    save_table(session, target.work, target.database.name, table)


def _without_column(target: Target, table: TableDef, name: str, lenient: bool) -> TableDef:
    column = table.column(name)
    if column is None:
        if lenient:
            return table
        raise SqlServerError(
            4924,
            f"ALTER TABLE DROP COLUMN failed because column '{name}' does not exist in table '{table.name}'.",
        )
    dependent = [key.name for key in table.keys if column.name in key.columns]
    dependent += [key.name for key in table.foreign_keys if column.name in key.columns]
    if column.default_name is not None:
        dependent.append(column.default_name)
    dependent += [c.name for c in table.checks if column.name.lower() in c.condition.lower()]
    dependent += [c.name for c in table.columns if c.computed and column.name.lower() in c.computed.lower()]
    if dependent:
        raise SqlServerError(
            5074,
            f"The object '{dependent[0]}' is dependent on column '{column.name}'. ALTER TABLE "
            "DROP COLUMN failed "
            "because one or more objects access this column.",
        )
    target.work.execute(f"ALTER TABLE {target.sql} DROP COLUMN {quote(column.name)}")
    return table.changed(columns=tuple(c for c in table.columns if c.name != column.name))


def _without_constraint(target: Target, table: TableDef, name: str, lenient: bool) -> TableDef:
    lower = name.lower()
    for key in table.keys:
        if key.name.lower() == lower and key.kind:
            if any(
                set(f.parent_columns) == set(key.columns)
                for _t, f in target.catalog.referring_to(table.object_id)
            ):
                raise SqlServerError(
                    3725, f"The constraint '{name}' is being referenced by a foreign key constraint."
                )
            return table.changed(keys=tuple(k for k in table.keys if k is not key))
    if any(c.name.lower() == lower for c in table.checks):
        return table.changed(checks=tuple(c for c in table.checks if c.name.lower() != lower))
    if any(f.name.lower() == lower for f in table.foreign_keys):
        return table.changed(foreign_keys=tuple(f for f in table.foreign_keys if f.name.lower() != lower))
    if any((c.default_name or "").lower() == lower for c in table.columns):
        return table.changed(
            columns=tuple(
                replace_column(c, default=None, default_name=None, default_id=0)
                if (c.default_name or "").lower() == lower
                else c
                for c in table.columns
            )
        )
    if lenient:
        return table
    raise SqlServerError(3728, f"'{name}' is not a constraint.")
