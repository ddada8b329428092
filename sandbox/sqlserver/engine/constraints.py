"""Constraints, checked on new rows before they are written: so an error never reaches DuckDB's transaction."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.sqlserver.engine.bound import Bound, Scope, Source, quote
from sandbox.sqlserver.engine.dialect import parse_expression
from sandbox.sqlserver.engine.model import ROW_ID, ColumnDef, ForeignKeyDef, KeyDef, TableDef
from sandbox.sqlserver.engine.operators import order_key
from sandbox.sqlserver.engine.selects import registered
from sandbox.sqlserver.engine.targets import Target
from sandbox.sqlserver.engine.types import BINARY, MAX, TEXT, UNICODE, duckdb_type
from sandbox.sqlserver.results import SqlServerError

_NEW = "__new"


def check_values(target: Target, rows: pa.Table, verb: str) -> None:
    """NOT NULL and lengths.

    Raises:
        SqlServerError: 515 a NULL, 2628 an overlong text or binary.
    """
    for column in target.table.columns:
        values = rows.column(column.name)
        if not column.nullable and values.null_count:
            raise SqlServerError(
                515,
                f"Cannot insert the value NULL into column '{column.name}', table '{target.database.name}.{target.label}'; "
                f"column does not allow nulls. {verb} fails.",
                state=2,
            )
        if column.type.name in TEXT | BINARY and column.type.length > 0 and column.type.length != MAX:
            _check_length(target, column, values)


def _check_length(target: Target, column: ColumnDef, values: pa.ChunkedArray) -> None:
    """Cheap first: bytes are at least as many as characters or UTF-16 units."""
    longest = pc.max(pc.binary_length(values)).as_py()
    if longest is None or longest <= column.type.length:
        return
    for value in values.to_pylist():
        if value is None:
            continue
        size = len(value)
        if column.type.name in UNICODE:
            size = len(value.encode("utf-16-le")) // 2
        if size > column.type.length:
            _fail_length(target, column, value)


def _fail_length(target: Target, column: ColumnDef, value: str | bytes) -> None:
    if isinstance(value, str) and len(value.rstrip(" ")) <= column.type.length:
        return
    shown = value[: column.type.length] if isinstance(value, str) else ""
    raise SqlServerError(
        2628,
        f"String or binary data would be truncated in table '{target.database.name}.{target.label}', column "
        f"'{column.name}'. Truncated value: '{shown}'.",
    )


def cut_blanks(target: Target, rows: pa.Table) -> pa.Table:
    """Trailing blanks beyond a text column's length are cut in silence, as SQL Server does."""
    for at, column in enumerate(target.table.columns):
        if column.type.name not in TEXT or column.type.length <= 0:
            continue
        values = rows.column(column.name)
        longest = pc.max(pc.utf8_length(values)).as_py()
        if longest is not None and longest > column.type.length:
            cut = pc.utf8_slice_codeunits(values, 0, column.type.length)
            rows = rows.set_column(at, column.name, cut)
    return rows


def check_rows(target: Target, rows: pa.Table, changed: Sequence[str] | None, verb: str) -> None:
    """Keys, CHECK and foreign keys of new rows; `changed` names an UPDATE's columns, None means INSERT.

    Raises:
        SqlServerError: 2627 and 2601 duplicate keys, 547 CHECK and foreign keys.
    """
    wanted = None if changed is None else {name.lower() for name in changed}
    keys = [key for key in target.table.keys if key.unique and _touches(key.columns, wanted)]
    foreign = [key for key in target.table.foreign_keys if _touches(key.columns, wanted)]
    if not (keys or foreign or target.table.checks) or rows.num_rows == 0:
        return
    with registered(target.session.connection, {_NEW: rows}):
        for key in keys:
            _check_key(target, key, rows.num_rows, is_update=changed is not None)
        _check_conditions(target, verb)
        for reference in foreign:
            _check_reference(target, reference, verb)


def check_unique(target: Target, key: KeyDef) -> None:
    """A new key over existing rows. Raises SqlServerError 1505 for duplicates."""
    keys = ", ".join(_keys(target.table, key.columns, "t"))
    sql = f'SELECT count(*) FROM {target.sql} AS "t" GROUP BY {keys} HAVING count(*) > 1 LIMIT 1'
    if target.session.connection.execute(sql).fetchone() is not None:
        raise SqlServerError(
            1505,
            "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name "
            f"'{target.label}' and the index name '{key.name}'.",
        )


def _touches(columns: Sequence[str], changed: set[str] | None) -> bool:
    return changed is None or any(name.lower() in changed for name in columns)


def _keys(table: TableDef, columns: Sequence[str], alias: str, *, is_arrow: bool = False) -> list[str]:
    found = []
    for name in columns:
        column = table.column(name)
        assert column is not None, f"{table.name}.{name}"  # noqa: S101 - the catalog is consistent
        sql = f"{quote(alias)}.{quote(column.name)}"
        if is_arrow and column.type.name == "uniqueidentifier":
            sql = f"CAST({sql} AS UUID)"
        found.append(order_key(Bound(sql, column.type, collation=column.collation)))
    return found


