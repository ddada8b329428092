"""Constraints. They are checked after the write; an error then undoes the statement (see `work`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from sandbox.sqlserver.engine import printing
from sandbox.sqlserver.engine.bound import Bound, Scope, Source, quote
from sandbox.sqlserver.engine.dialect import parse_expression
from sandbox.sqlserver.engine.environment import table_columns
from sandbox.sqlserver.engine.model import ROW_ID, ColumnDef, ForeignKeyDef, KeyDef, TableDef
from sandbox.sqlserver.engine.operators import order_key
from sandbox.sqlserver.engine.selects import registered
from sandbox.sqlserver.engine.targets import Target
from sandbox.sqlserver.engine.types import BINARY, LOB, MAX, TEMPORAL, TEXT, UNICODE, duckdb_type
from sandbox.sqlserver.results import SqlServerError

FEW_ROWS = 64
"""Up to so many rows are found by a list of their ids."""
LOOKED_UP = {"bit", "tinyint", "smallint", "int", "bigint", "uniqueidentifier"} | TEXT - LOB
"""Types whose values Python holds exactly, so that one row's key can be a parameter."""


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
                f"Cannot insert the value NULL into column '{column.name}', table "
                f"'{target.database.name}.{target.label}'; "
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
    """Keys, CHECK and foreign keys of rows just written; `changed` names an UPDATE's columns, None an INSERT.

    Raises:
        SqlServerError: 2627 and 2601 duplicate keys, 547 CHECK and foreign keys.
    """
    wanted = None if changed is None else {name.lower() for name in changed}
    keys = [key for key in target.table.keys if key.unique and _touches(key.columns, wanted)]
    foreign = [key for key in target.table.foreign_keys if _touches(key.columns, wanted)]
    if not (keys or foreign or target.table.checks) or rows.num_rows == 0:
        return
    with these_rows(target, rows) as written:
        for key in keys:
            duplicate = _find_duplicate(target, key, rows, written)
            if duplicate is not None:
                raise _is_there_already(target, key, duplicate)
        _check_conditions(target, verb, written)
        for reference in foreign:
            _check_reference(target, reference, verb, written)


@contextmanager
def these_rows(target: Target, rows: pa.Table) -> Iterator[str]:
    """A condition on the row id that finds the rows: short lists let DuckDB skip row groups."""
    ids = rows.column(ROW_ID)
    if rows.num_rows <= FEW_ROWS:
        yield f"{ROW_ID} IN ({', '.join(map(str, ids.to_pylist()))})"
        return
    with registered(target.session.connection, {"__ids": rows.select([ROW_ID])}):
        yield f"{ROW_ID} IN (SELECT {ROW_ID} FROM __ids)"


def check_unique(target: Target, key: KeyDef) -> None:
    """A new key over existing rows. Raises SqlServerError 1505 for duplicates."""
    keys = ", ".join(_keys(target.table, key.columns, "t"))
    sql = f'SELECT count(*) FROM {target.sql} AS "t" GROUP BY {keys} HAVING count(*) > 1 LIMIT 1'
    if target.session.connection.execute(sql).fetchone() is not None:
        raise SqlServerError(
            1505,
            "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for "
            "the object name "
            f"'{target.label}' and the index name '{key.name}'.",
        )


def _touches(columns: Sequence[str], changed: set[str] | None) -> bool:
    return changed is None or any(name.lower() in changed for name in columns)


def _keys(table: TableDef, columns: Sequence[str], alias: str, *, is_arrow: bool = False) -> list[str]:
    found = []
    for bound in _bound(table, columns, alias):
        sql = (
            f"CAST({bound.sql} AS UUID)" if is_arrow and bound.type.name == "uniqueidentifier" else bound.sql
        )
        found.append(order_key(replace(bound, sql=sql)))
    return found


def _bound(table: TableDef, columns: Sequence[str], alias: str) -> list[Bound]:
    found = []
    for name in columns:
        column = table.column(name)
        assert column is not None, f"{table.name}.{name}"  # noqa: S101 - the catalog is consistent
        sql = f"{quote(alias)}.{quote(column.name)}"
        found.append(Bound(sql, column.type, collation=column.collation))
    return found


def _find_duplicate(target: Target, key: KeyDef, rows: pa.Table, written: str) -> tuple[object, ...] | None:
    """A key that two rows have, as texts; one row with a plain key is looked up by its value."""
    columns = [target.table.column(name) for name in key.columns]
    if rows.num_rows == 1 and all(c is not None and c.type.name in LOOKED_UP for c in columns):
        return _duplicate_of_one(target, key, rows)
    return _duplicate_among(target, key, written)


def _duplicate_of_one(target: Target, key: KeyDef, rows: pa.Table) -> tuple[object, ...] | None:
    sql = _keys(target.table, key.columns, "t")
    values = [rows.column(name)[0].as_py() for name in key.columns]
    new = [
        order_key(replace(bound, sql=f"CAST(${at} AS {duckdb_type(bound.type)})"))
        for at, bound in enumerate(_bound(target.table, key.columns, "t"), start=1)
    ]
    on = " AND ".join(f"{a} IS NOT DISTINCT FROM {b}" for a, b in zip(sql, new, strict=True))
    return target.session.connection.execute(
        f'SELECT {_shown(target.table, key)} FROM {target.sql} AS "t" WHERE {on} HAVING count(*) > 1', values
    ).fetchone()


