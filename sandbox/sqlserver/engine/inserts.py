"""INSERT: compute the new rows, check them, write them, log them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from sandbox.sqlserver.engine import constraints
from sandbox.sqlserver.engine.bound import NOT_CONSTANT, Bound, Scope, not_modelled, quote
from sandbox.sqlserver.engine.conversion import implicit
from sandbox.sqlserver.engine.dialect import parse_expression
from sandbox.sqlserver.engine.dml_text import Prepared
from sandbox.sqlserver.engine.model import ROW_ID, ColumnDef
from sandbox.sqlserver.engine.selects import fetch
from sandbox.sqlserver.engine.targets import (
    FIRST_ROWVERSION,
    INSERT,
    Target,
    computed_columns,
    next_rowversions,
    open_target,
    output_clause,
    rowversion_sql,
    target_name,
)
from sandbox.sqlserver.engine.types import UNIQUEIDENTIFIER, duckdb_type
from sandbox.sqlserver.engine.work import Step
from sandbox.sqlserver.results import Result, SqlServerError, SqlType

_NUMBER = "row_number() OVER () - 1"

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder
    from sandbox.sqlserver.engine.session import Session


def run_insert(
    session: Session, known: dict[str, tuple[SqlType, Any]], tree: exp.Insert, prepared: Prepared
) -> Iterator[Result]:
    """Run an INSERT of VALUES, a query, or DEFAULT VALUES."""
    if prepared.top is not None:
        raise not_modelled("INSERT TOP")
    target = open_target(session, target_name(tree.this), "INSERT", known)
    source, given = _source(session.binder(known), tree, columns_of(target, tree))
    yield from insert_rows(target, known, source, given, prepared.output)


def insert_rows(
    target: Target,
    known: dict[str, tuple[SqlType, Any]],
    source: str,
    given: list[ColumnDef],
    output: str | None = None,
) -> Iterator[Result]:
    """Insert the rows of `source`, a query whose columns have the names and types of the given ones."""
    session = target.session
    binder = session.binder(known)
    rows = _write(target, _new_rows(binder, target, source, given))
    names = {column.name for column in given}
    _take_identity(target, rows, names)
    constraints.check_values(target, rows, "INSERT")
    target.check_lobs(rows, None)
    constraints.check_rows(target, rows, None, "INSERT")
    target.log(target.work.next_command(), "insert", None, rows)
    _remember_counters(target, rows)
    yield from output_clause(session, known, target, output, {"inserted": rows})
    yield session.done(rows.num_rows, INSERT)


def _write(target: Target, query: str) -> pa.Table:
    """Append the rows of a query; what was written is kept, for the log and to be written again."""
    names = target.stored_names
    if target.held is not None:
        return target.held.insert(target.session.connection, query)
    rows = fetch(target.session.connection, f"INSERT INTO {target.sql} ({names}) {query} RETURNING {names}")
    again = f"INSERT INTO {target.sql} ({names}) SELECT {names} FROM __rows"
    target.work.keep(Step(again, tables={"__rows": rows}))
    return rows


def _writable(target: Target) -> list[ColumnDef]:
    return [
        column
        for column in target.table.columns
        if column.computed is None
        and not column.is_rowversion
        and not (column.identity and not _is_explicit(target))
    ]


def _is_explicit(target: Target) -> bool:
    """Whether IDENTITY_INSERT is ON for the table."""
    wanted = target.session.state.identity_insert
    return wanted == (target.database.name.lower(), target.table.object_id)


def columns_of(target: Target, tree: exp.Insert) -> list[ColumnDef]:
    """The columns that an INSERT gives values for."""
    if not isinstance(tree.this, exp.Schema):
        return [] if tree.args.get("default") else _implied(target)
    found: list[ColumnDef] = []
    for node in tree.this.expressions:
        column = target.table.column(node.name)
        if column is None:
            raise SqlServerError(207, f"Invalid column name '{node.name}'.")
        if column in found:
            raise SqlServerError(
                264,
                f"The column name '{column.name}' is specified more than once in the SET clause "
                "or column list of an "
                "INSERT.",
            )
        _check_may_be_given(target, column)
        found.append(column)
    if _is_explicit(target) and target.table.identity_column not in found:
        raise SqlServerError(
            545,
            f"Explicit value must be specified for identity column in table '{target.table.name}' "
            "either when "
            "IDENTITY_INSERT is set to ON or when a replication user is inserting into a NOT FOR "
            "REPLICATION identity "
            "column.",
        )
    return found


def _implied(target: Target) -> list[ColumnDef]:
    if _is_explicit(target):
        raise SqlServerError(
            8101,
            f"An explicit value for the identity column in table '{target.label}' can only be "
            "specified when a column "
            "list is used and IDENTITY_INSERT is ON.",
        )
    return _writable(target)


def _check_may_be_given(target: Target, column: ColumnDef) -> None:
    if column.computed is not None:
        raise SqlServerError(
            271,
            f'The column "{column.name}" cannot be modified because it is either a computed '
            "column or is the result "
            "of a UNION operator.",
        )
    if column.is_rowversion:
        raise SqlServerError(
            273,
            "Cannot insert an explicit value into a timestamp column. Use INSERT with a column "
            "list to exclude the "
            "timestamp column, or insert a DEFAULT into the timestamp column.",
        )
    if column.identity and not _is_explicit(target):
        raise SqlServerError(
            544,
            f"Cannot insert explicit value for identity column in table '{target.table.name}' "
            "when IDENTITY_INSERT is "
            "set to OFF.",
        )


def _source(binder: Binder, tree: exp.Insert, columns: list[ColumnDef]) -> tuple[str, list[ColumnDef]]:
    """The given values as a query whose columns carry the names of the table's columns."""
    if tree.args.get("default"):
        return "SELECT 1 AS __one", []
    source = tree.expression
    scope = Scope()
    if isinstance(source, exp.Values) and tree.args.get("with_") is None:
        return _values(binder, source, columns), columns
    if not isinstance(source, exp.Query):
        raise not_modelled(f"INSERT … {type(source).__name__}")
    if tree.args.get("with_") is not None:
        source = source.copy()
        source.set("with_", tree.args["with_"].copy())
    query = binder.query(source, scope)
    _check_count(len(query.columns), len(columns))
    items = []
    for name, column, wanted in zip(query.names, query.columns, columns, strict=True):
        constant = None if column.type.name == "null" else NOT_CONSTANT
        value = Bound(f'"q".{quote(name)}', column.type, column.nullable, constant=constant)
        items.append(f"{implicit(value, wanted.type).sql} AS {quote(wanted.name)}")
    return f'SELECT {", ".join(items)} FROM ({query.sql}) AS "q"', columns