def _check_key(target: Target, key: KeyDef, count: int, *, is_update: bool) -> None:
    new = _keys(target.table, key.columns, "n", is_arrow=True)
    old = _keys(target.table, key.columns, "t")
    shown = ", ".join(f'CAST("n".{quote(name)} AS VARCHAR)' for name in key.columns)
    execute = target.session.connection.execute
    duplicate = None
    if count > 1:
        listed = ", ".join(f'any_value(CAST("n".{quote(name)} AS VARCHAR))' for name in key.columns)
        duplicate = execute(
            f'SELECT {listed} FROM {_NEW} AS "n" GROUP BY {", ".join(new)} HAVING count(*) > 1 LIMIT 1'
        ).fetchone()
    if duplicate is None:
        nullable = any((c := target.table.column(name)) is not None and c.nullable for name in key.columns)
        same = "IS NOT DISTINCT FROM" if nullable else "="
        on = " AND ".join(f"{a} {same} {b}" for a, b in zip(old, new, strict=True))
        others = f' WHERE "t".{ROW_ID} NOT IN (SELECT {ROW_ID} FROM {_NEW})' if is_update else ""
        duplicate = execute(
            f'SELECT {shown} FROM {target.sql} AS "t" JOIN {_NEW} AS "n" ON {on}{others} LIMIT 1'
        ).fetchone()
    if duplicate is None:
        return
    value = ", ".join("<NULL>" if part is None else str(part) for part in duplicate)
    if key.kind:
        name = "PRIMARY KEY" if key.kind == "PK" else "UNIQUE KEY"
        raise SqlServerError(
            2627,
            f"Violation of {name} constraint '{key.name}'. Cannot insert duplicate key in object "
            f"'{target.label}'. The duplicate key value is ({value}).",
            severity=14,
        )
    raise SqlServerError(
        2601,
        f"Cannot insert duplicate key row in object '{target.label}' with unique index '{key.name}'. The duplicate "
        f"key value is ({value}).",
        severity=14,
    )


def _check_conditions(target: Target, verb: str) -> None:
    if not target.table.checks:
        return
    columns = tuple(
        Bound(f'CAST("n".{quote(c.name)} AS {duckdb_type(c.type)})', c.type, c.nullable, c.name, c.collation)
        for c in target.table.columns
    )
    binder = target.session.binder({})
    for check in target.table.checks:
        condition = binder.condition(parse_expression(check.condition), Scope([Source("n", columns)]))
        sql = f'SELECT 1 FROM {_NEW} AS "n" WHERE NOT coalesce({condition}, true) LIMIT 1'
        if target.session.connection.execute(sql).fetchone() is not None:
            raise SqlServerError(
                547,
                f'The {verb} statement conflicted with the CHECK constraint "{check.name}". The conflict occurred in '
                f'database "{target.database.name}", table "{target.label}".',
            )


def _check_reference(target: Target, reference: ForeignKeyDef, verb: str) -> None:
    parent = target.catalog.by_id(reference.parent_id)
    assert parent is not None, reference.name  # noqa: S101 - a referenced table cannot be dropped
    new = _keys(target.table, reference.columns, "n", is_arrow=True)
    old = _keys(parent, reference.parent_columns, "p")
    on = " AND ".join(f"{a} = {b}" for a, b in zip(old, new, strict=True))
    known = " AND ".join(f'"n".{quote(name)} IS NOT NULL' for name in reference.columns)
    table = f"{quote(target.database.name)}.{quote(parent.schema)}.{quote(parent.name)}"
    inside = ""
    if parent.object_id == target.table.object_id:
        arrow = _keys(parent, reference.parent_columns, "m", is_arrow=True)
        both = " AND ".join(f"{a} = {b}" for a, b in zip(arrow, new, strict=True))
        inside = f' AND NOT EXISTS (SELECT 1 FROM {_NEW} AS "m" WHERE {both})'
    sql = f'SELECT 1 FROM {_NEW} AS "n" WHERE {known} AND NOT EXISTS (SELECT 1 FROM {table} AS "p" WHERE {on}){inside} LIMIT 1'
    if target.session.connection.execute(sql).fetchone() is not None:
        raise SqlServerError(
            547,
            f'The {verb} statement conflicted with the FOREIGN KEY constraint "{reference.name}". The conflict occurred '
            f'in database "{target.database.name}", table "{parent.schema}.{parent.name}".',
        )


def check_still_referenced(target: Target, old: pa.Table, new: pa.Table | None, verb: str) -> None:
    """Rows of a parent that go away, or change their key, must not be referred to.

    Raises:
        SqlServerError: 547 a child row refers to one of them.
    """
    images = {"__old": old} if new is None else {"__old": old, _NEW: new}
    for child, key in target.catalog.referring_to(target.table.object_id):
        with registered(target.session.connection, images):
            _check_child(target, child, key, has_new=new is not None, verb=verb)


def _check_child(target: Target, child: TableDef, key: ForeignKeyDef, *, has_new: bool, verb: str) -> None:
    gone = _keys(target.table, key.parent_columns, "o", is_arrow=True)
    refers = _keys(child, key.columns, "c")
    on = " AND ".join(f"{a} = {b}" for a, b in zip(refers, gone, strict=True))
    kept = ""
    if has_new:
        stays = _keys(target.table, key.parent_columns, "n", is_arrow=True)
        same = " AND ".join(f"{a} = {b}" for a, b in zip(stays, gone, strict=True))
        kept = f' AND NOT EXISTS (SELECT 1 FROM {_NEW} AS "n" WHERE {same})'
    elif child.object_id == target.table.object_id:
        kept = f' AND "c".{ROW_ID} NOT IN (SELECT {ROW_ID} FROM __old)'
    table = f"{quote(target.database.name)}.{quote(child.schema)}.{quote(child.name)}"
    sql = f'SELECT 1 FROM __old AS "o" JOIN {table} AS "c" ON {on} WHERE true{kept} LIMIT 1'
    if target.session.connection.execute(sql).fetchone() is not None:
        raise SqlServerError(
            547,
            f'The {verb} statement conflicted with the REFERENCE constraint "{key.name}". The conflict '
            f'occurred in database "{target.database.name}", table "{child.schema}.{child.name}".',
        )