def _duplicate_among(target: Target, key: KeyDef, written: str) -> tuple[object, ...] | None:
    keys = _keys(target.table, key.columns, "t")
    names = [f"k{at}" for at in range(len(keys))]
    aliased = ", ".join(f"{sql} AS {name}" for sql, name in zip(keys, names, strict=True))
    columns = [target.table.column(name) for name in key.columns]
    same = "IS NOT DISTINCT FROM" if any(c is not None and c.nullable for c in columns) else "="
    on = " AND ".join(f'{sql} {same} "n".{name}' for sql, name in zip(keys, names, strict=True))
    return target.session.connection.execute(
        f'SELECT {_shown(target.table, key)} FROM {target.sql} AS "t" '
        f'JOIN (SELECT DISTINCT {aliased} FROM {target.sql} AS "t" '
        f'WHERE "t".{written}) AS "n" ON {on} GROUP BY {", ".join(keys)} HAVING count(*) > 1 LIMIT 1'
    ).fetchone()


def _shown(table: TableDef, key: KeyDef) -> str:
    bound = _bound(table, key.columns, "t")
    texts = [
        printing.text_of(value, 121) if value.type.name in TEMPORAL else f"CAST({value.sql} AS VARCHAR)"
        for value in bound
    ]
    return ", ".join(f"any_value({text})" for text in texts)


def _is_there_already(target: Target, key: KeyDef, duplicate: tuple[object, ...]) -> SqlServerError:
    value = ", ".join("<NULL>" if part is None else str(part) for part in duplicate)
    if key.kind:
        name = "PRIMARY KEY" if key.kind == "PK" else "UNIQUE KEY"
        return SqlServerError(
            2627,
            f"Violation of {name} constraint '{key.name}'. Cannot insert duplicate key in object "
            f"'{target.label}'. The duplicate key value is ({value}).",
            severity=14,
        )
    return SqlServerError(
        2601,
        f"Cannot insert duplicate key row in object '{target.label}' with unique index '{key.name}'. "
        f"The duplicate key value is ({value}).",
        severity=14,
    )


def _check_conditions(target: Target, verb: str, written: str) -> None:
    if not target.table.checks:
        return
    binder = target.session.binder({})
    scope = Scope([Source("t", table_columns(target.table, "t"))])
    for check in target.table.checks:
        condition = binder.condition(parse_expression(check.condition), scope)
        sql = (
            f'SELECT 1 FROM {target.sql} AS "t" WHERE "t".{written} AND NOT '
            f"coalesce({condition}, true) LIMIT 1"
        )
        if target.session.connection.execute(sql).fetchone() is not None:
            tested = {
                column.name.lower() for column in parse_expression(check.condition).find_all(exp.Column)
            }
            known = [column.name for column in target.table.columns if column.name.lower() in tested]
            raise _conflict(target, verb, f'CHECK constraint "{check.name}"', target.label, known)


def _check_reference(target: Target, reference: ForeignKeyDef, verb: str, written: str) -> None:
    parent = target.catalog.by_id(reference.parent_id)
    assert parent is not None, reference.name  # noqa: S101 - a referenced table cannot be dropped
    new = _keys(target.table, reference.columns, "t")
    old = _keys(parent, reference.parent_columns, "p")
    on = " AND ".join(f"{a} = {b}" for a, b in zip(old, new, strict=True))
    known = " AND ".join(f'"t".{quote(name)} IS NOT NULL' for name in reference.columns)
    table = f"{quote(target.database.name)}.{quote(parent.schema)}.{quote(parent.name)}"
    sql = (
        f'SELECT 1 FROM {target.sql} AS "t" WHERE "t".{written} AND {known} '
        f'AND NOT EXISTS (SELECT 1 FROM {table} AS "p" WHERE {on}) LIMIT 1'
    )
    if target.session.connection.execute(sql).fetchone() is not None:
        kind = f'FOREIGN KEY constraint "{reference.name}"'
        raise _conflict(target, verb, kind, f"{parent.schema}.{parent.name}", reference.parent_columns)


def _conflict(
    target: Target, verb: str, constraint: str, table: str, columns: Sequence[str]
) -> SqlServerError:
    """547, which names the column where the constraint is of one only."""
    column = f", column '{columns[0]}'" if len(columns) == 1 else ""
    return SqlServerError(
        547,
        f"The {verb} statement conflicted with the {constraint}. The conflict "
        "occurred in database "
        f'"{target.database.name}", table "{table}"{column}.',
    )


def check_still_referenced(target: Target, gone: pa.Table, verb: str) -> None:
    """Rows of a parent that went away, or had another key: `gone` as they were, after the write.

    Raises:
        SqlServerError: 547 a child row refers to one of them.
    """
    for child, key in target.catalog.referring_to(target.table.object_id):
        with registered(target.session.connection, {"__gone": gone}):
            old = _keys(target.table, key.parent_columns, "o", is_arrow=True)
            refers = _keys(child, key.columns, "c")
            now = _keys(target.table, key.parent_columns, "t")
            on = " AND ".join(f"{a} = {b}" for a, b in zip(refers, old, strict=True))
            kept = " AND ".join(f"{a} = {b}" for a, b in zip(now, old, strict=True))
            table = f"{quote(target.database.name)}.{quote(child.schema)}.{quote(child.name)}"
            sql = (
                f'SELECT 1 FROM __gone AS "o" JOIN {table} AS "c" ON {on} '
                f'WHERE NOT EXISTS (SELECT 1 FROM {target.sql} AS "t" WHERE {kept}) LIMIT 1'
            )
            if target.session.connection.execute(sql).fetchone() is not None:
                kind = f'REFERENCE constraint "{key.name}"'
                raise _conflict(target, verb, kind, f"{child.schema}.{child.name}", key.columns)
