"""Which columns of tables are TIMESTAMP_TZ, and the values that a statement stores in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
from sqlglot import Expr, exp

from sandbox.snowflake.mends.temporary import DATABASE as TEMPORARY
from sandbox.snowflake.names import Name

ENGINE_TYPE = "INTERVAL"
CONVERSION = "_sf_timestamp_tz"
COLUMNS = "SELECT name, type = 'INTERVAL' FROM pragma_table_info(?)"
Columns = dict[str, bool]
"""The columns of a table in their order, in upper case, and whether each is TIMESTAMP_TZ."""
Lookup = Callable[[exp.Table], Columns]


class KnownColumns:
    """The columns of tables, asked once for each state of the definitions."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._known: dict[str, Columns] = {}
        self._version = -1

    def of(self, name: Name, version: int) -> Columns:
        """The columns of a table or view, none where it is not there.

        Args:
            version: a number that changes with every definition.
        """
        if version != self._version:
            self._known, self._version = {}, version
        if name.sql not in self._known:
            self._known[name.sql] = self._ask(name)
        return self._known[name.sql]

    def _ask(self, name: Name) -> Columns:
        try:
            if name.database == TEMPORARY:
                rows = self._connection.execute(COLUMNS, [name.sql]).fetchall()
            else:
                with self._connection.cursor() as aside:  # what fails aside does not end the transaction
                    rows = aside.execute(COLUMNS, [name.sql]).fetchall()
        except duckdb.CatalogException:
            return {}  # a name of the statement's own, or a wrong one: running it says so
        return {column.upper(): is_zoned for column, is_zoned in rows}


def store(statement: Expr, columns_of: Lookup) -> None:
    """Make what an INSERT, UPDATE or MERGE stores in TIMESTAMP_TZ columns such values."""
    if isinstance(statement, exp.Insert | exp.Create):
        _insert(statement, filled_columns(statement, columns_of))
    if isinstance(statement, exp.Create) and isinstance(statement.this, exp.Schema):
        _defaults(statement.this)
    elif isinstance(statement, exp.Update):
        _set(statement, columns_of(statement.this))
    elif isinstance(statement, exp.Merge):
        columns = columns_of(statement.this)
        for when in statement.args["whens"].expressions:
            then = when.args.get("then")
            if isinstance(then, exp.Update):
                _set(then, columns)
            elif isinstance(then, exp.Insert) and isinstance(then.expression, exp.Tuple):
                _tuple(then.expression, _zoned(columns, then.this.expressions if then.this else []))


def filled_columns(statement: Expr, columns_of: Lookup) -> list[bool]:
    """For each column that an INSERT, or a CREATE TABLE with columns, fills: whether it is TIMESTAMP_TZ."""
    if isinstance(statement, exp.Insert):
        target = statement.this
        named = target.expressions if isinstance(target, exp.Schema) else []
        return _zoned(columns_of(target.this if isinstance(target, exp.Schema) else target), named)
    if isinstance(statement, exp.Create) and isinstance(statement.this, exp.Schema):
        kinds = [item.kind for item in statement.this.expressions if isinstance(item, exp.ColumnDef)]
        return [kind is not None and is_zoned(kind) for kind in kinds]
    return []


def is_zoned(kind: exp.DataType) -> bool:
    """Whether a type of the translated statement is TIMESTAMP_TZ."""
    return bool(kind.this == exp.DataType.Type.INTERVAL)


def converted(value: Expr) -> Expr:
    """The value as a TIMESTAMP_TZ."""
    if isinstance(value, exp.Null):
        return exp.Cast(this=value.copy(), to=exp.DataType(this=exp.DataType.Type.INTERVAL))
    return exp.Anonymous(this=CONVERSION, expressions=[value.copy()])


def is_converted(value: Expr) -> bool:
    """Whether `converted` has made it."""
    if isinstance(value, exp.Anonymous):
        return value.name == CONVERSION
    return isinstance(value, exp.Cast) and is_zoned(value.to)


def _zoned(columns: Columns, named: list[Expr]) -> list[bool]:
    return [columns.get(item.name.upper(), False) for item in named] if named else list(columns.values())


def _insert(insert: exp.Insert | exp.Create, zoned: list[bool]) -> None:
    source = insert.expression
    if not any(zoned):
        return
    if isinstance(source, exp.Values):
        for row in source.expressions:
            _tuple(row, zoned)
    elif isinstance(source, exp.Query):
        names = [f"_column{place}" for place in range(len(zoned))]
        values = [
            converted(exp.column(name)) if is_zoned else exp.column(name)
            for name, is_zoned in zip(names, zoned, strict=True)
        ]
        alias = exp.TableAlias(
            this=exp.to_identifier("_rows"), columns=[exp.to_identifier(name) for name in names]
        )
        inner = exp.Subquery(this=source.copy(), alias=alias)
        insert.set("expression", exp.select(*values).from_(inner))


def _tuple(row: exp.Tuple, zoned: list[bool]) -> None:
    for value, is_zoned in zip(list(row.expressions), zoned, strict=False):
        if is_zoned and not (isinstance(value, exp.Var) and value.name.upper() == "DEFAULT"):
            value.replace(converted(value))


def _set(update: exp.Update, columns: Columns) -> None:
    for item in update.expressions:
        if isinstance(item, exp.EQ) and columns.get(item.this.name.upper()):
            item.expression.replace(converted(item.expression))


def _defaults(schema: exp.Schema) -> None:
    for column in schema.expressions:
        if isinstance(column, exp.ColumnDef) and column.kind and is_zoned(column.kind):
            for default in column.find_all(exp.DefaultColumnConstraint):
                default.this.replace(converted(default.this))


def tables_of(statement: Expr) -> Iterator[exp.Table]:
    """The tables and views that the statement names."""
    return (table for table in statement.find_all(exp.Table) if isinstance(table.this, exp.Identifier))