def _check_count(given: int, wanted: int) -> None:
    if given < wanted:
        raise SqlServerError(
            120,
            "The select list for the INSERT statement contains fewer items than the insert list. "
            "The number of SELECT "
            "values must match the number of INSERT columns.",
            severity=15,
        )
    if given > wanted:
        raise SqlServerError(
            121,
            "The select list for the INSERT statement contains more items than the insert list. "
            "The number of SELECT "
            "values must match the number of INSERT columns.",
            severity=15,
        )


def _values(binder: Binder, source: exp.Values, columns: list[ColumnDef]) -> str:
    lines = []
    for row in source.expressions:
        items = (
            row.expressions
            if isinstance(row, exp.Tuple)
            else [row.this if isinstance(row, exp.Paren) else row]
        )
        if len(items) != len(columns):
            raise SqlServerError(
                110 if len(items) > len(columns) else 109,
                "There are "
                + ("fewer" if len(items) > len(columns) else "more")
                + " columns in the INSERT statement than "
                "values specified in the VALUES clause. The number of values in the VALUES clause "
                "must match the number of "
                "columns specified in the INSERT statement.",
                severity=15,
            )
        lines.append(
            "("
            + ", ".join(_cell(binder, item, column) for item, column in zip(items, columns, strict=True))
            + ")"
        )
    names = ", ".join(quote(column.name) for column in columns)
    return f'SELECT * FROM (VALUES {", ".join(lines)}) AS "v"({names})'


