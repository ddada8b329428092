"""INSERT: compute the new rows, check them, write them, log them."""

from __future__ import annotations

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
    INSERT,
    Target,
    computed_columns,
    next_rowversions,
    open_target,
    output_clause,
    rowversion_sql,
    target_name,
)
from sandbox.sqlserver.engine.work import Step
from sandbox.sqlserver.results import Result, SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder
    from sandbox.sqlserver.engine.session import Session


def run_insert(
    session: Session, known: dict[str, tuple[SqlType, Any]], tree: exp.Insert, prepared: Prepared
) -> Iterator[Result]:
    """Run an INSERT of VALUES, a query, or DEFAULT VALUES."""
    if prepared.top is not None:
        raise not_modelled("INSERT TOP")
    target = open_target(session, target_name(tree.this), "INSERT")
    binder = session.binder(known)
    columns = _columns(target, tree)
    source, given = _source(binder, target, tree, columns)
    rows = _new_rows(binder, target, source, given)
    constraints.check_values(target, rows, "INSERT")
    rows = constraints.cut_blanks(target, rows)
    constraints.check_rows(target, rows, None, "INSERT")
    write(target, rows)
    target.log(target.work.next_command(), "insert", None, rows)
    _remember_identity(target, rows)
    yield from output_clause(session, known, target, prepared.output, {"inserted": rows})
    yield session.done(rows.num_rows, INSERT)


def write(target: Target, rows: pa.Table) -> None:
    """Append rows, with their row ids, to the table."""
    names = ", ".join([*(quote(column.name) for column in target.table.columns), ROW_ID])
    sql = f"INSERT INTO {target.sql} ({names}) SELECT {names} FROM __rows"
    target.work.apply(Step(sql, tables={"__rows": rows}))


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


def _columns(target: Target, tree: exp.Insert) -> list[ColumnDef]:
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
                f"The column name '{column.name}' is specified more than once in the SET clause or column list of an "
                "INSERT.",
            )
        _check_may_be_given(target, column)
        found.append(column)
    if _is_explicit(target) and target.table.identity_column not in found:
        raise SqlServerError(
            545,
            f"Explicit value must be specified for identity column in table '{target.table.name}' either when "
            "IDENTITY_INSERT is set to ON or when a replication user is inserting into a NOT FOR REPLICATION identity "
            "column.",
        )
    return found


def _implied(target: Target) -> list[ColumnDef]:
    if _is_explicit(target):
        raise SqlServerError(
            8101,
            f"An explicit value for the identity column in table '{target.label}' can only be specified when a column "
            "list is used and IDENTITY_INSERT is ON.",
        )
    return [column for column in _writable(target)]


def _check_may_be_given(target: Target, column: ColumnDef) -> None:
    if column.computed is not None:
        raise SqlServerError(
            271,
            f'The column "{column.name}" cannot be modified because it is either a computed column or is the result '
            "of a UNION operator.",
        )
    if column.is_rowversion:
        raise SqlServerError(
            273,
            "Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the "
            "timestamp column, or insert a DEFAULT into the timestamp column.",
        )
    if column.identity and not _is_explicit(target):
        raise SqlServerError(
            544,
            f"Cannot insert explicit value for identity column in table '{target.table.name}' when IDENTITY_INSERT is "
            "set to OFF.",
        )