def _cell(binder: Binder, node: exp.Expr, column: ColumnDef) -> str:
    if isinstance(node, exp.Var) and node.name.upper() == "DEFAULT":
        return default_sql(binder, column)
    return implicit(binder.expression(node), column.type).sql


def default_sql(binder: Binder, column: ColumnDef) -> str:
    """A column's default, or NULL."""
    if column.default is None:
        return implicit(Bound("NULL", SqlType("null"), constant=None), column.type).sql
    return implicit(bind_default(binder, column.default), column.type).sql


def bind_default(binder: Binder, text: str) -> Bound:
    """A DEFAULT's expression; only here NEWSEQUENTIALID() is allowed."""
    if re.fullmatch(r"[\s(]*newsequentialid\s*\(\s*\)[\s)]*", text, re.IGNORECASE):
        return Bound("uuidv7()", UNIQUEIDENTIFIER, nullable=False)
    return binder.expression(parse_expression(text))


def _new_rows(binder: Binder, target: Target, source: str, given: list[ColumnDef]) -> str:
    """A query of the complete rows, in stored order, with row ids."""
    names = {column.name for column in given}
    items = []
    for column in target.table.columns:
        if column.name in names:
            items.append(f'"s".{quote(column.name)}')
        else:
            items.append(f"{_own_value(binder, target, column)} AS {quote(column.name)}")
    first = target.database.next_row_id(target.session.connection, target.table.object_id, target.sql)
    items.append(f"{first} + {_NUMBER} AS {ROW_ID}")
    sql = f'SELECT {", ".join(items)} FROM ({source}) AS "s"'
    computed = computed_columns(binder, target, "r")
    if computed:
        listed = [computed.get(c.name, f'"r".{quote(c.name)}') for c in target.table.columns]
        sql = f'SELECT {", ".join(listed)}, "r".{ROW_ID} FROM ({sql}) AS "r"'
    return sql


def _own_value(binder: Binder, target: Target, column: ColumnDef) -> str:
    """What a column gets by itself: identity, rowversion, default, or NULL until it is computed."""
    if column.identity is not None:
        seed, step = column.identity
        first = target.database.sequences.following(f"identity:{target.table.object_id}", seed, step)
        return f"CAST({first} + ({_NUMBER}) * {step} AS {duckdb_type(column.type)})"
    if column.is_rowversion:
        first = target.database.sequences.following("rowversion", FIRST_ROWVERSION, 1)
        return rowversion_sql(first, _NUMBER)
    if column.computed is not None:
        return implicit(Bound("NULL", SqlType("null"), constant=None), column.type).sql
    return default_sql(binder, column)


def _take_identity(target: Target, rows: pa.Table, given: set[str]) -> None:
    """The identity moves on by the rows that were made, whether they may stay or not."""
    column = target.table.identity_column
    if column is None or column.identity is None or not rows.num_rows:
        return
    counter, (seed, step) = f"identity:{target.table.object_id}", column.identity
    target.work.uses(counter)
    if column.name in given:
        values = rows.column(column.name)
        far = pc.max(values) if step > 0 else pc.min(values)
        target.database.sequences.pass_by(counter, int(far.as_py()), step)
    else:
        target.database.sequences.take(counter, rows.num_rows, seed, step)


def _remember_counters(target: Target, rows: pa.Table) -> None:
    """The other counters move on by what was written, and the session knows its last identity."""
    count = rows.num_rows
    target.database.row_ids[target.table.object_id] += count
    if count == 0:
        return
    if any(column.is_rowversion for column in target.table.columns):
        next_rowversions(target, count)
    column = target.table.identity_column
    if column is not None:
        state = target.session.state
        state.identity = state.scope_identity = int(rows.column(column.name)[-1].as_py())