def _source(
    binder: Binder, target: Target, tree: exp.Insert, columns: list[ColumnDef]
) -> tuple[str, list[ColumnDef]]:
    """The given values as a query whose columns carry the names of the table's columns."""
    if tree.args.get("default"):
        return "SELECT 1 AS __one", []
    source = tree.expression
    scope = Scope()
    if isinstance(source, exp.Values) and tree.args.get("with_") is None:
        return _values(binder, source, columns), columns
    if not isinstance(source, exp.Query):
        raise not_modelled("INSERT … EXEC" if source is None else f"INSERT … {type(source).__name__}")
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
            "The select list for the INSERT statement contains fewer items than the insert list. The number of SELECT "
            "values must match the number of INSERT columns.",
            severity=15,
        )
    if given > wanted:
        raise SqlServerError(
            121,
            "The select list for the INSERT statement contains more items than the insert list. The number of SELECT "
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
                "values specified in the VALUES clause. The number of values in the VALUES clause must match the number of "
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


def _cell(binder: Binder, node: exp.Expression, column: ColumnDef) -> str:
    if isinstance(node, exp.Var) and node.name.upper() == "DEFAULT":
        return default_sql(binder, column)
    return implicit(binder.expression(node), column.type).sql


def default_sql(binder: Binder, column: ColumnDef) -> str:
    """A column's default, or NULL."""
    if column.default is None:
        return implicit(Bound("NULL", SqlType("null"), constant=None), column.type).sql
    return implicit(binder.expression(parse_expression(column.default)), column.type).sql


def _new_rows(binder: Binder, target: Target, source: str, given: list[ColumnDef]) -> pa.Table:
    """The complete rows, in stored order, with row ids."""
    names = {column.name for column in given}
    items = []
    for column in target.table.columns:
        if column.name in names:
            items.append(f'"s".{quote(column.name)}')
        elif column.computed is not None or column.is_rowversion or column.identity:
            items.append(
                f"{implicit(Bound('NULL', SqlType('null'), constant=None), column.type).sql} AS {quote(column.name)}"
            )
        else:
            items.append(f"{default_sql(binder, column)} AS {quote(column.name)}")
    sql = f'SELECT {", ".join(items)} FROM ({source}) AS "s"'
    computed = computed_columns(binder, target, "r")
    if computed:
        listed = [
            computed.get(c.name, f'"r".{quote(c.name)}') + f" AS {quote(c.name)}"
            for c in target.table.columns
        ]
        sql = f'SELECT {", ".join(listed)} FROM ({sql}) AS "r"'
    rows = fetch(target.session.connection, sql)
    rows = _numbered(target, rows, names)
    first = target.database.take_row_ids(
        target.session.connection, target.table.object_id, target.sql, rows.num_rows
    )
    return rows.append_column(ROW_ID, pa.array(range(first, first + rows.num_rows), pa.int64()))


def _numbered(target: Target, rows: pa.Table, given: set[str]) -> pa.Table:
    """Identity values and rowversions, in the order of the rows."""
    for at, column in enumerate(target.table.columns):
        if column.identity and column.name not in given:
            seed, step = column.identity
            counter = f"identity:{target.table.object_id}"
            first = target.database.sequences.take(counter, rows.num_rows, seed, step)
            target.work.uses(counter)
            values = pa.array(range(first, first + rows.num_rows * step, step), pa.int64())
            rows = rows.set_column(at, column.name, _as_stored(values, rows.schema.field(at).type, column))
        elif column.is_rowversion:
            start = next_rowversions(target, rows.num_rows)
            values = pa.array([(start + i).to_bytes(8, "big") for i in range(rows.num_rows)], pa.binary())
            rows = rows.set_column(at, column.name, values)
    return rows


def _as_stored(values: pa.Array, stored: pa.DataType, column: ColumnDef) -> pa.Array:
    try:
        return values.cast(stored)
    except pa.ArrowInvalid as error:
        raise SqlServerError(
            8115, f"Arithmetic overflow error converting IDENTITY to data type {column.type.name}."
        ) from error


def _remember_identity(target: Target, rows: pa.Table) -> None:
    column = target.table.identity_column
    if column is None or column.identity is None or rows.num_rows == 0:
        return
    values = rows.column(column.name)
    state = target.session.state
    state.identity = state.scope_identity = int(values[-1].as_py())
    if _is_explicit(target):
        counter = f"identity:{target.table.object_id}"
        step = column.identity[1]
        far = pc.max(values) if step > 0 else pc.min(values)
        target.database.sequences.pass_by(counter, int(far.as_py()), step)
        target.work.uses(counter)


__all__ = ["rowversion_sql", "run_insert", "write"]
